"""The two protocols in which an answer is a sequence of blocks: what an upstream sends, and what came of it.

A block is ``("text" | "thinking" | "refusal", pieces)`` or ``("call" | "custom", name, pieces)``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ordinance.protocol.api import Api
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES

Block = tuple[Any, ...]
BLOCK_APIS: tuple[Api, ...] = (RESPONSES, MESSAGES)
COUNTS = {"input_tokens": 3, "output_tokens": 5}


def framed(event: dict[str, Any]) -> bytes:
    """An event as vLLM writes it."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def upstream_events(api: Api, blocks: Iterable[Block], **ending: Any) -> list[dict[str, Any]]:
    """The events with which an upstream says these blocks. ``ending`` is what its end says instead of the usual."""
    return list((_messages if api is MESSAGES else _responses)(blocks, ending))


# messages


def _messages(blocks: Iterable[Block], ending: dict[str, Any]) -> Iterable[dict[str, Any]]:
    message = {"id": "chatcmpl-up", "type": "message", "role": "assistant", "content": [], "model": "m"}
    yield {"type": "message_start", "message": {**message, "stop_reason": None, "usage": COUNTS}}
    for index, block in enumerate(blocks):
        start, deltas = _messages_block(index, block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    delta = {"stop_reason": "end_turn", "stop_sequence": None, **ending}
    yield {"type": "message_delta", "delta": delta, "usage": COUNTS}
    yield {"type": "message_stop"}


def _messages_block(index: int, block: Block) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block:
        case "text", pieces:
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
        case "thinking", pieces:
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
            return {"type": "thinking", "thinking": ""}, [*deltas, {"type": "signature_delta", "signature": "up"}]
        case _, name, pieces:
            start = {"type": "tool_use", "id": f"call_{index}", "name": name, "input": {}}
            return start, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    raise AssertionError(block)


# responses

_KINDS = {
    "text": ("message", "output_text", "response.output_text", "text"),
    "thinking": ("reasoning", "reasoning_text", "response.reasoning_text", "text"),
    "refusal": ("message", "refusal", "response.refusal", "refusal"),
    "call": ("function_call", "", "response.function_call_arguments", "arguments"),
    "custom": ("custom_tool_call", "", "response.custom_tool_call_input", "input"),
}


def _responses(blocks: Iterable[Block], ending: dict[str, Any]) -> Iterable[dict[str, Any]]:
    top = {"id": "resp_up", "object": "response", "model": "m", "output": [], "status": "in_progress"}
    yield {"type": "response.created", "response": top}
    yield {"type": "response.in_progress", "response": top}
    output = []
    for index, block in enumerate(blocks):
        kind, part, events, member = _KINDS[block[0]]
        text = "".join(block[-1])
        item: dict[str, Any] = {"id": f"item_{index}", "type": kind}
        whole = dict(item)
        if part:
            whole["content"] = [{"type": part, member: text}]
        else:
            item |= {"call_id": f"call_{index}", "name": block[1], member: ""}
            whole = item | {member: text}
        place = {"output_index": index, "item_id": f"item_{index}", **({"content_index": 0} if part else {})}
        yield {"type": "response.output_item.added", "output_index": index, "item": item}
        if part:
            yield {"type": "response.content_part.added", **place, "part": {"type": part, member: ""}}
        for piece in block[-1]:
            yield {"type": f"{events}.delta", **place, "delta": piece}
        yield {"type": f"{events}.done", **place, member: text}
        if part:
            yield {"type": "response.content_part.done", **place, "part": whole["content"][0]}
        yield {"type": "response.output_item.done", "output_index": index, "item": whole}
        output.append(whole)
    usage = {**COUNTS, "total_tokens": 8}
    last = {**top, "output": output, "status": "completed", "usage": usage, **ending}
    yield {"type": "response.completed", "response": last}


# what came of it


@dataclass
class Told:
    """A governed answer, read back: its blocks in order, why it ended, and its metadata."""

    blocks: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    reason: str | None = None
    counts: tuple[int, int] | None = None
    metadata: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    def text(self, kind: str = "text") -> str:
        return "".join(text for name, text in self.blocks if name == kind)

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.blocks]


def read_back(api: Api, wire: bytes) -> Told:
    """What a governed stream told; every promise of the protocol about the sequence of its events is held."""
    events = []
    for frame in wire.decode().split("\n\n")[:-1]:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return _messages_told(events) if api is MESSAGES else _responses_told(events)


def _messages_told(events: Sequence[dict[str, Any]]) -> Told:
    told = Told()
    assert events[0]["type"] in ("message_start", "error")
    open_at: int | None = None
    for event in events[1:] if events[0]["type"] == "message_start" else events:
        assert told.reason is None or event["type"] in ("message_stop", "error")
        match event["type"]:
            case "content_block_start":
                assert open_at is None
                assert event["index"] == len(told.blocks)
                open_at = event["index"]
                block = event["content_block"]
                told.blocks.append(({"tool_use": "call"}.get(block["type"], block["type"]), ""))
                if block["type"] == "tool_use":
                    told.names.append(block["name"])
            case "content_block_delta":
                assert event["index"] == open_at
                kind, text = told.blocks[-1]
                delta = event["delta"]
                expected = {"text": "text_delta", "thinking": "thinking_delta", "call": "input_json_delta"}[kind]
                assert delta["type"] in (expected, "signature_delta")
                more = delta.get("text") or delta.get("thinking") or delta.get("partial_json") or ""
                told.blocks[-1] = kind, text + more
            case "content_block_stop":
                assert event["index"] == open_at
                open_at = None
            case "message_delta":
                assert open_at is None
                told.reason = event["delta"]["stop_reason"]
                told.metadata = event.get("ordinance")
                told.counts = event["usage"]["input_tokens"], event["usage"]["output_tokens"]
            case "error":
                told.error, told.metadata = event["error"], event["ordinance"]
            case other:
                assert other == "message_stop"
    return told


def _responses_told(events: Sequence[dict[str, Any]]) -> Told:
    told = Told()
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    begun = [] if events[0]["type"] == "error" else ["response.created", "response.in_progress"]
    assert [event["type"] for event in events[: len(begun)]] == begun
    done: list[dict[str, Any]] = []
    item: dict[str, Any] = {}
    for event in events[len(begun) :]:
        kind = event["type"]
        assert told.reason is None
        if kind == "response.output_item.added":
            assert not item
            item = event["item"]
            assert event["output_index"] == len(told.blocks)
            told.blocks.append((item["type"], ""))
            if "name" in item:
                told.names.append(item["name"])
        elif kind == "response.content_part.added":
            words = {"output_text": "text", "reasoning_text": "thinking", "refusal": "refusal"}[event["part"]["type"]]
            told.blocks[-1] = words, ""
        elif kind.endswith(".delta"):
            assert event["item_id"] == item["id"]
            told.blocks[-1] = told.blocks[-1][0], told.blocks[-1][1] + event["delta"]
        elif kind == "response.output_item.done":
            assert event["item"]["id"] == item["id"]
            assert _text_of(event["item"]) == told.blocks[-1][1]
            if event["item"]["status"] == "completed":
                done.append(event["item"])
            item = {}
        elif kind == "response.content_part.done":
            assert (event["part"].get("text") or event["part"].get("refusal") or "") == told.blocks[-1][1]
        elif kind.endswith(".done"):
            assert event[_KINDS_BY_EVENT[kind]] == told.blocks[-1][1]
        elif kind == "error":
            told.error, told.metadata = event["error"], event["ordinance"]
        else:
            assert kind == "response.completed"
            response = event["response"]
            assert response["output"] == done
            told.reason = (response["incomplete_details"] or {}).get("reason") or response["status"]
            told.metadata = response["ordinance"]
            usage = response["usage"]
            told.counts = usage and (usage["input_tokens"], usage["output_tokens"])
    told.blocks = [({"function_call": "call", "custom_tool_call": "custom"}.get(kind, kind), text)
                   for kind, text in told.blocks]  # fmt: skip
    return told


_KINDS_BY_EVENT = {f"{events}.done": member for _, _, events, member in _KINDS.values()}


def _text_of(item: dict[str, Any]) -> str:
    if "content" in item:
        return "".join(part.get("text") or part.get("refusal") or "" for part in item["content"])
    return str(item.get("arguments", item.get("input", "")))
