"""One of several processes that serve: what it makes of a policy that is there, and the orders that it takes.

It is forked from the process that has loaded the policy (``template.py``), and takes its orders from the one that was
started (``workers.py``), over a connection. When that one is gone, the worker leaves: nobody could replace its policy
or take a key away, and its port would be in the way of the next server.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType
from typing import Literal

from ordinance.errors import OrdinanceError, ServeError
from ordinance.policy.proven import Proof
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.behind.upstreams import Upstreams
from ordinance.serve.door.current_policy import Renewal, settle
from ordinance.serve.door.engine import Engine
from ordinance.serve.door.numbers import numbers
from ordinance.serve.door.policies import Policies, policies_of, wake
from ordinance.serve.door.service import Service, make_service
from ordinance.serve.gateway import Gateway
from ordinance.serve.http.handover import Handover
from ordinance.serve.http.listener import Listener
from ordinance.serve.http.rates import Rates
from ordinance.serve.http.stderr import tell
from ordinance.serve.metrics.reports import Reporter
from ordinance.serve.server import STOPPING, Server
from ordinance.settings.model import Settings

#: What a worker is told: that it is about to leave; to leave; to leave its connections to others and end after its last
#: answer; to read the keys anew, and whether to tell what has changed; to say what serves, and where; and, with a code,
#: why the policies in force were kept.
Order = Literal["drain", "leave", "give way", "renew", "renew untold", "announce"] | tuple[Literal["stale"], str]
#: What a worker says: that it serves, that it has announced it, or why it cannot serve.
Said = Literal["serves", "announced"] | OrdinanceError


@dataclass(frozen=True, slots=True)
class Worker:
    """Makes the application, in this process or in others that are started: it travels there, so it holds values, and
    of open things only the ``rates``, with which all of them count, and the ``handover`` of their connections.

    ``reread`` gives the settings as they are now; ``engine`` is the one that was started. ``announce`` says what serves
    and where. ``proven`` is what other processes have proven of the same packs. ``keyed``: there were keys, so without
    any nobody gets in."""

    settings: Settings
    reread: Callable[[], Settings]
    engine: Engine
    announce: Callable[[Service], None]
    on: date | None = None
    proven: tuple[Proof, ...] = ()
    keyed: bool = False
    rates: Rates = field(default_factory=Rates)
    handover: Handover = field(default_factory=Handover)

    def policies(self, settings: Settings, *, running: bool = False) -> Policies:
        """Load the policies; ``running`` as in ``policies_of``. Raises ``OrdinanceError``."""
        return policies_of(settings, self.on, running=running)

    def gateway(self, policies: Policies, renewed: Callable[[Settings], Policies] | None) -> tuple[Gateway, Service]:
        """Make the application and the service behind it; ``renewed`` loads what is to replace the ``policies``, None
        where another process comes with it. Raises ``OrdinanceError``."""
        upstream: Upstream | Upstreams
        if self.settings.upstreams:
            upstream = Upstreams(self.settings.upstreams)
        elif self.settings.upstream is not None:
            upstream = Upstream(self.settings.upstream)
        else:
            raise ServeError("no inference server is named.", help="Set 'upstream.url' or 'upstreams'.")
        renewal = Renewal(renewed, self.reread, self.engine)
        service = make_service(policies, self.settings, upstream, self.on, renewal, self.rates)
        if self.keyed and not service.keyring.clients:
            service.standing.close()
        return Gateway(service, upstream), service

    def serve(self, policies: Policies, listener: Listener, orders: Connection, reports: Connection) -> None:
        """Serve as one of several processes, as ``orders`` say. Numbers are sent as ``reports``, if they are shown."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent says what follows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        wake()
        try:
            gateway, service = self.gateway(policies, None)
            settle()
            reporter = Reporter(reports, partial(numbers, service))
            if self.settings.metrics.port is not None:
                reporter.start()
            _Steered(gateway, service, listener, self, orders).run()
        except OrdinanceError as error:
            orders.send(error)
            sys.exit(1)
        reporter.close()


class _Steered(Server):
    """The server of a worker."""

    def __init__(
        self, gateway: Gateway, service: Service, listener: Listener, worker: Worker, orders: Connection
    ) -> None:
        super().__init__(gateway, listener, worker.settings, worker.handover, self._listen)
        self._service = service
        self._worker = worker
        self._orders = orders

    async def prepare(self) -> None:
        # The policy was loaded once; the keys may be others by now.
        await self._service.standing.renew()
        if self._service.standing.is_unread:
            raise ServeError("the settings cannot be read as they are now.", help="Correct them.")

    def _listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._orders.fileno(), self._hear)
        self._orders.send("serves")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM:
            self.leave()

    def _hear(self) -> None:
        try:
            order: Order = self._orders.recv()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._orders.fileno())
            tell(
                f"worker {os.getpid()} stops, because the process that started it is gone; running answers are finished"
            )
            self.leave()
            return
        match order:
            case "drain":
                self.drain()
            case "leave":
                self.leave()
            case "give way":
                self.give_way()
            case "renew" | "renew untold":
                self._service.standing.tells = order == "renew"
                signal.raise_signal(signal.SIGHUP)  # as whoever serves alone hears it
            case "announce":
                self._worker.announce(self._service)
                self._orders.send("announced")
            case ("stale", code):
                self._service.standing.note(code)
