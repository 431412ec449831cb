"""Several inference servers before one gateway, each of which can break in its own way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2

from ordinance.protocol.routes import CHAT, COMPLETIONS, COUNT, EMBEDDINGS, MESSAGES, MODELS, RESPONSES
from ordinance.serve.behind.upstreams import Upstreams
from support.serving import (
    DONE,
    PATIENCE,
    OpenGateway,
    RunningGateway,
    Script,
    ScriptedUpstream,
    Wire,
    chunk,
    completion,
    event,
)
from support.waiting import until

#: A request of each governed API, but for its model.
ASKED: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "Hi."}]},
    COMPLETIONS: {"prompt": "Hi."},
    RESPONSES: {"input": "Hi."},
    MESSAGES: {"messages": [{"role": "user", "content": "Hi."}], "max_tokens": 9},
}


def settings_of(server: ScriptedUpstream, *models: str, **more: Any) -> dict[str, Any]:
    """What an entry of `upstreams` says of a ``server`` with these ``models``."""
    return {"url": server.url, "models": list(models), "health_seconds": 0.2, **more}


def serving(*models: str, text: str = "Hello.", break_off: Callable[[Wire], Awaitable[None]] | None = None) -> Script:
    """A server that lists these ``models`` and says ``text`` by each API; ``break_off`` is what it does instead, where
    it is asked for an answer."""

    async def script(wire: Wire) -> None:
        if wire.asked.path == MODELS:
            listed = [{"id": model, "object": "model", "created": 7, "owned_by": "them"} for model in models]
            await wire.json({"object": "list", "data": listed})
        elif break_off is not None:
            await break_off(wire)
        elif wire.asked.json.get("stream"):
            await wire.head()
            await wire.send(*_streamed(wire, text))
        else:
            await wire.json(_whole(wire, text))

    return script


def _whole(wire: Wire, text: str) -> dict[str, Any]:
    model = wire.asked.json.get("model")
    match wire.asked.path:
        case "/v1/completions":
            choices = [{"index": 0, "text": text, "finish_reason": "stop"}]
            return {"id": "c", "object": "text_completion", "created": 1, "model": model, "choices": choices}
        case "/v1/responses":
            content = [{"type": "output_text", "text": text, "annotations": []}]
            item = {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": content}
            return {"id": "r", "status": "completed", "model": model, "output": [item]}
        case "/v1/messages":
            content = [{"type": "text", "text": text}]
            return {"id": "m", "type": "message", "content": content, "model": model, "stop_reason": "end_turn"}
        case path if path == COUNT:
            return {"input_tokens": 3}
        case path if path == EMBEDDINGS:
            data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
            return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        case _:
            return {**completion(text), "model": model}


def _streamed(wire: Wire, text: str) -> list[bytes]:
    assert wire.asked.path == CHAT
    said = [chunk(role="assistant", content=""), chunk(content=text), chunk(finish="stop")]
    return [*(event({**each, "model": wire.asked.json["model"]}) for each in said), DONE]


class Site:
    """A gateway before servers, and its record."""

    def __init__(self, open_gateway: OpenGateway, log: Path, upstreams: dict[str, Any], **settings: Any) -> None:
        self.log = log
        self.gateway: RunningGateway = open_gateway(audit=str(log), upstreams=upstreams, **settings)

    def post(self, model: str | None, path: str = CHAT, **fields: Any) -> httpx2.Response:
        body = {**ASKED.get(path, {}), **({} if model is None else {"model": model}), **fields}
        return httpx2.post(self.gateway.address + path, json=body, trust_env=False, timeout=PATIENCE)

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.gateway.address + path, trust_env=False, timeout=PATIENCE)

    def record(self, answer: httpx2.Response) -> dict[str, Any]:
        name = answer.headers["request-id"]
        until(lambda: name in self.log.read_text("utf-8"))
        (found,) = [
            each for each in map(json.loads, self.log.read_text("utf-8").splitlines()) if each["request"] == name
        ]
        return dict(found)

    def states(self) -> dict[str, str]:
        return {each["name"]: each["state"] for each in self.get("/ready").json()["upstreams"]}

    @property
    def upstreams(self) -> Upstreams:
        behind = self.gateway.service.behind
        assert isinstance(behind, Upstreams)
        return behind


Open = Callable[..., Site]


def error(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"].get("code") or answer.json()["error"]["type"]


def said_by(answer: httpx2.Response) -> str:
    """The text of an answer, streamed or whole."""
    if answer.headers["content-type"] == "application/json":
        return str(answer.json()["choices"][0]["message"]["content"])
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for each in events for choice in each["choices"])


# ways to break


def status(code: int, **headers: str) -> Callable[[Wire], Awaitable[None]]:
    async def answer(wire: Wire) -> None:
        await wire.json({"error": {"message": "secret words of the server"}}, code, **headers)

    return answer


async def hang(wire: Wire) -> None:
    """Say nothing, not even a head."""
    await wire.until_gone()


async def close_before(wire: Wire) -> None:
    """Close the connection without a word."""
    wire.break_off()
    await asyncio.sleep(0)
    raise OSError


async def close_in_the_middle(wire: Wire) -> None:
    await wire.head(kind="text/event-stream" if wire.asked.json.get("stream") else "application/json")
    await wire.send(event(chunk(content="Half a")) if wire.asked.json.get("stream") else b'{"choices": [')
    wire.break_off()
    raise OSError


def models_asked(server: ScriptedUpstream) -> list[str]:
    """The model of each request that a ``server`` got, as it saw it."""
    return [json.loads(asked.body)["model"] for asked in server.asked]
