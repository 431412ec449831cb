"""What an upstream says by the messages API: its whole answers and its events, read into ``Said``.

Of thoughts the signature is not read, nor are redacted thoughts, citations, and blocks of a server's own tools.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from ordinance.protocol.apis.blocks import NOTHING, Place, reply
from ordinance.protocol.apis.envelope import decode
from ordinance.protocol.forms import Form, form_of
from ordinance.protocol.problems import malformed, upstream_failed
from ordinance.protocol.said import CONTENT, FILTERED, REASONING, Call, Reply, Said, Usage
from ordinance.protocol.sse import lead_of

_ENCODE = msgspec.json.Encoder().encode
#: Our reasons for theirs; every other one is ``stop``.
_REASONS = {"max_tokens": "length", "tool_use": "tool_calls", "refusal": FILTERED}
#: Those that say that the model ended the answer.
_OWN = ("end_turn", "tool_use")

#: Deltas of a text: its name, and the member that has it.
_MEMBERS = {"text_delta": (CONTENT, "text"), "thinking_delta": (REASONING, "thinking")}


class _Block(msgspec.Struct, frozen=True):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Any = None


class _Delta(msgspec.Struct, frozen=True):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None


class _Usage(msgspec.Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Begun(msgspec.Struct, frozen=True):
    """What an answer says of itself before anything is said."""

    usage: _Usage | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    index: int = 0
    delta: _Delta | None = None
    content_block: _Block | None = None
    usage: _Usage | None = None
    message: _Begun | None = None


class _Message(msgspec.Struct, frozen=True):
    type: str
    content: list[_Block] = msgspec.field(default_factory=list)
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: _Usage | None = None


_NO_DELTA = _Delta()
_NO_BLOCK = _Block()
_EVENTS = msgspec.json.Decoder(_Event)
_MESSAGES = msgspec.json.Decoder(_Message)


def read_message(raw: bytes) -> Reply:
    """Read a whole answer; all texts of one kind are one. Raises ``Problem`` (502)."""
    message = decode(_MESSAGES, raw)
    if message.type == "error":
        raise upstream_failed()
    said = _ending(message)
    said.role = True
    for block in message.content:
        if block.type == "text":
            said.texts[CONTENT] = said.texts.get(CONTENT, "") + (block.text or "")
        elif block.type == "thinking":
            said.texts[REASONING] = said.texts.get(REASONING, "") + (block.thinking or "")
        elif block.type == "tool_use":
            said.calls.append(Call(len(said.calls), block.id or "", block.name or "", _input(block.input) or "{}"))
    return reply(said, _usage(message.usage))


class MessagesReader:
    """Reads the events of one stream."""

    def __init__(self) -> None:
        self._place = Place()
        self.forms: list[Form] = []  # that of the text that is open, if the last event said more of it

    def read(self, data: bytes) -> Reply:
        """Read one event. Raises ``Problem`` (502)."""
        self.forms = []
        event = decode(_EVENTS, data)
        match event.type:
            case "content_block_delta":
                delta = event.delta or _NO_DELTA
                said = self._delta(event.index, delta)
                if said is not NOTHING:
                    self._learn(data, event, delta)
                return said
            case "content_block_start":
                return self._start(event.index, event.content_block or _NO_BLOCK)
            case "content_block_stop":
                ended = self._place.leave()
                return NOTHING if ended is None else reply(Said(ends=ended))
            case "message_start":
                return reply(Said(role=True), _usage(event.message.usage if event.message else None))
            case "message_delta":
                delta = event.delta or _NO_DELTA
                last = _ending(delta)
                last.ends = self._place.leave()
                return reply(last, _usage(event.usage))
            case "error":
                raise upstream_failed()
        return NOTHING

    def _start(self, number: int, block: _Block) -> Reply:
        if block.type == "tool_use":
            index = self._place.call(number)
            call = Call(index, block.id or "", block.name or "", _input(block.input))
            return reply(Said(calls=[call], ends=self._place.move(index)))
        return self._say(CONTENT if block.type == "text" else REASONING, block.text or block.thinking)

    def _delta(self, number: int, delta: _Delta) -> Reply:
        match delta.type:
            case "text_delta":
                return self._say(CONTENT, delta.text)
            case "thinking_delta":
                return self._say(REASONING, delta.thinking)
            case "input_json_delta":
                if not self._place.knows(number):
                    return NOTHING  # a server's own tool
                index = self._place.call(number)
                return reply(
                    Said(calls=[Call(index, arguments=delta.partial_json or "")], ends=self._place.move(index))
                )
        return NOTHING

    def _learn(self, data: bytes, event: _Event, delta: _Delta) -> None:
        """Find the form of the deltas of the text that is open."""
        if delta.type not in _MEMBERS:
            return
        name, member = _MEMBERS[delta.type]
        wanted = replace(event, delta=replace(delta, **{member: "?"}))
        key, lead = f'"{member}"'.encode(), lead_of(event.type)
        form = form_of(data, key, lambda other: _EVENTS.decode(other) == wanted, lead=lead, name=name)
        self.forms = [] if form is None else [form]

    def _say(self, name: str, text: str | None) -> Reply:
        return reply(Said({name: text}, ends=self._place.move(name))) if text else NOTHING


def _ending(told: _Delta | _Message) -> Said:
    reason, stop = told.stop_reason, told.stop_sequence
    return Said(finish=_REASONS.get(reason or "", "stop"), own=reason in _OWN and stop is None, stop=stop)


def _input(value: Any) -> str:
    """Return the arguments of a call as text; an empty string if they are still to come."""
    if value is not None and not isinstance(value, dict):
        raise malformed("the input of a tool is not an object")
    return _ENCODE(value).decode() if value else ""


def _usage(usage: _Usage | None) -> Usage | None:
    """Return the counts; what was read from a cache or written to it counts as read."""
    if usage is None:
        return None
    read = (usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
    asked, said = sum(each or 0 for each in read), usage.output_tokens or 0
    return Usage(asked, said, asked + said)
