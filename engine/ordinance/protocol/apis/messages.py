"""Messages, Anthropic's API: what a request says. `messages_said` reads answers, `messages_written` writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from ordinance.protocol import fields, routes
from ordinance.protocol.api import Choices
from ordinance.protocol.apis.messages_said import MessagesReader, read_message
from ordinance.protocol.apis.messages_written import MessagesWriter, problem_of, whole_message
from ordinance.protocol.asked import Request, check_tools, read_body, read_flag, read_messages, read_model
from ordinance.protocol.conversation import Message, all_masked, as_operators, every_text, readings, turn_of
from ordinance.protocol.parts import NO_PARTS, Words, read_parts
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import Reply, Top, Usage
from ordinance.protocol.sse import named
from ordinance.protocol.strings import replaced, strings
from ordinance.protocol.structured import structure_of
from ordinance.runtime.redact.json_text import Structure

#: Tools that the client runs itself.
_TOOLS = (None, "custom")


def read_conversation(body: dict[str, Any], parts: Words) -> dict[str, Any]:
    """Read the members of a request in which people and tools speak; ``parts`` names what they may contain besides
    text. Raises ``Problem`` (400)."""
    system = {"system": read_parts(body["system"], "system", parts)} if "system" in body else {}
    return {**system, "messages": read_messages(body, parts)}


def _structure(body: dict[str, Any]) -> Structure | None:
    form = (body.get("output_config") or {}).get("format")
    return None if form is None else structure_of({"response_format": form})


class Messages:
    """``POST /v1/messages``; see ``Api``."""

    path = routes.MESSAGES
    prefix = "msg_"
    turns = "messages"

    def read_request(self, raw: bytes, parts: Words = NO_PARTS) -> Request:
        body = read_body(raw)
        said = read_conversation(body, parts)
        messages = said["messages"]
        check_tools(body.get("tools"), _TOOLS)
        body = {**fields.MESSAGES.of(body), **said}
        stops = body.get("stop_sequences")
        return Request(
            body=body,
            streaming=read_flag(body, "stream"),
            choices=1,
            turn=turn_of(messages),
            readings=(readings(messages, continued=False),),
            model=read_model(body),
            structure=_structure(body),
            stops=frozenset(each for each in stops if isinstance(each, str))
            if isinstance(stops, list)
            else frozenset(),
            in_blocks=True,
        )

    def saying(self, request: Request, messages: Sequence[Message]) -> Request:
        body = {**request.body, "messages": list(messages)}
        return replace(request, body=body, readings=(readings(messages, continued=False),))

    def prompt_texts(self, request: Request, *, system_is_ours: bool) -> Iterator[str]:
        body = dict(request.body)
        messages = [*as_operators(body.pop("system", None)), *body.pop("messages")]
        yield from strings(body)
        yield from every_text(messages, system_is_ours=system_is_ours)

    def masked(self, request: Request, mask: Callable[[str], str], *, system_is_ours: bool) -> dict[str, Any]:
        ours = {"system": request.body["system"]} if system_is_ours and "system" in request.body else {}
        rest = {name: value for name, value in request.body.items() if name != "messages" and name not in ours}
        messages = all_masked(request.body["messages"], mask, system_is_ours=system_is_ours)
        return {**replaced(rest, mask), **ours, "messages": messages}

    def read_whole(self, raw: bytes, request: Request) -> Reply:
        return read_message(raw)

    def reader(self, request: Request) -> MessagesReader:
        return MessagesReader()

    def write_whole(self, request: Request, top: Top, choices: Choices, usage: Usage | None) -> dict[str, Any]:
        return whole_message(top, choices[0][1], usage)

    def writer(self, request: Request) -> MessagesWriter:
        return MessagesWriter()

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        return problem_of(problem)

    def problem_event(self, problem: Problem) -> bytes:
        return named(b"error", msgspec.json.encode(problem_of(problem)))


MESSAGES = Messages()
