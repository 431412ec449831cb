"""Any of the four APIs, asked and read in one way: what a client gets to see, wherever it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx2

from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from support.steered import CHAT, COMPLETIONS

PATHS = (CHAT, COMPLETIONS, RESPONSES.path, MESSAGES.path)


@dataclass(frozen=True)
class Seen:
    """What came back: the model's words with all that was put into them, the name and the value of everything that
    stands beside them, the reason for the end, and whether there are token counts."""

    text: str
    calls: str
    reason: str | None
    stop: Any
    counted: bool
    ordinance: dict[str, Any]

    @property
    def kinds(self) -> list[str]:
        return [notice["kind"] for notice in self.ordinance["notices"]]


def body(
    path: str, *, said: str = "Say it. ", begun: str = "", limit: int | None = None, **fields: Any
) -> dict[str, Any]:
    """A request by this API that says this, goes on from ``begun`` and ends after ``limit`` tokens."""
    asked: dict[str, Any] = {"model": "m", **fields}
    if path == COMPLETIONS:
        asked["prompt"] = said + begun
    else:
        name = "input" if path == RESPONSES.path else "messages"
        before = [{"role": "assistant", "content": begun}] if begun else []
        asked[name] = [{"role": "user", "content": said}, *before]
    if path == CHAT and begun:
        asked |= {"continue_final_message": True, "add_generation_prompt": False}
    if path == MESSAGES.path and "stop" in fields:
        asked["stop_sequences"] = asked.pop("stop")
    if limit is not None or path == MESSAGES.path:
        asked["max_output_tokens" if path == RESPONSES.path else "max_tokens"] = limit or 500
    return asked


def post(client: httpx2.Client, path: str, asked: dict[str, Any], address: str = "") -> Seen:
    """Ask, and read what comes."""
    reply = client.post(address + path, json=asked)
    assert reply.status_code == 200, reply.text
    if asked.get("stream"):
        lines = [line.removeprefix("data: ") for line in reply.text.split("\n") if line.startswith("data: ")]
        return streamed(path, [json.loads(line) for line in lines if line != "[DONE]"])
    return whole(path, reply.json())


def whole(path: str, answer: dict[str, Any]) -> Seen:
    ordinance = answer["ordinance"]
    if path in (CHAT, COMPLETIONS):
        [choice] = answer["choices"]
        message = choice.get("message") or {"content": choice.get("text")}
        return Seen(
            (message.get("reasoning") or "") + (message.get("content") or ""),
            "".join(call["function"]["arguments"] for call in message.get("tool_calls") or ()),
            choice["finish_reason"], choice.get("stop_reason"), "usage" in answer, ordinance,
        )  # fmt: skip
    if path == RESPONSES.path:
        texts = [part.get("text", "") for item in answer["output"] for part in item.get("content", ())]
        calls = [item["arguments"] for item in answer["output"] if "arguments" in item]
        reason = (answer["incomplete_details"] or {}).get("reason") or answer["status"]
        return Seen("".join(texts), "".join(calls), reason, None, answer["usage"] is not None, ordinance)
    texts = [block.get("text", block.get("thinking", "")) for block in answer["content"]]
    calls = [json.dumps(block["input"]) for block in answer["content"] if "input" in block]
    counted = answer["usage"]["output_tokens"] > 0
    return Seen("".join(texts), "".join(calls), answer["stop_reason"], answer["stop_sequence"], counted, ordinance)


def streamed(path: str, events: list[dict[str, Any]]) -> Seen:
    if path in (CHAT, COMPLETIONS):
        choices = [choice for event in events for choice in event.get("choices", ())]
        deltas = [choice.get("delta") or {"content": choice.get("text")} for choice in choices]
        calls = [call["function"].get("arguments") or "" for each in deltas for call in each.get("tool_calls") or ()]
        texts = [(each.get("reasoning") or "") + (each.get("content") or "") for each in deltas]
        reasons = [choice for choice in choices if choice["finish_reason"]]
        counted = any("usage" in event for event in events)
        ordinance = next(event["ordinance"] for event in events if "ordinance" in event)
        reason, stop = reasons[-1]["finish_reason"], reasons[-1].get("stop_reason")
        return Seen("".join(texts), "".join(calls), reason, stop, counted, ordinance)
    if path == RESPONSES.path:
        pieces = {kind: "".join(event["delta"] for event in events if event["type"] == kind) for kind in _PIECES}
        last = whole(path, events[-1]["response"])
        text = pieces[_PIECES[0]] + pieces[_PIECES[1]]
        return Seen(text, pieces[_PIECES[2]], last.reason, None, last.counted, last.ordinance)
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    text = "".join(each.get("text", each.get("thinking", "")) for each in deltas)
    last_event = next(event for event in events if event["type"] == "message_delta")
    delta, counted = last_event["delta"], last_event["usage"]["output_tokens"] > 0
    arguments = "".join(each.get("partial_json", "") for each in deltas)
    return Seen(text, arguments, delta["stop_reason"], delta["stop_sequence"], counted, last_event["ordinance"])


_PIECES = (
    "response.reasoning_text.delta", "response.output_text.delta", "response.function_call_arguments.delta",
)  # fmt: skip
