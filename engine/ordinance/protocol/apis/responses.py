"""Responses: what a request says. `responses_said` reads answers, `responses_written` writes them.

Nothing is stored (docs/decisions/008): a conversation comes whole, as `input`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ordinance.protocol import fields, routes
from ordinance.protocol.api import Choices
from ordinance.protocol.apis.chunks import problem_event
from ordinance.protocol.apis.responses_object import asked_of
from ordinance.protocol.apis.responses_said import ResponsesReader, read_response
from ordinance.protocol.apis.responses_written import ResponsesWriter, whole_response
from ordinance.protocol.asked import (
    Request,
    check_tools,
    read_body,
    read_flag,
    read_message,
    read_model,
    read_stops,
    trimmed,
)
from ordinance.protocol.conversation import Message, all_masked, as_operators, every_text, readings, turn_of
from ordinance.protocol.parts import NO_PARTS, Words, read_parts
from ordinance.protocol.problems import Problem, bad_request
from ordinance.protocol.said import Reply, Top, Usage
from ordinance.protocol.strings import replaced, strings
from ordinance.protocol.structured import structure_of
from ordinance.runtime.redact.json_text import Structure

#: What refers to something that a server keeps.
_KEPT = ("previous_response_id", "conversation", "prompt", "previous_input_messages", "background")
_TOOLS = ("function", "custom", "namespace")
#: Items of a conversation whose texts can be looked at.
_ITEMS = (
    "message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
)  # fmt: skip
#: A last item that is not complete is one to go on with.
_COMPLETE = (None, "completed")


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the conversation. Raises ``Problem`` (400)."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list) or not given or not all(isinstance(item, dict) for item in given):
        raise bad_request("`input` must be a text or a list of at least one item.", "input")
    for number, item in enumerate(given):
        if item.get("type", "message") not in _ITEMS or item.get("encrypted_content") is not None:
            raise bad_request(
                f"`input.{number}`: an item of this type cannot be checked; send messages, function calls and "
                "reasoning themselves, not references to them (many clients do with `store: false`).",
                "input",
            )
    return given


def _read_parts(body: dict[str, Any], parts: Words) -> dict[str, Any]:
    """Read the members of a request in which people and tools speak, with such ``parts`` beside text. Raises
    ``Problem`` (400)."""
    given, told = body["input"], body.get("instructions")
    if not isinstance(given, str):
        given = [read_message(item, f"input.{number}", parts) for number, item in enumerate(given)]
    return {"input": given, **({} if told is None else {"instructions": read_parts(told, "instructions", parts)})}


def _messages(items: Sequence[Message]) -> list[Message]:
    """Return the items as the messages that servers make of them."""
    return [_message(item) for item in items]


def _message(item: Message) -> Message:
    match item.get("type", "message"):
        case "message":
            return item
        case "reasoning":
            return {"role": "assistant", "reasoning": "".join(_thoughts(item))}
        case "function_call" | "custom_tool_call":
            return {"role": "assistant"}
    return {"role": "tool"}


def _thoughts(item: Message) -> Iterator[str]:
    for name in ("content", "summary"):
        parts = item.get(name)
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]


def _readings(items: Sequence[Message]) -> tuple[str, ...]:
    """Return what the answer may continue. Of a message's parts a server may take the first alone."""
    continued = items[-1].get("status") not in _COMPLETE
    found = readings(_messages(items), continued=continued)
    content = items[-1].get("content") if found else None
    first = content[0] if isinstance(content, list) and content else None
    text = first.get("text") if isinstance(first, dict) else None
    return tuple(dict.fromkeys([*found, *(trimmed([text]) if isinstance(text, str) else ())]))


def _structure(body: dict[str, Any]) -> Structure | None:
    form = (body.get("text") or {}).get("format")
    return structure_of({"response_format": form, "structured_outputs": body.get("structured_outputs")})


class Responses:
    """``POST /v1/responses``; see ``Api``."""

    path = routes.RESPONSES
    prefix = "resp_"
    turns = "input"

    def read_request(self, raw: bytes, parts: Words = NO_PARTS) -> Request:
        body = read_body(raw)
        for name in _KEPT:
            if body.get(name) not in (None, False):
                instead = "Leave it out" if name == "background" else "Send the conversation as `input`"
                raise bad_request(f"`{name}` is not served: nothing is stored. {instead}.", name)
        items = _items(body)
        said = _read_parts(body, parts)
        check_tools(body.get("tools"), _TOOLS)
        for tool in body.get("tools") or ():
            if tool.get("type") == "namespace":
                check_tools(tool.get("tools"), ("function", "custom"))
        asked = asked_of(body)
        body = {**fields.RESPONSES.of(body), **said, "store": False}
        return Request(
            body=body,
            streaming=read_flag(body, "stream"),
            choices=1,
            turn=turn_of(items),
            readings=(_readings(items),),
            model=read_model(body),
            structure=_structure(body),
            stops=read_stops(body),
            in_blocks=True,
            asked=asked,
        )

    def saying(self, request: Request, messages: Sequence[Message]) -> Request:
        items = list(messages)
        return replace(request, body={**request.body, "input": items}, readings=(_readings(items),))

    def prompt_texts(self, request: Request, *, system_is_ours: bool) -> Iterator[str]:
        body = dict(request.body)
        items = [*as_operators(body.pop("instructions", None)), *_items(body)]
        del body["input"]
        yield from strings(body)
        yield from every_text(items, system_is_ours=system_is_ours)

    def masked(self, request: Request, mask: Callable[[str], str], *, system_is_ours: bool) -> dict[str, Any]:
        body = dict(request.body)
        given = body.pop("input")
        ours = {"instructions": body.pop("instructions")} if system_is_ours and "instructions" in body else {}
        items = mask(given) if isinstance(given, str) else all_masked(given, mask, system_is_ours=system_is_ours)
        return {**replaced(body, mask), **ours, "input": items}

    def read_whole(self, raw: bytes, request: Request) -> Reply:
        return read_response(raw, request)

    def reader(self, request: Request) -> ResponsesReader:
        return ResponsesReader(request)

    def write_whole(self, request: Request, top: Top, choices: Choices, usage: Usage | None) -> dict[str, Any]:
        return whole_response(request, top, choices[0][1], usage)

    def writer(self, request: Request) -> ResponsesWriter:
        return ResponsesWriter(request)

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        return problem.body()

    def problem_event(self, problem: Problem) -> bytes:
        return problem_event(problem)


RESPONSES = Responses()
