"""Several processes that serve on one port, and the one that watches over them.

The one that was started answers no request: it passes signals on, starts a worker in the place of one that ended,
unless the package was replaced meanwhile, and closes the port for all, unless it was passed one. Workers end when it
is gone, for then nobody could give them another policy (``worker.py``).
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe, get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType

from ordinance.serve.door.engine import Engine
from ordinance.serve.http.listener import Listener
from ordinance.serve.http.stderr import tell
from ordinance.serve.server import STOPPING

#: A worker is not started again sooner after its last start, in seconds.
_PACE_SECONDS = 5.0
#: How often a seat that is empty is looked at, in seconds.
_LOOK_SECONDS = 1.0
#: How long workers have to take what stands in line before the port is closed for all of them, in seconds.
_LAST_TAKEN_SECONDS = 0.25
#: How long workers may take beyond the grace period, for last words and for their end, in seconds.
_BEYOND_GRACE_SECONDS = 10.0

#: Held back in a worker until it listens to them.
_HELD = frozenset({signal.SIGHUP, signal.SIGUSR1})

#: What a worker does with the listening socket, until it is told to leave. When it serves, it closes the connection, or
#: sends its first report on it.
Work = Callable[[Listener, Connection], None]


@dataclass(slots=True)
class _Seat:
    """The place of one worker. ``loading`` ends when it serves, or has ended. ``begins``: not sooner, on the monotonic
    clock."""

    process: SpawnProcess | None = None
    loading: Connection | None = None
    begins: float = 0.0


class Workers:
    """``count`` processes that do ``work`` with the ``listener``, all of them of the same ``engine``. ``follow`` gets
    the connection of each that serves."""

    def __init__(
        self,
        work: Work,
        count: int,
        listener: Listener,
        engine: Engine,
        follow: Callable[[Connection], None] = Connection.close,
    ) -> None:
        self._work = work
        self._follow = follow
        self._listener = listener
        self._engine = engine
        self._seats = [_Seat() for _ in range(count)]

    def run(self, drain_seconds: float, grace_seconds: float, announce: Callable[[], None]) -> bool:
        """Serve until a signal comes; True if it was SIGINT. ``announce`` is called when all of them serve. Raises
        ``RestartDueError`` where no worker is left and none may be started."""
        with _Signals() as signals:
            try:
                stopped = self._watch(signals, announce)
                if stopped == signal.SIGTERM and drain_seconds > 0:
                    self._send(signal.SIGUSR1)
                    self._until(signals, drain_seconds)
                self._send(signal.SIGTERM)
                time.sleep(_LAST_TAKEN_SECONDS)
                if not self._listener.passed:
                    with suppress(OSError):  # not every system can: there the last process to close it closes it
                        self._listener.socket.shutdown(socket.SHUT_RDWR)
                self._see_off(signals, grace_seconds + _BEYOND_GRACE_SECONDS)
            finally:
                for process in self._running():
                    process.kill()
        return stopped == signal.SIGINT

    def _watch(self, signals: _Signals, announce: Callable[[], None]) -> int:
        """Keep the seats filled until a signal asks for the end."""
        announced = False
        while True:
            for seat in self._seats:
                self._tend(seat)
            if not self._running():
                self._engine.require()
            if not announced and not any(seat.process is None or seat.loading for seat in self._seats):
                announced = True
                announce()
            loading = [seat.loading for seat in self._seats if seat.loading is not None]
            for number in signals.wait(_LOOK_SECONDS, [*loading, *(each.sentinel for each in self._running())]):
                if number in STOPPING:
                    return number
                self._send(signal.SIGHUP)

    def _tend(self, seat: _Seat) -> None:
        """Take note of a worker's end, and start another where it is time."""
        now = time.monotonic()
        if seat.loading is not None and seat.loading.poll():
            self._follow(seat.loading)
            seat.loading = None
        if seat.process is not None and not seat.process.is_alive():
            pid, cause = seat.process.pid, _cause(seat.process.exitcode or 0)
            seat.process = None
            told = f"worker {pid} (version {self._engine.version}) ended: {cause}"
            if self._engine.replaced:
                seat.begins = now
                tell(f"{told}; it is not replaced, because the package was replaced; restart the server")
            else:
                tell(f"{told}; another is started" + ("" if seat.begins <= now else " in a few seconds"))
        if seat.process is None and seat.begins <= now and not self._engine.replaced:
            seat.begins = now + _PACE_SECONDS
            seat.process, seat.loading = _start(self._work, self._listener)

    def _until(self, signals: _Signals, seconds: float) -> None:
        """Let so much time pass, or as much as there is until the next signal that asks for the end."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for number in signals.wait(left):
                if number in STOPPING:
                    return
                self._send(signal.SIGHUP)

    def _see_off(self, signals: _Signals, seconds: float) -> None:
        """Wait for the workers' end, at most so long; not at all after a SIGINT."""
        end = time.monotonic() + seconds
        while running := self._running():
            left = end - time.monotonic()
            if left <= 0:
                tell(f"{len(running)} workers did not stop in time and were killed")
                return
            if signal.SIGINT in signals.wait(left, [process.sentinel for process in running]):
                return

    def _running(self) -> list[SpawnProcess]:
        return [seat.process for seat in self._seats if seat.process is not None and seat.process.is_alive()]

    def _send(self, number: signal.Signals) -> None:
        for process in self._running():
            if process.pid is not None:
                os.kill(process.pid, number)  # not reaped yet, so the number is still its own


def _start(work: Work, listener: Listener) -> tuple[SpawnProcess, Connection]:
    """Start a worker that hears of ``_HELD`` signals when it is able to, instead of ending by them."""
    loading, serves = Pipe(duplex=False)
    process = get_context("spawn").Process(target=work, args=(listener, serves))
    resource_tracker.ensure_running()  # would let go of what is held back below, at the first start
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_HELD, *STOPPING})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        serves.close()
    return process, loading


def _cause(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit status {exit_code}"
    try:
        return f"killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"killed by signal {-exit_code}"


class _Signals:
    """The signals that this process gets while it is entered, in their order."""

    def __enter__(self) -> _Signals:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._before = {number: signal.signal(number, _note) for number in (*STOPPING, signal.SIGHUP)}
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float, others: Iterable[int | Connection] = ()) -> list[int]:
        """Those that have come, after at most so many seconds, or as soon as one of ``others`` is ready."""
        ready = wait([self._reader, *others], seconds)
        return list(self._reader.recv(4096)) if self._reader in ready else []


def _note(*_: object) -> None:
    """Do nothing: the signal's number is written to the socket, but without a handler it would end the process."""
