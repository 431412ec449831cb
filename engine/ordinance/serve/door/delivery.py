"""A governed answer on its way to the client: given piece by piece by what stands behind, sent as it becomes free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.problems import Problem, malformed, truncated
from ordinance.serve.behind.contract import Want
from ordinance.serve.door.times import Times, now
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.threads import LARGE, aside

STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}


class StreamDelivery:
    """Sends the events of a governed ``stream``, those of each of the server's pieces in one write. ``waits`` says that
    detectors are asked, which may take a while; ``times`` takes note of how long that, and the client, takes;
    ``begun`` is called when the server has begun to answer."""

    def __init__(
        self, exchange: Exchange, stream: GovernedStream, times: Times, begun: Callable[[], None], *, waits: bool
    ) -> None:
        self._exchange = exchange
        self._stream = stream
        self._times = times
        self._begun = begun
        self._waits = waits
        self._last = b""  # what leaves of the piece with which the answer ended
        self._want = Want.MORE

    async def begin(self) -> None:
        self._begun()
        await self._exchange.start(200, STREAM_HEADERS)

    async def take(self, piece: bytes) -> Want:
        if self._want is not Want.MORE:
            return self._want
        stream, times = self._stream, self._times
        size = stream.pending + len(piece)
        came = now()
        if self._waits or size >= LARGE:
            events = await aside(size, self._waits, stream.take, piece)
        else:
            events = stream.take(piece)
        governed = now()
        times.governing += governed - came
        if stream.done or (not stream.open and stream.over):
            self._last = events
            self._want = Want.COMPLETE if stream.done else Want.ENDED
        elif events:
            await self._exchange.write(events)
            times.writing += now() - governed
        return self._want

    async def end(self) -> bytes:
        """End the answer, because the server has said all. Returns its last events, which are to be sent. Raises
        ``Problem`` if that is not an answer."""
        if self._want is Want.MORE and not self._stream.complete:
            raise truncated()
        return self._last + await aside(0, self._waits, self._stream.end)

    def fail(self, problem: Problem) -> bytes:
        """End an answer that cannot go on. Returns its last events, which are to be sent."""
        return self._last + self._stream.fail(problem)


class WholeDelivery:
    """Collects an answer of at most ``limit`` bytes; ``govern`` makes what is sent of it. ``begun`` is called when the
    server has begun to answer."""

    def __init__(self, limit: int, govern: Callable[[bytes], Any], begun: Callable[[], None], *, waits: bool) -> None:
        self._limit = limit
        self._begun = begun
        self._govern = govern
        self._waits = waits
        self._body = bytearray()

    async def begin(self) -> None:
        self._begun()

    async def take(self, piece: bytes) -> Want:
        self._body += piece
        if len(self._body) > self._limit:
            raise malformed("it is over the limit")
        return Want.MORE

    async def end(self) -> Any:
        """Return the governed answer. Raises ``Problem``."""
        return await aside(len(self._body), self._waits, self._govern, bytes(self._body))
