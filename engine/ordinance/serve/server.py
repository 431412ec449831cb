"""Running the gateway: the port, the processes, the signals.

SIGTERM and SIGINT drain: no new connection is taken, running answers may finish within the grace period, and those
that do not are ended as every other fault ends them. SIGHUP replaces the policy.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import uvicorn
from uvicorn.supervisors import Multiprocess

from ordinance.errors import OrdinanceError, ServeError
from ordinance.policy.plan import Plan
from ordinance.serve.connection import PatientConnection
from ordinance.serve.gateway import Gateway
from ordinance.serve.service import Service, make_service, plan_of
from ordinance.serve.standing import settle
from ordinance.serve.stderr import tell
from ordinance.serve.upstream import Upstream
from ordinance.settings.model import Settings

#: Connections that may wait to be accepted.
_BACKLOG = 2048
#: How long a process whose policy does not load waits before it gives up, in seconds.
_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Worker:
    """Makes the application in a process of its own; it travels there, so it holds settings and no objects."""

    settings: Settings
    on: date | None

    def gateway(self) -> tuple[Gateway, Service]:
        """The application and what it serves. Raises ``OrdinanceError``."""
        if self.settings.upstream is None:
            raise ServeError("no inference server is named.", help="Set 'upstream.url'.")
        upstream = Upstream(self.settings.upstream)
        service = make_service(self.plan(), self.settings, upstream, self.on, self.plan)
        return Gateway(service, upstream), service

    def plan(self) -> Plan:
        return plan_of(self.settings, self.on)

    def __call__(self) -> Gateway:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the gateway listens to it
        try:
            application, _ = self.gateway()
        except OrdinanceError as error:
            # The packs were good when the server began. It starts this process again, and the others serve meanwhile.
            tell(f"a process that died cannot be replaced yet: {error}")
            time.sleep(_RETRY_SECONDS)
            sys.exit(1)
        settle()
        return application


class _Workers(Multiprocess):
    """Processes that replace their policy themselves, so that each keeps its last good one."""

    def handle_hup(self) -> None:
        for worker in self.processes:
            if worker.process.pid is not None and worker.process.is_alive():
                os.kill(worker.process.pid, signal.SIGHUP)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ``ServeError`` where there is none to be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServeError(f"'{host}' is no address of this machine: {error.strerror}.", help="Use --host.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it; without it each small chunk waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"port {port} on {host} is in use.", help="Stop what uses it, or choose another with --port."
            ) from None
        raise ServeError(f"{host}:{port} cannot be used: {error.strerror}.", help="Use --host or --port.") from None
    listener.set_inheritable(True)
    return listener


def serve(worker: Worker, listener: socket.socket, announce: Callable[[Service], None]) -> None:
    """Serve until a signal. ``announce`` is called when connections are taken; errors come before that."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the gateway listens to it
    application, service = worker.gateway()
    settle()
    announce(service)
    settings = worker.settings
    config = uvicorn.Config(
        worker if settings.workers > 1 else application,
        factory=settings.workers > 1,
        workers=settings.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        http=PatientConnection,
        timeout_graceful_shutdown=max(1, round(settings.grace_seconds)),
    )
    if settings.workers > 1:
        _Workers(config, [listener]).run()
    else:
        uvicorn.Server(config).run([listener])


def address_of(listener: socket.socket) -> str:
    """The listener's address as clients write it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
