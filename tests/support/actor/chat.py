"""The actor's chat completions and completions."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

from support.actor.lines import Asked, Line, tokens
from support.actor.reading import form_of, limit_of, schemas, stops_of, told

_ENDINGS = {"length": "length", "calls": "tool_calls"}


def read(body: dict[str, Any]) -> Asked:
    """What a chat request asks."""
    turns, pictures = told(body["messages"])
    choice = body.get("tool_choice") or "auto"
    return Asked(
        model=body["model"],
        turns=turns,
        tools=schemas(tool["function"] for tool in body.get("tools") or ()),
        choice=choice if isinstance(choice, str) else choice["function"]["name"],
        form=form_of(body.get("response_format")),
        limit=limit_of(body, "max_completion_tokens", "max_tokens"),
        stops=stops_of(body.get("stop")),
        thinks=bool(body.get("reasoning_effort")),
        pictures=pictures,
    )


def read_prompt(body: dict[str, Any]) -> Asked:
    """What a request for a completion asks."""
    prompt = body["prompt"]
    if isinstance(prompt, list):
        prompt = "".join(piece if isinstance(piece, str) else f" {piece}" for piece in prompt)
    turns = (("user", prompt),)
    return Asked(body["model"], turns, limit=limit_of(body, "max_tokens"), stops=stops_of(body.get("stop")))


def whole(body: dict[str, Any], asked: Asked, line: Line) -> dict[str, Any]:
    """A chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": line.text or None, "refusal": None}
    if line.thought:
        message["reasoning"] = line.thought
    if line.calls:
        message["tool_calls"] = [_call(call) for call in line.calls]
    choice = {"index": 0, "message": message, "finish_reason": _ENDINGS.get(line.ending, "stop")}
    choice["logprobs"] = _logprobs(body, tokens(line.text))
    choices = [{**choice, "index": index} for index in range(body.get("n") or 1)]
    return {**_top(asked, "chat.completion"), "choices": choices, "usage": _usage(asked, line)}


def events(body: dict[str, Any], asked: Asked, line: Line) -> Iterator[dict[str, Any]]:
    """The chunks of a chat completion."""
    top = _top(asked, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], ending: str | None = None, pieces: list[str] | None = None) -> dict[str, Any]:
        logprobs = _logprobs(body, pieces) if pieces else None
        return {**top, "choices": [{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": ending}]}

    yield chunk({"role": "assistant", "content": ""})
    yield from (chunk({"reasoning": piece}) for piece in tokens(line.thought))
    yield from (chunk({"content": piece}, None, [piece]) for piece in tokens(line.text))
    for index, call in enumerate(line.calls):
        begun = {"index": index, **_call(call), "function": {"name": call.name, "arguments": ""}}
        yield chunk({"tool_calls": [begun]})
        for piece in tokens(call.arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _ENDINGS.get(line.ending, "stop"))
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**top, "choices": [], "usage": _usage(asked, line)}


def whole_text(body: dict[str, Any], asked: Asked, line: Line) -> dict[str, Any]:
    """A completion."""
    choice = {"index": 0, "text": line.text, "logprobs": None, "finish_reason": _ENDINGS.get(line.ending, "stop")}
    return {**_top(asked, "text_completion"), "choices": [choice], "usage": _usage(asked, line)}


def text_events(body: dict[str, Any], asked: Asked, line: Line) -> Iterator[dict[str, Any]]:
    """The chunks of a completion."""
    top = _top(asked, "text_completion")
    endings = [None] * (len(tokens(line.text)) - 1) + [_ENDINGS.get(line.ending, "stop")]
    for piece, ending in zip(tokens(line.text), endings, strict=True):
        yield {**top, "choices": [{"index": 0, "text": piece, "logprobs": None, "finish_reason": ending}]}


def _top(asked: Asked, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": asked.model,
        "system_fingerprint": None,
    }  # fmt: skip


def _call(call: Any) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _usage(asked: Asked, line: Line) -> dict[str, int]:
    counts = asked.tokens, line.tokens
    return {"prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": sum(counts)}


def _logprobs(body: dict[str, Any], pieces: list[str]) -> dict[str, Any] | None:
    if not body.get("logprobs"):
        return None
    best = body.get("top_logprobs") or 0
    return {"content": [{**_token(piece), "top_logprobs": [_token(piece)][:best]} for piece in pieces], "refusal": None}


def _token(piece: str) -> dict[str, Any]:
    return {"token": piece, "logprob": -0.25, "bytes": list(piece.encode())}
