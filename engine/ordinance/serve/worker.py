"""One of several processes that serve: what it makes, and how it is steered.

Its parent tells it what to do: SIGUSR1 to say that it is about to leave, SIGTERM to leave, SIGHUP to read policy and
keys anew. A SIGINT is the parent's affair: a terminal sends it to all. When the parent is gone, the worker leaves:
nobody could give it another policy, and its port would be in the way of the next server.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType

from ordinance.errors import OrdinanceError, ServeError
from ordinance.policy.proven import Proof, rely_on
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.behind.upstreams import Upstreams
from ordinance.serve.door.current_policy import Renewal, settle
from ordinance.serve.door.engine import Engine
from ordinance.serve.door.numbers import numbers
from ordinance.serve.door.policies import Policies, policies_of
from ordinance.serve.door.service import Service, make_service
from ordinance.serve.gateway import Gateway
from ordinance.serve.http.listener import Listener
from ordinance.serve.http.rates import Rates
from ordinance.serve.http.stderr import tell, write_as
from ordinance.serve.metrics.reports import Reporter
from ordinance.serve.server import STOPPING, Server
from ordinance.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Worker:
    """Makes the application, in a process of its own too: it travels there, so it holds values, and of open things only
    the ``rates``, with which all of them count. ``reread`` gives the settings as they are now; ``engine`` is the one
    that was started. ``proven`` is what the process that starts it has proven: each worker loads the same packs, and
    needs a third of the time for that."""

    settings: Settings
    reread: Callable[[], Settings]
    engine: Engine
    on: date | None = None
    proven: tuple[Proof, ...] = ()
    rates: Rates = field(default_factory=Rates)

    def gateway(self, *, running: bool = False) -> tuple[Gateway, Service]:
        """Make the application and the service behind it; ``running`` as in ``policies_of``. Raises
        ``OrdinanceError``."""
        upstream: Upstream | Upstreams
        if self.settings.upstreams:
            upstream = Upstreams(self.settings.upstreams)
        elif self.settings.upstream is not None:
            upstream = Upstream(self.settings.upstream)
        else:
            raise ServeError("no inference server is named.", help="Set 'upstream.url' or 'upstreams'.")
        renewal = Renewal(self.policies, self.reread, self.engine)
        policies = policies_of(self.settings, self.on, running=running)
        service = make_service(policies, self.settings, upstream, self.on, renewal, self.rates)
        return Gateway(service, upstream), service

    def policies(self, settings: Settings) -> Policies:
        return policies_of(settings, self.on)

    def __call__(self, listener: Listener, loading: Connection) -> None:
        """Serve as one of several processes. When this one serves, ``loading`` is closed, or has its first report."""
        write_as(self.settings.log)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        try:
            self.engine.require()
            rely_on(*self.proven)
            # The one that started this process has refused what may not begin.
            gateway, service = self.gateway(running=True)
        except OrdinanceError as error:
            # The packs were good when the server began. The parent starts this worker again, and the others serve.
            tell(f"worker {os.getpid()} cannot start: {error}", "error")
            sys.exit(1)
        settle()
        reporter = Reporter(loading, partial(numbers, service))
        reports = self.settings.metrics.port is not None
        _Steered(gateway, listener, self.settings, reporter.start if reports else loading.close).run()
        reporter.close()


class _Steered(Server):
    """The server of a worker; it calls ``serves`` once it does."""

    def __init__(self, gateway: Gateway, listener: Listener, settings: Settings, serves: Callable[[], None]) -> None:
        super().__init__(gateway, listener, settings)
        self._serves = serves

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self.drain)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        parent = multiprocessing.parent_process()
        if parent is not None:
            loop.add_reader(parent.sentinel, self._orphaned, parent.sentinel)
        self._serves()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM:
            self.leave()

    def _orphaned(self, sentinel: int) -> None:
        asyncio.get_running_loop().remove_reader(sentinel)
        tell(f"worker {os.getpid()} stops, because the process that started it is gone; running answers are finished")
        self.leave()
