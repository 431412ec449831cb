"""The actor's messages, as Anthropic's API has them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from support.actor.lines import Asked, Line, tokens
from support.actor.reading import form_of, schemas, stops_of, text_of, told

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def read(body: dict[str, Any]) -> Asked:
    """What a request asks."""
    turns, pictures = told(body["messages"])
    results = [part for part in body["messages"][-1]["content"] if _is_result(part)]
    if results:
        turns = (*turns, ("tool", " ".join(text_of(part.get("content")) for part in results)))
    choice = body.get("tool_choice") or {"type": "auto"}
    thinking = body.get("thinking") or {}
    return Asked(
        model=body["model"],
        turns=(("system", text_of(body.get("system") or "")), *turns),
        tools=schemas(body.get("tools") or (), "input_schema"),
        choice=_CHOICES.get(choice["type"]) or choice["name"],
        form=form_of((body.get("output_config") or {}).get("format")),
        limit=body["max_tokens"],
        stops=stops_of(body.get("stop_sequences")),
        thinks=thinking.get("type") in ("enabled", "adaptive"),
        pictures=pictures,
    )


def _is_result(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "tool_result"


def whole(body: dict[str, Any], asked: Asked, line: Line) -> dict[str, Any]:
    """A message."""
    blocks = [{**block, **filled} for block, filled, _ in _blocks(line)]
    return {**_top(asked), "content": blocks, **_ending(line), "usage": _usage(asked, line.tokens)}


def events(body: dict[str, Any], asked: Asked, line: Line) -> Iterator[dict[str, Any]]:
    """The events of a message."""
    top = {**_top(asked), "content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(asked, 0)}
    yield {"type": "message_start", "message": top}
    for index, (block, _, deltas) in enumerate(_blocks(line)):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": _ending(line), "usage": _usage(asked, line.tokens)}
    yield {"type": "message_stop"}


def _blocks(line: Line) -> Iterator[tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]]:
    """Each block as it begins, what it has at its end, and the deltas between them."""
    if line.thought:
        pieces = [{"type": "thinking_delta", "thinking": piece} for piece in tokens(line.thought)]
        signed = {"signature": "c2lnbmVk"}
        deltas = [*pieces, {"type": "signature_delta", **signed}]
        yield {"type": "thinking", "thinking": "", "signature": ""}, {"thinking": line.thought, **signed}, deltas
    if line.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in tokens(line.text)]
        yield {"type": "text", "text": ""}, {"text": line.text}, deltas
    for call in line.calls:
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in tokens(call.arguments)]
        begun = {"type": "tool_use", "id": call.id.replace("call", "toolu"), "name": call.name, "input": {}}
        yield begun, {"input": json.loads(call.arguments)}, deltas


def _top(asked: Asked) -> dict[str, Any]:
    return {"id": f"msg_{uuid.uuid4().hex}", "type": "message", "role": "assistant", "model": asked.model}


def _ending(line: Line) -> dict[str, Any]:
    reason = {"stop": "end_turn", "length": "max_tokens", "calls": "tool_use"}.get(line.ending)
    return {"stop_reason": reason or "stop_sequence", "stop_sequence": None if reason else line.ending}


def _usage(asked: Asked, said: int) -> dict[str, Any]:
    return {"input_tokens": asked.tokens, "output_tokens": said}
