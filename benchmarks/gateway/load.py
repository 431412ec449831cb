"""Many clients at once, each of which asks for one stream after another.

    python load.py ADDRESS STREAMS SECONDS

Prints JSON: answers that were completed a second, and the median time to the first text, in milliseconds. Answers are
counted and not events, since a gateway may send the text of several events in one.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import cast
from urllib.parse import urlsplit

BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Say something."}]}).encode()
#: A client that has begun, so that not all of them begin at once, in seconds.
APART = 0.004


class Client(asyncio.Protocol):
    """One client. ``answers`` counts those that are complete; ``firsts`` are the times to the first text."""

    def __init__(self, host: str) -> None:
        self._asking = (
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: %s\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%s" % (host.encode(), len(BODY), BODY)
        )
        self.answers = 0
        self.firsts: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._begun, self._tail, self._spoken = time.perf_counter(), b"", False
        self._transport.write(self._asking)

    def data_received(self, data: bytes) -> None:
        if not self._spoken and b'"content"' in data:
            self._spoken = True
            self.firsts.append((time.perf_counter() - self._begun) * 1e3)
        self._tail = (self._tail + data)[-5:]
        if self._tail == b"0\r\n\r\n":
            self.answers += 1
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport.abort()


async def main() -> None:
    parts, streams, seconds = urlsplit(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(streams):
        _, client = await loop.create_connection(lambda: Client(parts.netloc), parts.hostname, parts.port)
        clients.append(client)
        await asyncio.sleep(APART)
    await asyncio.sleep(1.0)
    before, start = sum(client.answers for client in clients), time.perf_counter()
    await asyncio.sleep(seconds)
    answers = sum(client.answers for client in clients) - before
    took = time.perf_counter() - start
    firsts = [first for client in clients for first in client.firsts]
    print(json.dumps({"answers_per_second": answers / took, "first_text_ms": statistics.median(firsts)}))


if __name__ == "__main__":
    asyncio.run(main())
