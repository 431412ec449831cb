"""The gateway: the doors as a server of their own, with the inference server behind them over HTTP."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Receive, Scope, Send

from ordinance.protocol.routes import HEALTH, READY
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.behind.upstreams import Upstreams
from ordinance.serve.chat.pages import ChatPages
from ordinance.serve.door.cors import Cors
from ordinance.serve.door.front_checks import FrontChecks, Presence, expected_hosts
from ordinance.serve.door.router import Router
from ordinance.serve.door.service import REACHED_EVERY, Service, ready_answer
from ordinance.serve.http.descriptors import affordable
from ordinance.serve.http.exchange import LAST_WORDS_SECONDS, Exchange
from ordinance.serve.http.glance import Glance
from ordinance.serve.http.stderr import takes
from ordinance.serve.reload_signal import renewing


class Gateway:
    """The application for one process. It holds the connections upstream while it runs, and replaces the policy at a
    SIGHUP. When it is stopped, answers that still run end with a word to the client."""

    def __init__(self, service: Service, upstream: Upstream | Upstreams) -> None:
        self._service = service
        self._upstream = upstream
        limits = service.settings.limits
        self._presence = Presence(affordable(limits.connections), limits.connections_per_address)
        self._trouble = Glance(upstream.trouble, REACHED_EVERY)
        #: The server is about to leave: whoever asks `/ready` shall send requests elsewhere.
        self.draining = False
        router = Router(service, {HEALTH: self._health, READY: self._ready})
        pages = Cors(ChatPages(router, service), service.settings.cors)
        self._app = FrontChecks(
            pages, lambda: expected_hosts(service.standing.settings), self._presence, service.meter.failed
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await receive()
            async with self._running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        # What the HTTP server says of somebody's bytes must not wait for whoever reads it.
        logging.getLogger("uvicorn.error").addFilter(takes)
        async with self._upstream:
            with renewing(self._service):
                yield
            await self._upstream.end()
            await self._presence.gone(2 * LAST_WORDS_SECONDS)  # an answer's last words, then its line in the log
        await self._service.close()

    async def _health(self, _: Exchange) -> tuple[Any, int]:
        return {"status": "alive"}, 200

    async def _ready(self, _: Exchange) -> tuple[Any, int]:
        answer, status = await ready_answer(self._service, await self._trouble(), draining=self.draining)
        if isinstance(self._upstream, Upstreams):
            answer["upstreams"] = self._upstream.report()
        return answer, status
