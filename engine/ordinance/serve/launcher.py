"""Running the gateway: in this process, or in several that it starts."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from functools import partial
from multiprocessing.connection import Connection

from ordinance.serve.door.current_policy import settle
from ordinance.serve.door.numbers import numbers
from ordinance.serve.http.descriptors import affordable, needed
from ordinance.serve.http.listener import Listener
from ordinance.serve.http.stderr import tell, write_as
from ordinance.serve.metrics.address import Shown, listen_for_metrics
from ordinance.serve.metrics.reports import Gathered
from ordinance.serve.server import STOPPING, Server
from ordinance.serve.worker import Worker
from ordinance.serve.workers import Workers
from ordinance.settings.model import Settings


def serve(worker: Worker, listener: Listener, ready: Callable[[], None]) -> None:
    """Serve until a signal. ``ready`` is called when connections are taken; errors come before that.

    Raises ``OrdinanceError`` where it cannot begin or go on, ``KeyboardInterrupt`` where the signal was SIGINT.
    """
    write_as(worker.settings.log)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # held back until somebody listens to it
    run = _several if worker.settings.workers > 1 else _alone
    try:
        metrics = listen_for_metrics(worker.settings.metrics)
        if run(worker, listener, metrics, ready):
            raise KeyboardInterrupt
    finally:
        listener.close()


def _alone(worker: Worker, listener: Listener, metrics: Listener | None, ready: Callable[[], None]) -> bool:
    """Serve in this process. Returns True if SIGINT ended it."""
    gateway, service = worker.gateway(worker.policies(worker.settings), worker.policies)
    _tell_connections(worker.settings)

    def begun() -> None:
        worker.announce(service)
        ready()

    with closing(Shown(metrics, partial(numbers, service))):
        settle()
        server = Server(gateway, listener, worker.settings, serves=begun)
        for number in STOPPING:  # until it ends, whatever comes twice
            signal.signal(number, server.handle_exit)
        server.run()
    return server.interrupted


def _several(worker: Worker, listener: Listener, metrics: Listener | None, ready: Callable[[], None]) -> bool:
    settings = worker.settings
    _tell_connections(settings)
    gathered = Gathered()
    follow = Connection.close if metrics is None else gathered.follow
    workers = Workers(worker, settings.workers, listener, follow)
    with closing(Shown(metrics, gathered.numbers)):
        return workers.run(settings.drain_seconds, settings.grace_seconds, ready)


def _tell_connections(settings: Settings) -> None:
    wanted = settings.limits.connections
    possible = affordable(wanted)
    if possible < wanted:
        tell(
            f"at most {possible} connections are taken, not {wanted} (limits.connections): the limit of open files is "
            f"too low; raise it to {needed(wanted)} (systemd: LimitNOFILE, shell: ulimit -n)"
        )
