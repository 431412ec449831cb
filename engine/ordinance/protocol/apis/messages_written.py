"""Governed answers of the messages API, written anew: ids, signatures and the sequence of events are our own.

Clients need token counts, so where the true ones may not be told they are 0 (docs/fields.md).
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from ordinance.protocol.api import Choices, Metadata
from ordinance.protocol.apis.blocks import Key, in_order
from ordinance.protocol.apis.chunks import with_metadata
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import CONTENT, FILTERED, REASONING, Call, Said, Top, Usage
from ordinance.protocol.sse import named

_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder().decode
_REASONS = {"length": "max_tokens", "tool_calls": "tool_use", FILTERED: "refusal"}
_PROBLEMS = {
    401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large",
    429: "rate_limit_error", 503: "overloaded_error", 504: "timeout_error",
}  # fmt: skip
_DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%s","%s":'


def problem_of(problem: Problem) -> dict[str, Any]:
    """Return the JSON object of an error in this API's shape, with our stable code beside it."""
    kind = _PROBLEMS.get(problem.status) or ("api_error" if problem.status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": problem.message, "code": problem.code}}


def whole_message(top: Top, said: Said, usage: Usage | None) -> dict[str, Any]:
    """Write a whole answer. One that says nothing has an empty text, because clients look at the first."""
    content: list[dict[str, Any]] = []
    if said.texts.get(REASONING):
        content.append({"type": "thinking", "thinking": said.texts[REASONING], "signature": _signature()})
    if said.texts.get(CONTENT) or not (content or said.calls):
        content.append({"type": "text", "text": said.texts.get(CONTENT, "")})
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _DECODE(call.arguments)} for call in said.calls
    ]
    return {**_message(top, content), **_ending(said), "usage": _counts(usage)}


class MessagesWriter:
    """The ``Writer`` of one stream."""

    done = b""

    def __init__(self) -> None:
        self._begun = False
        self._blocks = 0
        self._open: Key | None = None
        self._before = b""  # of the text of a delta of the open block

    def write(self, top: Top, choices: Choices, usage: Usage | None, metadata: Metadata | None) -> bytes:
        out = [] if self._begun else [self._start(top, usage)]
        for _, said in choices:
            out += [self._say(key, piece) for key, piece in in_order(said, self._open)]
            if said.finish is not None:
                last = {"type": "message_delta", "delta": _ending(said), "usage": _counts(usage)}
                out += [self._close(), _event(with_metadata(last, metadata)), _event({"type": "message_stop"})]
        return b"".join(out)

    def more(self, top: Top, index: int, name: str, text: str) -> bytes:
        if name != self._open:
            return self.write(top, [(index, Said({name: text}))], None, None)
        return self._before + _ENCODE(text) + b"}}\n\n"

    def problem(self, problem: Problem, metadata: Metadata) -> bytes:
        return self._close() + _event(with_metadata(problem_of(problem), metadata))

    def _start(self, top: Top, usage: Usage | None) -> bytes:
        """Begin. Of the counts, those of the input are known."""
        self._begun = True
        counted = {**_counts(usage), "output_tokens": 0}
        message = {**_message(top, []), "stop_reason": None, "stop_sequence": None, "usage": counted}
        return _event({"type": "message_start", "message": message})

    def _say(self, key: Key, piece: str | Call) -> bytes:
        opening = b"" if key == self._open else self._close() + self._begin(key, piece)
        text = piece.arguments if isinstance(piece, Call) else piece
        return opening + self._before + _ENCODE(text) + b"}}\n\n" if text else opening

    def _begin(self, key: Key, piece: str | Call) -> bytes:
        self._open = key
        if isinstance(piece, Call):
            block: dict[str, Any] = {"type": "tool_use", "id": piece.id, "name": piece.name, "input": {}}
            self._before = _DELTA % (self._blocks, b"input_json_delta", b"partial_json")
        elif key == REASONING:
            block = {"type": "thinking", "thinking": "", "signature": ""}
            self._before = _DELTA % (self._blocks, b"thinking_delta", b"thinking")
        else:
            block = {"type": "text", "text": ""}
            self._before = _DELTA % (self._blocks, b"text_delta", b"text")
        return _event({"type": "content_block_start", "index": self._blocks, "content_block": block})

    def _close(self) -> bytes:
        """End the block that is open, if one is."""
        if self._open is None:
            return b""
        number, self._blocks = self._blocks, self._blocks + 1
        signed = b""
        if self._open == REASONING:
            delta = {"type": "signature_delta", "signature": _signature()}
            signed = _event({"type": "content_block_delta", "index": number, "delta": delta})
        self._open = None
        return signed + _event({"type": "content_block_stop", "index": number})


def _message(top: Top, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": top.id, "type": "message", "role": "assistant", "model": top.model, "content": content}


def _ending(said: Said) -> dict[str, Any]:
    """Why the answer ended. ``stop`` is one of the request's own strings, or it is not told."""
    if said.finish == "stop" and isinstance(said.stop, str):
        return {"stop_reason": "stop_sequence", "stop_sequence": said.stop}
    return {"stop_reason": _REASONS.get(said.finish or "", "end_turn"), "stop_sequence": None}


def _counts(usage: Usage | None) -> dict[str, int]:
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    return {"input_tokens": usage.prompt_tokens, "output_tokens": usage.completion_tokens or 0}


def _signature() -> str:
    return secrets.token_hex(16)


def _event(value: dict[str, Any]) -> bytes:
    return named(value["type"].encode(), _ENCODE(value))
