"""An answer as somebody received it: whole, or as the events of a stream, in any of the forms that Ordinance writes.

Only what a client can show is read, and each text as it stands: nothing is trimmed or normalised. What Ordinance does
not write is named, since no mark covers it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ordinance.trust.trouble import TroubleError

#: The text that people read; other texts have the names of their members.
TEXT = "text"
REASONING, REFUSAL = "reasoning", "refusal"
#: Where a stream of responses has the whole answer once more.
WHOLE = "response.completed"
#: Members of a chat's message that are texts, and those that are none.
_CHAT = {"content": TEXT, "reasoning": REASONING, "reasoning_content": "reasoning_content", "refusal": REFUSAL}
_CALLS = ("tool_calls", "function_call")
#: The type of a part or of a delta, the member in which it has its text, and which text that is.
_PARTS = {
    "output_text": ("text", TEXT), "refusal": ("refusal", REFUSAL), "reasoning_text": ("text", REASONING),
    "text": ("text", TEXT), "thinking": ("thinking", REASONING),
    "text_delta": ("text", TEXT), "thinking_delta": ("thinking", REASONING),
}  # fmt: skip
_CALL_PARTS = frozenset({"tool_use", "input_json_delta", "function_call", "custom_tool_call"})
_WITHOUT_TEXT = frozenset({"signature_delta"})
#: Members that are read here, or that lead to one.
_READ = frozenset({
    "choices", "index", "message", "delta", "output", "outputs", "response", "item", "part", "content_block", "type",
    "ordinance", "signature", "id", "model", *_CHAT, *_CALLS, "thinking", "text", "output_text",
})  # fmt: skip
_LINE = re.compile(rb"\r\n|\n|\r")

#: Texts by the index of their choice and their name.
Texts = dict[tuple[int, str], str]


@dataclass(slots=True)
class Received:
    """``texts`` are those of the answer. A stream of responses sends each several times: ``copies`` are the others, by
    where they stand. ``told`` are its ``ordinance`` objects, ``ids`` and ``models`` all that it names, ``calls`` how
    many tool calls it has, and ``strange`` what Ordinance does not write."""

    texts: Texts = field(default_factory=dict)
    copies: dict[str, Texts] = field(default_factory=dict)
    choices: set[int] = field(default_factory=set)
    told: list[Any] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    calls: int = 0
    strange: list[str] = field(default_factory=list)

    def say(self, index: object, name: str, text: object, where: str, copy: str = "") -> None:
        """Take more of a text of a choice, or of a ``copy`` of it."""
        if not isinstance(index, int) or isinstance(index, bool) or not isinstance(text, str):
            self.strange.append(where)
            return
        self.choices.add(index)
        texts = self.copies.setdefault(copy, {}) if copy else self.texts
        texts[index, name] = texts.get((index, name), "") + text

    def note(self, top: object) -> None:
        """Note what stands at the top of an answer or an event."""
        if isinstance(told := _member(top, "ordinance"), dict):
            self.told.append(told)
        for name, found in (("id", self.ids), ("model", self.models)):
            if isinstance(named := _member(top, name), str):
                found.add(named)


def read(data: bytes, where: str) -> Received:
    """Read an answer: a JSON object, events as they came (``data: …``), or one JSON object a line. Raises
    ``TroubleError`` where it is none of these."""
    try:
        values = list(_values(data))
    except (ValueError, RecursionError) as error:
        raise TroubleError("answer-unreadable", where, str(error) or "it is not JSON") from None
    if not values or not all(isinstance(value, dict) for value in values):
        raise TroubleError("answer-unreadable", where, "it is neither an answer nor the events of one")
    found = Received()
    if len(values) == 1 and not _is_event(values[0]):
        _whole(values[0], found, where)
    else:
        for number, value in enumerate(values):
            _event(value, found, f"event {number}")
    return found


def _values(data: bytes) -> Iterator[Any]:
    text = data.removeprefix(b"\xef\xbb\xbf")
    if text.lstrip().startswith(b"{"):
        try:
            yield _json(text)
        except json.JSONDecodeError:  # not one value: several, a line each
            yield from (_json(line) for line in _LINE.split(text) if line.strip())
        return
    for event in _events(text):
        if event.strip() != b"[DONE]":
            yield _json(event)


def _events(text: bytes) -> Iterator[bytes]:
    """Yield the data of each event. One that the end cuts off is one too: nothing in it is to be missed."""
    data: list[bytes] = []
    for line in [*_LINE.split(text), b""]:
        name, colon, value = line.partition(b":")
        if name == b"data" and colon:
            data.append(value.removeprefix(b" "))
        elif not line and data:
            yield b"\n".join(data)
            data = []


def _json(text: bytes) -> Any:
    """Decode JSON in which no member stands twice: readers would not agree on which counts."""
    return json.loads(text.decode(), object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member stands twice in an object")
    if any(name not in _READ and name.lower() in _READ for name in found):  # some readers take it for the other
        raise ValueError("a member has the name of another one in other letters")
    return found


def _is_event(value: Mapping[str, Any]) -> bool:
    kind = value.get("type")
    return value.get("object") == "chat.completion.chunk" or (
        isinstance(kind, str) and kind not in ("message", "error")
    )


def _whole(answer: Mapping[str, Any], found: Received, where: str) -> None:
    found.note(answer)
    forms = [name for name in ("choices", "output", "content", "outputs") if answer.get(name) is not None]
    found.strange += forms[1:]
    if isinstance(answer.get("choices"), list):
        _choices(answer["choices"], found)
    elif isinstance(answer.get("output"), list):
        _items(answer["output"], found, "output")
        _joined(answer, found, "output_text")
    elif isinstance(answer.get("content"), list) and answer.get("type") == "message":
        _parts(answer["content"], found, "content")
    elif isinstance(answer.get("outputs"), list):  # of a batch, as `govern()` gives it
        found.note({"id": answer.get("request_id")})
        for number, each in enumerate(answer["outputs"]):
            place = f"outputs.{number}"
            found.say(_member(each, "index"), TEXT, _member(each, "text"), place)
    else:
        raise TroubleError("answer-unreadable", where, "it is not an answer of a protocol that Ordinance serves")


def _choices(choices: list[Any], found: Received, event: str = "") -> None:
    for number, choice in enumerate(choices):
        where = ".".join(filter(None, [event, f"choices.{number}"]))
        index = _member(choice, "index")
        forms = [name for name in ("text", "message", "delta") if _member(choice, name) is not None]
        said = choice[forms[0]] if len(forms) == 1 else None  # of several, each client would show another
        if forms == ["text"]:
            found.say(index, TEXT, said, where)
            continue
        if not isinstance(said, dict):
            found.strange.append(where)
            continue
        found.say(index, TEXT, "", where)
        for name, value in said.items():
            if name in _CHAT:
                found.say(index, _CHAT[name], "" if value is None else value, f"{where}.{name}")
            elif name in _CALLS:
                found.calls += _begun(value)
            elif name != "role" and value:
                found.strange.append(f"{where}.{name}")


def _begun(calls: Any) -> int:
    """Count the calls that begin here: a piece of one that goes on has no name."""
    listed = calls if isinstance(calls, list) else [{"function": calls}] if calls else []
    return sum(1 for call in listed if _member(_member(call, "function"), "name"))


def _items(items: object, found: Received, where: str, copy: str = "") -> None:
    if not isinstance(items, list):
        found.strange.append(where)
        return
    for number, item in enumerate(items):
        place, kind = f"{where}.{number}", _kind(item)
        if kind in _CALL_PARTS:
            found.calls += not copy
        elif kind in ("message", "reasoning"):
            _parts(item.get("content"), found, f"{place}.content", copy)
            if item.get("summary"):
                found.strange.append(f"{place}.summary")
        else:
            found.strange.append(place)


def _parts(parts: object, found: Received, where: str, copy: str = "") -> None:
    found.choices.add(0)
    if not isinstance(parts, list):
        found.strange.append(where)
        return
    for number, part in enumerate(parts):
        _part(part, found, f"{where}.{number}", copy)


def _part(part: Any, found: Received, where: str, copy: str = "") -> None:
    """Take a part of an answer, or a piece of one. Of a choice there is one in these protocols."""
    kind = _kind(part)
    if kind in _PARTS:
        member, name = _PARTS[kind]
        found.say(0, name, _member(part, member), where, copy)
        if part.get("annotations") or part.get("citations"):
            found.strange.append(f"{where}.annotations")
    elif kind not in _CALL_PARTS | _WITHOUT_TEXT:
        found.strange.append(where)
    elif kind == "tool_use":
        found.calls += 1


def _event(event: Mapping[str, Any], found: Received, where: str) -> None:
    found.note(event if "choices" in event else {"ordinance": event.get("ordinance")})
    kind = event.get("type")
    if isinstance(event.get("choices"), list):
        _choices(event["choices"], found, where)
    elif isinstance(kind, str) and kind.startswith("response."):
        _of_a_response(kind, event, found, where)
    elif kind == "message_start":
        found.note(event.get("message"))
        _parts(_member(event.get("message"), "content"), found, where)
    elif kind == "content_block_start":
        _part(event.get("content_block"), found, where)
    elif kind == "content_block_delta":
        _part(event.get("delta"), found, where)
    elif kind not in ("content_block_stop", "message_delta", "message_stop", "ping") and "error" not in event:
        found.strange.append(where)


_OF_RESPONSES = {"output_text": TEXT, "refusal": REFUSAL, "reasoning_text": REASONING}


def _of_a_response(kind: str, event: Mapping[str, Any], found: Received, where: str) -> None:
    _, of, *rest = kind.split(".")
    found.choices.add(0)
    if of in _OF_RESPONSES and rest == ["delta"]:
        found.say(0, _OF_RESPONSES[of], event.get("delta"), where)
    elif of in _OF_RESPONSES and rest == ["done"]:
        found.say(
            0, _OF_RESPONSES[of], event.get("refusal" if of == "refusal" else "text"), where, f"response.{of}.done"
        )
    elif kind == "response.output_item.added":
        _items([event.get("item")], found, where)
    elif kind == "response.content_part.added":
        _part(event.get("part"), found, where)
    elif kind == "response.content_part.done":
        _part(event.get("part"), found, where, kind)
    elif kind == "response.output_item.done":
        _items([event.get("item")], found, where, kind)
    elif isinstance(event.get("response"), dict):
        found.note(event["response"])
        if kind == WHOLE:
            found.copies.setdefault(kind, {})
        _items(event["response"].get("output") or [], found, f"{where}.output", kind)
        _joined(event["response"], found, f"{where}.output_text")
    elif of not in ("function_call_arguments", "custom_tool_call_input"):
        found.strange.append(where)


def _joined(response: Mapping[str, Any], found: Received, where: str) -> None:
    """Take the text that some libraries write beside the items of a response."""
    if (text := response.get("output_text")) is not None:
        found.say(0, TEXT, text, where, "output_text")


def _kind(value: Any) -> str:
    """Return the type that ``value`` names; empty if it names none."""
    kind = _member(value, "type")
    return kind if isinstance(kind, str) else ""


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
