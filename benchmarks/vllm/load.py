"""A client process: so many streams at once, each of which asks for so many answers, one after another.

    python load.py ADDRESS PATH STREAMS ANSWERS TOKENS PROMPT

Begins when a line comes on standard input, so that several processes begin together. Prints JSON: tokens, events, the
times between events and to the first one in seconds, and this process's own processor time.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from typing import cast
from urllib.parse import urlsplit

COUNTED = re.compile(rb'"completion_tokens":(\d+)')


class Client(asyncio.Protocol):
    """One stream after another on one connection; ``done`` when all have been read."""

    def __init__(self, asking: bytes, answers: int) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.tokens = self.events = 0
        self.firsts: list[float] = []
        self.between: list[float] = []
        self._asking = asking
        self._left = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self) -> None:
        self._left -= 1
        self._begun, self._last, self._tail = time.perf_counter(), 0.0, b""
        self._transport.write(self._asking)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        events = data.count(b"data: ")
        if b'"content":"' in data and b'"content":""' not in data:
            if self._last:
                self.between.append(now - self._last)
            else:
                self.firsts.append(now - self._begun)
            self._last = now
        self.events += events
        self._tail = (self._tail + data)[-2048:]
        if self._tail.endswith(b"0\r\n\r\n"):
            self._end()

    def _end(self) -> None:
        counted = COUNTED.findall(self._tail)
        if not counted:
            self.done.set_exception(RuntimeError(f"an answer without a count: {self._tail[-600:]!r}"))
            return
        self.tokens += int(counted[-1])
        if self._left:
            self.ask()
        else:
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the server closed: {self._tail[-600:]!r}"))


def request(host: str, path: str, tokens: int, prompt: str) -> bytes:
    asked = {
        "model": "bench", "messages": [{"role": "user", "content": prompt}], "max_tokens": tokens, "min_tokens": tokens,
        "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True}, "temperature": 1.0,
        "chat_template_kwargs": {"enable_thinking": False},
    }  # fmt: skip
    body = json.dumps(asked).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def main(address: str, path: str, streams: int, answers: int, tokens: int, prompt: str) -> None:
    parts, loop = urlsplit(address), asyncio.get_running_loop()
    asking = request(parts.netloc, path, tokens, prompt)
    clients = []
    for _ in range(streams):
        _, client = await loop.create_connection(lambda: Client(asking, answers), parts.hostname, parts.port)
        clients.append(client)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    used, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    for client in clients:
        client.ask()
    await asyncio.gather(*(client.done for client in clients))
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    found = {
        "tokens": sum(client.tokens for client in clients),
        "events": sum(client.events for client in clients),
        "between": [round(each, 6) for client in clients for each in client.between],
        "firsts": [round(each, 6) for client in clients for each in client.firsts],
        "took": took,
        "processor": after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime,
    }
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]), sys.argv[6]))
