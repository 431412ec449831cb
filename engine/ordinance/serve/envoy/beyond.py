"""The model server beyond Envoy: asked on the stream on which Envoy shows the request (see ``ModelServer``).

A stream carries one request. What else Ordinance wants to know of the model server, the list of its models, it asks
beside Envoy where ``upstream.url`` names the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from ordinance.protocol.problems import Problem, malformed, no_key
from ordinance.serve.behind.contract import MOST_READ, NO_ERRAND, Answer, Errand, Want, denied, refused
from ordinance.serve.behind.field_named import MOST_OF_ERROR
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.behind.waits import Waits
from ordinance.serve.envoy.heads import CREDENTIALS
from ordinance.serve.envoy.talk import TALK, Head, Talk
from ordinance.serve.http.exchange import Exchange
from ordinance.settings.sections import UpstreamSettings


class Beyond:
    """``beside`` asks what a stream cannot; None for nobody. ``settings`` are those of the upstream, ``kept`` the
    names of headers that go on besides those that always do. ``keyed`` says whether Ordinance has keys of its own: then
    a client's is not for the model server."""

    def __init__(
        self,
        settings: UpstreamSettings | None,
        beside: Upstream | None,
        kept: Iterable[str],
        keyed: Callable[[], bool],
    ) -> None:
        timing = settings or UpstreamSettings.model_construct()  # the defaults
        self._idle, self._total = timing.idle_seconds, timing.total_seconds
        self._key = beside.key if beside else ""
        self._beside = beside
        self._kept = frozenset(name.lower() for name in kept)
        self._keyed = keyed
        self._waits = Waits()

    async def admit(self, exchange: Exchange) -> None:
        """Accept every client that Ordinance's keys accept: the model server is asked once, with the request."""

    async def answer(
        self, exchange: Exchange, path: str, body: bytes, answer: Answer, *, streaming: bool, errand: Errand = NO_ERRAND
    ) -> None:
        talk: Talk = exchange.scope[TALK]

        async def work() -> None:
            deadline = asyncio.get_running_loop().time() + self._total
            head = await self._ask(exchange, talk, path, body, deadline)
            kind = _kind(head)
            if kind == ("application/json" if streaming else "text/event-stream"):
                raise malformed(f"it is {kind}, which was not asked for")
            await answer.begin()
            while (piece := await self._piece(talk, deadline)) is not None:
                want = await answer.take(piece)
                if want is not Want.MORE:
                    talk.stopped = want is Want.ENDED
                    return

        await exchange.unless_gone(work())

    async def read(
        self, exchange: Exchange, method: str, path: str, body: bytes | None = None, *, errand: Errand = NO_ERRAND
    ) -> bytes:
        talk: Talk = exchange.scope[TALK]
        if talk.fresh and method == exchange.scope["method"]:
            deadline = asyncio.get_running_loop().time() + self._total
            await self._ask(exchange, talk, path, body, deadline)
            return await self._whole(talk, MOST_READ, deadline)
        if self._beside is None:
            raise _nobody_beside()
        return await self._beside.read(exchange, method, path, body)

    async def end(self) -> None:
        self._waits.end()
        if self._beside is not None:
            await self._beside.end()

    async def _ask(self, exchange: Exchange, talk: Talk, path: str, body: bytes | None, deadline: float) -> Head:
        """Ask, and return the head of the answer once it begins with 200. Raises ``Problem``."""
        ours, kept = dict(exchange.onward), set(self._kept)
        if self._key:
            ours["authorization"] = f"Bearer {self._key}"
        passes = not self._key and not self._keyed()
        if passes:
            kept.update(CREDENTIALS)
        if body is not None:
            ours["content-type"] = "application/json"
        async with self._waits.until(deadline):
            await talk.ask(path, ours, kept, body)
            head = await talk.head()
        if head.status in (401, 403):
            raise no_key() if passes else denied("operator")
        if head.status != 200:
            told = b""
            if head.status == 400:
                with suppress(Problem):
                    told = await self._whole(talk, MOST_OF_ERROR, deadline)
            raise refused(head.status, head.named, told)
        if head.named.get("content-encoding", "identity") != "identity":
            raise malformed("it is compressed, which was not asked for")
        return head

    async def _whole(self, talk: Talk, most: int, deadline: float) -> bytes:
        body = bytearray()
        while (piece := await self._piece(talk, deadline)) is not None:
            body += piece
            if len(body) > most:
                raise malformed("it is over the limit")
        return bytes(body)

    async def _piece(self, talk: Talk, deadline: float) -> bytes | None:
        async with self._waits.until(min(deadline, asyncio.get_running_loop().time() + self._idle)):
            return await talk.piece()


def _kind(head: Head) -> str:
    return head.named.get("content-type", "").partition(";")[0].strip().lower()


def _nobody_beside() -> Problem:
    return Problem(
        502,
        "upstream_unreachable",
        "Ordinance has no way to the model server for this request: the operator can set `upstream.url`.",
    )
