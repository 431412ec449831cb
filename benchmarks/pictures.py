"""What a picture in a request costs, as processor time, beside a request without one.

    python benchmarks/pictures.py

A picture stands in the request as base64, as clients of every API send it. Measured from the body's arrival to what
goes upstream, in this process and without a network; the law of Germany is in force. One line for each size of a file.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from typing import Any

from ordinance.protocol.apis.chat import CHAT
from ordinance.serve.behind.contract import Answer
from ordinance.serve.door.policies import policies_of
from ordinance.serve.door.router import Router
from ordinance.serve.door.service import make_service
from ordinance.serve.http.exchange import Exchange
from ordinance.settings.model import Settings

#: Sizes of a file, in MB.
SIZES = (0.1, 1.0, 3.0, 8.0)
ROUNDS = 5
SMALL_ROUNDS = 400
ANSWER = {
    "id": "x", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "A cat."}, "finish_reason": "stop"}],
}  # fmt: skip


class ModelServer:
    """A server that answers at once; ``taken`` counts the bytes that it was asked."""

    def __init__(self) -> None:
        self.taken = 0

    async def admit(self, exchange: Exchange) -> None:
        pass

    async def answer(self, exchange: Exchange, path: str, body: bytes, answer: Answer, *, streaming: bool) -> None:
        self.taken += len(body)
        await answer.begin()
        await answer.take(json.dumps(ANSWER).encode())

    async def read(self, exchange: Exchange, method: str, path: str, body: bytes | None = None) -> bytes:
        return b"{}"

    async def end(self) -> None:
        pass


def body_with(size: float) -> bytes:
    """A request with a picture of so many MB; 0 for none."""
    parts: list[dict[str, Any]] = [{"type": "text", "text": "What is on this picture?"}]
    if size:
        data = base64.b64encode(random.Random(7).randbytes(int(size * 1e6))).decode()  # noqa: S311 - the same every time
        parts.append({"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}})
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]}).encode()


async def ask(router: Router, body: bytes) -> int:
    """One request; the status of its answer."""
    statuses = []
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]  # as a server hands them on
    messages = iter([{"type": "http.request", "body": each, "more_body": True} for each in pieces])

    async def receive() -> Any:
        return next(messages, {"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "method": "POST", "path": CHAT.path, "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    await router(scope, receive, send)
    return statuses[0]


async def cost(router: Router, size: float, rounds: int) -> float:
    """The least processor time of a request with a picture of so many MB, all threads together, in seconds."""
    body = body_with(size)
    least = float("inf")
    for _ in range(3):
        before = time.process_time()
        for _ in range(rounds):
            status = await ask(router, body)
            if status != 200:
                raise SystemExit(f"status {status}")
        least = min(least, (time.process_time() - before) / rounds)
    return least


async def main() -> None:
    settings = Settings.model_validate({"jurisdiction": "DE", "audit": "/dev/null", "parts": ["image"]})
    behind = ModelServer()
    router = Router(make_service(policies_of(settings), settings, behind), {})
    await cost(router, 0, 20)
    small = await cost(router, 0, SMALL_ROUNDS)
    print(f"no picture: {small * 1e3:.2f} ms")
    for size in SIZES:
        taken = await cost(router, size, ROUNDS)
        print(f"{size:g} MB: {taken * 1e3:.1f} ms, {taken / small:.0f} times that of a small request")


if __name__ == "__main__":
    asyncio.run(main())
