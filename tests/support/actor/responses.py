"""The actor's responses, with every field that the specification requires."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

from support.actor.lines import Asked, Call, Line, tokens
from support.actor.reading import form_of, schemas, text_of, told

_RESULTS = ("function_call_output", "custom_tool_call_output")


def read(body: dict[str, Any]) -> Asked:
    """What a request asks."""
    given = body["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    turns, pictures = told([_message(item) for item in items])
    system = (("system", body["instructions"]),) if body.get("instructions") else ()
    choice = body.get("tool_choice") or "auto"
    return Asked(
        model=body["model"],
        turns=(*system, *turns),
        tools=schemas(body.get("tools") or ()),
        choice=choice if isinstance(choice, str) else choice["name"],
        form=form_of((body.get("text") or {}).get("format")),
        limit=body.get("max_output_tokens"),
        thinks=bool((body.get("reasoning") or {}).get("effort")),
        pictures=pictures,
    )


def _message(item: dict[str, Any]) -> dict[str, Any]:
    """An item as the message of a conversation."""
    if item.get("type") in _RESULTS:
        return {"role": "tool", "content": text_of(item["output"])}
    return item if item.get("type", "message") == "message" else {"role": "assistant", "content": ""}


def whole(body: dict[str, Any], asked: Asked, line: Line) -> dict[str, Any]:
    """A response."""
    return _ended(_object(body, asked), asked, line, [item for item, _ in _items(line)])


def events(body: dict[str, Any], asked: Asked, line: Line) -> Iterator[dict[str, Any]]:
    """The events of a response, numbered."""
    for number, event in enumerate(_events(body, asked, line)):
        yield {**event, "sequence_number": number}


def _events(body: dict[str, Any], asked: Asked, line: Line) -> Iterator[dict[str, Any]]:
    begun = _object(body, asked)
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    items = list(_items(line))
    for index, (item, kind) in enumerate(items):
        yield from _said(index, item, kind)
    done = _ended(begun, asked, line, [item for item, _ in items])
    yield {"type": f"response.{done['status']}", "response": done}


def _said(index: int, item: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """The events of one item."""
    place: dict[str, Any] = {"item_id": item["id"], "output_index": index}
    text, member = (item["arguments"], "arguments") if "arguments" in item else (item["content"][0]["text"], "text")
    tokens_too: dict[str, Any] = {"logprobs": []} if kind == "response.output_text" else {}
    empty: dict[str, Any] = {"arguments": ""} if member == "arguments" else {"content": []}
    yield {"type": "response.output_item.added", "output_index": index, "item": {**item, **empty, **_OPEN}}
    if member == "text":
        place["content_index"] = 0
        yield {"type": "response.content_part.added", **place, "part": {**item["content"][0], "text": ""}}
    for piece in tokens(text):
        yield {"type": f"{kind}.delta", **place, "delta": piece, **tokens_too}
    named = {"name": item["name"]} if member == "arguments" else {}
    yield {"type": f"{kind}.done", **place, member: text, **named, **tokens_too}
    if member == "text":
        yield {"type": "response.content_part.done", **place, "part": item["content"][0]}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


_OPEN = {"status": "in_progress"}
_DONE = {"status": "completed"}


def _items(line: Line) -> Iterator[tuple[dict[str, Any], str]]:
    """The items of an answer, and how the types of their events begin."""
    parts: list[dict[str, Any]]
    if line.thought:
        parts = [{"type": "reasoning_text", "text": line.thought}]
        yield (
            {"id": _id("rs"), "type": "reasoning", **_DONE, "summary": [], "content": parts},
            "response.reasoning_text",
        )
    if line.text:
        parts = [{"type": "output_text", "text": line.text, "annotations": [], "logprobs": []}]
        message = {"id": _id("msg"), "type": "message", **_DONE, "role": "assistant", "content": parts}
        yield message, "response.output_text"
    for call in line.calls:
        yield _call(call), "response.function_call_arguments"


def _call(call: Call) -> dict[str, Any]:
    said = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
    return {"id": _id("fc"), "type": "function_call", **_DONE, **said}


def _object(body: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """The response before anything is said."""
    given = {name: default if body.get(name) is None else body[name] for name, default in _DEFAULTS.items()}
    tools = [{"description": None, "parameters": None, "strict": None, **tool} for tool in body.get("tools") or ()]
    reasoning = {"effort": None, "summary": None, **(body.get("reasoning") or {})}
    return {
        "id": _id("resp"), "object": "response", "created_at": int(time.time()), "completed_at": None, **_OPEN,
        "incomplete_details": None, "model": asked.model, "previous_response_id": None, "output": [], "error": None,
        "usage": None, **given, "tools": tools, "reasoning": reasoning, "store": False, "background": False,
    }  # fmt: skip


_DEFAULTS: dict[str, Any] = {
    "instructions": None, "tool_choice": "auto", "truncation": "disabled", "parallel_tool_calls": True,
    "text": {"format": {"type": "text"}}, "top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0,
    "top_logprobs": 0, "temperature": 1.0, "max_output_tokens": None, "max_tool_calls": None,
    "service_tier": "default", "metadata": {}, "safety_identifier": None, "prompt_cache_key": None,
}  # fmt: skip


def _ended(begun: dict[str, Any], asked: Asked, line: Line, items: list[dict[str, Any]]) -> dict[str, Any]:
    cut = line.ending == "length"
    usage = {
        "input_tokens": asked.tokens, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": line.tokens,
        "output_tokens_details": {"reasoning_tokens": len(tokens(line.thought))},
        "total_tokens": asked.tokens + line.tokens,
    }  # fmt: skip
    ending: dict[str, Any] = {"status": "completed", "completed_at": int(time.time())}
    if cut:
        ending = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return {**begun, **ending, "output": items, "usage": usage}


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex}"
