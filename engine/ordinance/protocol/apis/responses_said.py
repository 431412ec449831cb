"""What an upstream says by the responses API: its whole answers and its events, read into ``Said``.

The same text comes five times on a stream: as deltas, when it is done, when its part, its item and the answer are.
The deltas are read and nothing else. Summaries of thoughts, encrypted ones, annotations, and items of a server's own
tools are not read at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from ordinance.protocol.apis.blocks import NOTHING, Key, Place, reply
from ordinance.protocol.apis.envelope import decode
from ordinance.protocol.apis.logprobs import TokenWords, read_token
from ordinance.protocol.asked import Request
from ordinance.protocol.forms import Form, form_of
from ordinance.protocol.problems import malformed, upstream_failed
from ordinance.protocol.said import CONTENT, FILTERED, REASONING, REFUSAL, Call, Reply, Said, Usage
from ordinance.protocol.sse import lead_of

_REASONS = {"max_output_tokens": "length", FILTERED: FILTERED}
#: Events that carry a piece of a text, and which text it is.
_TEXTS = {
    "response.output_text.delta": CONTENT,
    "response.reasoning_text.delta": REASONING,
    "response.refusal.delta": REFUSAL,
}
_ARGUMENTS = frozenset({"response.function_call_arguments.delta", "response.custom_tool_call_input.delta"})
_ENDS = frozenset({"response.content_part.done", "response.output_item.done"})
_LAST = frozenset({"response.completed", "response.incomplete"})
_FAILED = frozenset({"error", "response.failed"})
_CALLS = frozenset({"function_call", "custom_tool_call"})


class _Part(msgspec.Struct, frozen=True):
    type: str = ""
    text: str | None = None
    refusal: str | None = None
    logprobs: list[TokenWords] | None = None


class _Call(msgspec.Struct, frozen=True):
    """An item of an answer, as a call has it."""

    type: str = ""
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: Any = None
    input: Any = None


class _Item(_Call, frozen=True):
    content: list[_Part] | None = None


class _Usage(msgspec.Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None


class _Details(msgspec.Struct, frozen=True):
    reason: str | None = None


class _Ending(msgspec.Struct, frozen=True):
    """A response as the end of a stream has it."""

    status: str | None = None
    incomplete_details: _Details | None = None
    usage: _Usage | None = None
    error: Any = None


class _Response(_Ending, frozen=True):
    output: list[_Item] = msgspec.field(default_factory=list)


class _Event(msgspec.Struct, frozen=True):
    type: str
    delta: Any = None
    output_index: int = 0
    item: _Call | None = None
    logprobs: list[TokenWords] | None = None
    response: _Ending | None = None


_NO_ITEM = _Call()
_EVENTS = msgspec.json.Decoder(_Event)
_RESPONSES = msgspec.json.Decoder(_Response)


def read_response(raw: bytes, request: Request) -> Reply:
    """Read a whole answer; all texts of one kind are one. Raises ``Problem`` (502)."""
    response = decode(_RESPONSES, raw)
    said = _ending(response)
    said.role = True
    namespaces = _namespaces(request)
    for item in response.output:
        if item.type in _CALLS:
            said.calls.append(_call(len(said.calls), item, namespaces))
        for part in item.content or ():
            name, text = _text_of(item, part)
            if name:
                said.texts[name] = said.texts.get(name, "") + text
            if name == CONTENT and part.logprobs:
                said.tokens.setdefault(CONTENT, []).extend(map(read_token, part.logprobs))
    return reply(said, _usage(response.usage))


def _text_of(item: _Item, part: _Part) -> tuple[str, str]:
    match item.type, part.type:
        case "message", "output_text":
            return CONTENT, part.text or ""
        case "message", "refusal":
            return REFUSAL, part.refusal or ""
        case "reasoning", "reasoning_text":
            return REASONING, part.text or ""
    return "", ""


class ResponsesReader:
    """Reads the events of one stream."""

    def __init__(self, request: Request) -> None:
        self._place = Place()
        self._namespaces = _namespaces(request)
        self.forms: list[Form] = []  # that of the text that is open, if the last event said more of it
        self._plain = "message.output_text.logprobs" not in (request.body.get("include") or ())

    def read(self, data: bytes) -> Reply:
        """Read one event. Raises ``Problem`` (502)."""
        self.forms = []
        event = decode(_EVENTS, data)
        name = _TEXTS.get(event.type)
        if name is not None:
            said = Said({name: _piece(event.delta)}, ends=self._place.move(name))
            if event.logprobs and name == CONTENT:
                said.tokens[CONTENT] = list(map(read_token, event.logprobs))
            self._learn(data, name, event)
            return reply(said)
        if event.type in _ARGUMENTS:
            if not self._place.knows(event.output_index):
                raise malformed("the arguments of a tool call come before it")
            index = self._place.call(event.output_index)
            return self._say_call(index, Call(index, arguments=_piece(event.delta)))
        item = event.item or _NO_ITEM
        if event.type == "response.output_item.added" and item.type in _CALLS:
            index = self._place.call(event.output_index)
            return self._say_call(index, _call(index, item, self._namespaces))
        if event.type in _ENDS:
            return self._ended(self._place.leave())
        if event.type in _LAST:
            ending = event.response or _Ending()
            said = _ending(ending)
            said.ends = self._place.leave()
            return reply(said, _usage(ending.usage))
        if event.type in _FAILED:
            raise upstream_failed()
        return reply(Said(role=True)) if event.type == "response.created" else NOTHING

    def _learn(self, data: bytes, name: str, event: _Event) -> None:
        """Find the form of the deltas of the text that is open, unless tokens are laid along it."""
        self._plain = self._plain and not event.logprobs
        if self._plain and event.delta:
            wanted = replace(event, delta="?")
            lead = lead_of(event.type)
            form = form_of(data, b'"delta"', lambda other: _EVENTS.decode(other) == wanted, lead=lead, name=name)
            self.forms = [] if form is None else [form]

    def _say_call(self, index: int, call: Call) -> Reply:
        return reply(Said(calls=[call], ends=self._place.move(index)))

    def _ended(self, key: Key | None) -> Reply:
        return NOTHING if key is None else reply(Said(ends=key))


def _piece(delta: object) -> str:
    if not isinstance(delta, str):
        raise malformed("a piece of it is not text")
    return delta


def _call(index: int, item: _Call, namespaces: frozenset[str]) -> Call:
    custom = item.type == "custom_tool_call"
    said = item.input if custom else item.arguments
    namespace = item.namespace if item.namespace in namespaces else None
    text = "" if said is None else _piece(said)
    return Call(index, item.call_id or "", item.name or "", text, custom, namespace or "")


def _namespaces(request: Request) -> frozenset[str]:
    """Return the client's own names for groups of its tools."""
    tools: Iterable[Any] = request.body.get("tools") or ()
    return frozenset(name for tool in tools if isinstance(name := tool.get("name"), str) and "tools" in tool)


def _ending(response: _Ending) -> Said:
    if response.error is not None or response.status not in ("completed", "incomplete"):
        raise upstream_failed()
    reason = response.incomplete_details and response.incomplete_details.reason
    return Said(finish=_REASONS.get(reason or "", "stop"), own=response.status == "completed" and not reason)


def _usage(usage: _Usage | None) -> Usage | None:
    if usage is None:
        return None
    return Usage(usage.input_tokens or 0, usage.output_tokens or 0, usage.total_tokens or 0)
