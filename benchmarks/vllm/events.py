"""What a middleware adds to an event, without vLLM: an application in this process that streams as vLLM does.

    .venv/test/bin/python benchmarks/vllm/events.py [--events N] [--rounds N] [--jurisdiction EE]

Prints microseconds of processor an event, and a request with one event, for nothing, a middleware that passes every
message on, and Ordinance, interleaved; the answers are of thirteen words, and, where a row says novel, words of the
manual in an order that was never met. There is no HTTP server and no engine, so that a change in the middleware can be
judged on any machine; inside a server the same work takes two to three times as long.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from prose import parts, prose
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from switch import Through

WORDS = (" the", " of", " morning", " river", " and", " a", " teacher", " walked", " over", ".", " It", " was", "\n")
TOP = {"id": "chatcmpl-0123456789abcdef", "object": "chat.completion.chunk", "created": 1795604340, "model": "bench"}
ASKED = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": "Say something."}]}


def chunk(finish: str | None = None, **delta: str) -> bytes:
    """An event as vLLM 0.32 writes it."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, "token_ids": None}
    return b"data: " + json.dumps({**TOP, "choices": [choice]}, separators=(",", ":")).encode() + b"\n\n"


def framed(said: Sequence[str]) -> list[bytes]:
    """The events of an answer, which says ``said``."""
    first = chunk(role="assistant", content="")
    return [first, *(chunk(content=each) for each in said), chunk("stop"), b"data: [DONE]\n\n"]


class Speaker:
    """The application: a list of models, and an answer of so many events, a message each. Where it is ``novel`` each
    answer says what no answer did."""

    def __init__(self, events: int, *, novel: bool = False) -> None:
        same = random.Random(7).choices(WORDS, k=events)  # noqa: S311 - the same text every time
        new = ([part[at : at + 4] for at in range(0, len(part), 4)] for part in parts(prose(10**9), 4 * events))
        self._novel = (framed(said) for said in new) if novel else None
        self._events = framed(same)
        self.count = events

    def renew(self) -> None:
        """Be ready with the next answer, so that its making counts for nobody."""
        if self._novel is not None:
            self._events = next(self._novel)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = scope["method"] == "GET"
        kind = b"application/json" if whole else b"text/event-stream; charset=utf-8"
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        if whole:
            await send({"type": "http.response.body", "body": b'{"object":"list","data":[]}', "more_body": False})
            return
        for event in self._events:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def answer(app: ASGIApp) -> tuple[float, int]:
    """Seconds of processor time for one answer, and its bytes."""
    body, sizes = json.dumps(ASKED).encode(), []
    asked = asyncio.Event()

    async def receive() -> Message:
        if asked.is_set():
            await asyncio.sleep(60)
        asked.set()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sizes.append(len(message.get("body", b"")))

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "POST",
        "path": "/v1/chat/completions", "raw_path": b"/v1/chat/completions", "query_string": b"", "root_path": "",
        "scheme": "http", "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
    }  # fmt: skip
    begun = time.process_time()
    await app(scope, receive, send)
    return time.process_time() - begun, sum(sizes)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--jurisdiction", default="EE", help="in DE a rule holds whole sentences")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "ordinance.yaml"
        settings.write_text(f"jurisdiction: {given.jurisdiction}\naudit: audit.jsonl\n", "utf-8")
        os.environ |= {"ORDINANCE_CONFIG": str(settings), "VLLM_NO_USAGE_STATS": "1"}
        from ordinance.serve.vllm import Ordinance

        novel = [Speaker(count, novel=True) for count in (given.events, 1)]
        long, short = (variants(Ordinance, Speaker(each.count), each) for each in novel)
        sizes = {name: (await answer(app))[1] for name, app in long.items()}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in long}
        for name in short:
            await answer(short[name])
        for _ in range(given.rounds):
            for name, found in times.items():
                for speaker in novel:
                    speaker.renew()
                request = (await answer(short[name]))[0]
                found.append((((await answer(long[name]))[0] - request) / (given.events - 1) * 1e6, request * 1e6))
    print(f"{given.events} events, {given.rounds} rounds, jurisdiction {given.jurisdiction}; microseconds of processor")
    print(f"{'':26}{'an event':>10}{'least':>8}{'a request':>11}{'least':>8}{'bytes out':>12}")
    for name, found in times.items():
        events, requests = zip(*found, strict=True)
        print(
            f"{name:26}{statistics.median(events):10.2f}{min(events):8.2f}"
            f"{statistics.median(requests):11.0f}{min(requests):8.0f}{sizes[name]:12,}"
        )


def variants(governing: Callable[[ASGIApp], ASGIApp], speaker: Speaker, novel: Speaker) -> dict[str, ASGIApp]:
    return {
        "nothing": speaker,
        "pass-through middleware": Through(speaker),
        "Ordinance": governing(speaker),
        "Ordinance, novel": governing(novel),
    }


if __name__ == "__main__":
    asyncio.run(main())
