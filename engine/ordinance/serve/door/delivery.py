"""A governed answer on its way to the client: given piece by piece by what stands behind, sent as it becomes free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ordinance.protocol import sse
from ordinance.protocol.govern.streamed import AnswerStream
from ordinance.protocol.problems import Problem, malformed, truncated
from ordinance.serve.behind.contract import Want
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.threads import LARGE, aside

STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}


class StreamedAnswer:
    """Sends the governed events, those of each of the server's pieces in one write. ``waits`` says that detectors are
    asked, which may take a while; ``limit`` is the most bytes of an event."""

    def __init__(self, exchange: Exchange, stream: AnswerStream, limit: int, *, waits: bool) -> None:
        self._exchange = exchange
        self._stream = stream
        self._parser = sse.EventParser(limit)
        self._waits = waits
        self._ready = bytearray()
        self._want = Want.MORE

    async def begin(self) -> None:
        await self._exchange.start(200, STREAM_HEADERS)

    async def take(self, piece: bytes) -> Want:
        if self._want is not Want.MORE:
            return self._want
        if self._parser.between and not self._waits and len(piece) < LARGE:  # most often a piece is one plain event
            events = self._stream.passing(piece)
            if events is not None:
                if not self._stream.open and self._stream.over:
                    self._ready += events
                    self._want = Want.ENDED
                elif events:
                    await self._exchange.write(events)
                return self._want
        size = self._parser.pending + len(piece)
        if self._waits or size >= LARGE:
            self._want = await aside(size, self._waits, self._govern, piece)
        else:
            self._want = self._govern(piece)
        if self._ready and self._want is Want.MORE:
            events = bytes(self._ready)
            self._ready.clear()
            await self._exchange.write(events)
        return self._want

    def _govern(self, piece: bytes) -> Want:
        """Put the governed events of one piece into ``_ready``. Raises ``Problem``."""
        try:
            for data in self._parser.feed(piece):
                if data.strip() == b"[DONE]":
                    return Want.COMPLETE
                self._ready += self._stream.event(data)
                if self._stream.over:
                    return Want.ENDED
        except sse.BadEventError as error:
            raise malformed(str(error)) from None
        return Want.MORE

    async def end(self) -> None:
        """The server has said all. Raises ``Problem`` where that is not an answer."""
        if self._want is Want.MORE and not self._stream.complete:
            raise truncated()
        self._ready += await aside(0, self._waits, self._stream.end)
        await self._exchange.write(bytes(self._ready), last=True)

    async def fail(self, problem: Problem) -> None:
        """The answer cannot go on."""
        await self._exchange.write(bytes(self._ready + self._stream.fail(problem)), last=True)


class WholeAnswer:
    """Collects an answer of at most ``limit`` bytes; ``govern`` makes what is sent of it."""

    def __init__(self, limit: int, govern: Callable[[bytes], Any], *, waits: bool) -> None:
        self._limit = limit
        self._govern = govern
        self._waits = waits
        self._body = bytearray()

    async def begin(self) -> None:
        pass

    async def take(self, piece: bytes) -> Want:
        self._body += piece
        if len(self._body) > self._limit:
            raise malformed("it is over the limit")
        return Want.MORE

    async def end(self) -> Any:
        """The governed answer. Raises ``Problem``."""
        return await aside(len(self._body), self._waits, self._govern, bytes(self._body))
