"""The HTTP server of one process: which connections it takes, and how it leaves.

SIGTERM lets it leave in two steps: for ``drain_seconds`` `/ready` says 503 while requests are still taken, then the
listener closes, running answers may finish within the grace period, and those that do not are ended as every other
fault ends them. A second signal, and SIGINT at once, skip the first step.
"""

from __future__ import annotations

import logging
import math
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from ordinance.serve.gateway import Gateway
from ordinance.serve.http.acceptor import Acceptor
from ordinance.serve.http.admission import Places
from ordinance.serve.http.connection import Connection
from ordinance.serve.http.descriptors import affordable
from ordinance.serve.http.handover import Handover
from ordinance.serve.http.listener import Listener
from ordinance.serve.http.seldom import SELDOM
from ordinance.serve.http.stderr import Lines
from ordinance.settings.model import Settings

#: The signals that stop a server.
STOPPING = frozenset({signal.SIGTERM, signal.SIGINT})


class Server(uvicorn.Server):
    """Serves ``gateway`` on ``listener`` until a signal comes, or ``leave``.

    With a ``handover`` it goes on with the connections that other processes leave, and can leave its own.
    ``serves`` is called when the first connection may come."""

    def __init__(
        self,
        gateway: Gateway,
        listener: Listener,
        settings: Settings,
        handover: Handover | None = None,
        serves: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                gateway,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                ws="none",
                timeout_keep_alive=math.ceil(settings.limits.idle_seconds),
                timeout_graceful_shutdown=max(1, round(settings.grace_seconds)),
            )
        )
        if settings.log == "json":
            for handler in (*logging.getLogger("uvicorn").handlers, logging.lastResort):
                if handler is not None:
                    handler.setFormatter(Lines())
        logging.getLogger("uvicorn.error").addFilter(SELDOM)
        self.interrupted = False
        self._gateway = gateway
        self._listener = listener
        self._settings = settings
        self._accepting: Acceptor | None = None
        self._leave_at: float | None = None
        self._handover = handover
        self._serves = serves
        self._giving_way = False

    # how it is told to leave

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and not self._gateway.draining and self._settings.drain_seconds > 0:
            self.drain()
            self._leave_at = time.monotonic() + self._settings.drain_seconds
        elif sig == signal.SIGINT:
            self.interrupted = True
            self.force_exit = self.should_exit
            self.leave()
        else:
            self.leave()

    def drain(self) -> None:
        """Say that this server is about to leave, and go on serving."""
        self._gateway.draining = True

    def leave(self) -> None:
        """Take no more, let running answers end, and end."""
        self.drain()
        self.should_exit = True

    def give_way(self) -> None:
        """Take no more, leave each connection to another process as soon as its request has been answered, and end
        when the last has gone: however long its answer takes."""
        self._giving_way = True
        if self._accepting is not None:
            self._accepting.stop()

    async def on_tick(self, counter: int) -> bool:
        if self._giving_way and self._handover is not None and self._accepting is not None:
            for each in list(self.server_state.connections):
                if isinstance(each, Connection):
                    each.give_to(self._handover)
            if not (self.server_state.connections or self.server_state.tasks or self._accepting.opening):
                self.leave()
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self.leave()
        return await super().on_tick(counter)

    # what it takes

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        await self.prepare()
        limits = self._settings.limits
        places = Places(affordable(limits.connections), limits.connections_per_address)

        def make(read: bytes) -> Connection:
            return Connection(self.config, self.server_state, self.lifespan.state, places, limits.idle_seconds, read)

        self._accepting = Acceptor(self._listener, make, places, self._handover)
        self._serves()

    async def prepare(self) -> None:
        """Do what must be done before the first connection is taken. Raises ``OrdinanceError``."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._accepting is not None:
            await self._accepting.close()
        await super().shutdown(sockets=[])
