"""Conversations as each API writes them, and what of one an upstream was sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES

APIS: tuple[Api, ...] = (CHAT, RESPONSES, MESSAGES)

#: Who says what: ``user``, ``assistant``, ``system``, or ``call`` (its arguments) and ``result``.
Turn = tuple[str, str]


def request_of(api: Api, turns: Sequence[Turn]) -> dict[str, Any]:
    """The members of a request in which that was said."""
    said = [_message(api, who, text, number) for number, (who, text) in enumerate(turns)]
    return {"model": "m", "max_tokens": 9, api.turns: said}


def _message(api: Api, who: str, text: str, number: int) -> dict[str, Any]:
    if api is RESPONSES:
        return _item(who, text)
    if who == "call" and api is CHAT:
        call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps({"a": text})}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if who == "call":
        return {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"a": text}}]}
    if who == "result" and api is CHAT:
        return {"role": "tool", "tool_call_id": "c", "content": text}
    if who == "result":
        return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": text}]}
    parts = [{"type": "text", "text": text}] if number % 2 else text
    return {"role": who, "content": parts}


def _item(who: str, text: str) -> dict[str, Any]:
    match who:
        case "call":
            return {"type": "function_call", "call_id": "c", "name": "f", "arguments": json.dumps({"a": text})}
        case "result":
            return {"type": "function_call_output", "call_id": "c", "output": text}
    kind = "output_text" if who == "assistant" else "input_text"
    return {"type": "message", "role": who, "content": [{"type": kind, "text": text}]}


def said_in(api: Api, body: dict[str, Any]) -> list[Turn]:
    """The turns that a body has, as ``request_of`` takes them."""
    return [_turn(message) for message in body[api.turns]]


def _turn(message: dict[str, Any]) -> Turn:
    match message:
        case {"type": "function_call", "arguments": str(text)}:
            return "call", json.loads(text)["a"]
        case {"type": "function_call_output", "output": str(text)} | {"role": "tool", "content": str(text)}:
            return "result", text
        case {"tool_calls": [{"function": {"arguments": str(text)}}]}:
            return "call", json.loads(text)["a"]
        case {"content": [{"type": "tool_use", "input": {"a": str(text)}}]}:
            return "call", text
        case {"content": [{"type": "tool_result", "content": str(text)}]}:
            return "result", text
        case {"role": str(who), "content": [{"text": str(text)}] | str(text)}:
            return who, text
    raise AssertionError(message)
