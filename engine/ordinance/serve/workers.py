"""Several processes that serve on one port, and the one that watches over them.

The one that was started answers no request and loads no policy. It has one process load the policy, from which all
workers are forked (``template.py``), passes signals on as orders, has a worker forked in the place of one that ended,
unless the package was replaced meanwhile, and closes the port for all, unless it was passed one. For another policy it
has another process load it; if that succeeds, workers of the new one take the place of the old ones, one by one.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from types import TracebackType

from ordinance.errors import OrdinanceError, ServeError
from ordinance.serve.http.listener import Listener
from ordinance.serve.http.stderr import tell
from ordinance.serve.reload_signal import RELOADING
from ordinance.serve.server import STOPPING
from ordinance.serve.template import Failure, Forked, Loaded, Read, Template
from ordinance.serve.worker import Order, Worker

#: What ended is not started again sooner after its last start, in seconds.
_PACE_SECONDS = 5.0
#: How often a seat that is empty is looked at, in seconds.
_LOOK_SECONDS = 1.0
#: How long workers have to take what stands in line before the port is closed for all of them, in seconds.
_LAST_TAKEN_SECONDS = 0.25
#: How long workers may take beyond the grace period, for last words and for their end, in seconds.
_BEYOND_GRACE_SECONDS = 10.0


@dataclass(slots=True)
class _Seat:
    """The place of one worker, and of the one that takes it over when it serves. ``begins``: none is forked sooner, on
    the monotonic clock."""

    worker: Forked | None = None
    successor: Forked | None = None
    begins: float = 0.0


class Workers:
    """``count`` processes that serve as ``worker`` does, on the ``listener``. ``follow`` gets what each reports."""

    def __init__(
        self,
        worker: Worker,
        count: int,
        listener: Listener,
        follow: Callable[[Connection], None] = Connection.close,
    ) -> None:
        self._worker = worker
        self._listener = listener
        self._follow = follow
        self._seats = [_Seat() for _ in range(count)]
        #: Those that have given way and still answer.
        self._left: list[Forked] = []
        self._template: Template | None = None
        self._loading: Template | None = None
        self._past: list[Template] = []
        #: What the policies in force are, and how they are named; None until there are some.
        self._in_force: Loaded | None = None
        self._stale = ""
        self._loads_at = 0.0
        self._announcing: Forked | None = None
        self._announced = False

    def run(self, drain_seconds: float, grace_seconds: float, ready: Callable[[], None]) -> bool:
        """Serve until a signal comes; True if it was SIGINT. ``ready`` is called when all of them serve. Raises
        ``OrdinanceError`` where they cannot begin, or none is left and none may be started."""
        with _Signals() as signals:
            try:
                self._load()
                stopped = self._watch(signals, ready)
                if stopped == signal.SIGTERM and drain_seconds > 0:
                    self._order("drain")
                    self._until(signals, drain_seconds)
                self._order("leave")
                time.sleep(_LAST_TAKEN_SECONDS)
                if not self._listener.passed:
                    with suppress(OSError):  # not every system can: there the last process to close it closes it
                        self._listener.socket.shutdown(socket.SHUT_RDWR)
                self._see_off(signals, grace_seconds + _BEYOND_GRACE_SECONDS)
            finally:
                self._end()
        return stopped == signal.SIGINT

    def _watch(self, signals: _Signals, ready: Callable[[], None]) -> int:
        """Keep the seats filled until a signal asks for the end."""
        while True:
            self._hear_of_policies()
            for seat in self._seats:
                self._tend(seat, ready)
            self._left = [each for each in self._left if self._heard(each, ready)]
            self._clear()
            if self._in_force is not None and not any(self._all()):
                self._worker.engine.require()
            for number in signals.wait(_LOOK_SECONDS, self._connections()):
                if number in STOPPING:
                    return number
                tell(RELOADING, "info")
                self._renew()
                self._load()

    # The policy

    def _load(self) -> None:
        """Begin to load what is to be in force."""
        if self._loading is not None:
            self._discard(self._loading)
        self._loads_at = time.monotonic() + _PACE_SECONDS
        first = self._in_force is None
        # Where the one before is gone, this is no start: a bundle that has expired since goes on.
        running = not first and self._template is None
        try:
            self._loading = Template(self._worker, self._listener, first=first, running=running)
        except OSError as error:
            self._loading = None
            why = f"the process that loads it cannot be started: {error.strerror}."
            self._keep(Failure(ServeError(why, help="Free memory, or allow more processes.")))

    def _hear_of_policies(self) -> None:
        template = self._template
        if template is not None and template.says.poll():  # it says nothing by itself: it has ended
            tell(f"the process that has loaded the policy ended: {_cause(template.how())}; the policy is loaded again")
            self._discard(template)
            self._template = None
        due = self._template is None and self._loading is None and time.monotonic() >= self._loads_at
        if due and not self._worker.engine.replaced:
            self._load()
        loading = self._loading
        while loading is not None and loading.says.poll():
            try:
                said = loading.says.recv()
            except (EOFError, OSError):
                said = Failure(defect=f"its process ended: {_cause(loading.how())}")
            loading = self._take_note(loading, said)

    def _take_note(self, loading: Template, said: Loaded | Read | Failure) -> Template | None:
        """Take note of what a process that loads says. Returns it if it says more."""
        match said:
            case Read(keyed):
                self._worker = replace(self._worker, keyed=self._worker.keyed or keyed)
                return loading
            case Failure():
                self._keep(said)
            case Loaded():
                self._loading = None
                self._adopt(loading, said)
                return None
        self._discard(loading)
        self._loading = None
        return None

    def _keep(self, failure: Failure) -> None:
        """Keep the policy in force, and say why. Raises ``OrdinanceError`` where there is none."""
        error, defect = failure.error, failure.defect
        if self._in_force is None:
            raise error or ServeError(f"the policy cannot be loaded: {defect}.", help="Report this.")
        kept = f"the policy was not replaced; the last good one ({self._in_force.named}) stays in force"
        tell(f"{kept}: error[{error.code}]: {error}" if error else f"{kept}: {defect}", "error")
        self._note(error.code if error else "defect")

    def _adopt(self, loaded: Template, what: Loaded) -> None:
        before = self._in_force
        self._worker = replace(self._worker, proven=what.proven)
        if before is not None and before.identity == what.identity:
            self._note("")
            if self._template is not None:
                tell(f"the policy has not changed ({what.named})", "info")
                self._discard(loaded)
                return
            tell(f"the policy has been loaded again ({what.named}); it has not changed", "info")
        elif before is not None:
            self._stale = ""
            tell(f"policy replaced: {before.named} by {what.named}; running answers end under the old one", "info")
        if self._template is not None:
            self._past.append(self._template)
        loaded.loaded = what
        self._template, self._in_force = loaded, what

    def _note(self, stale: str) -> None:
        self._stale = stale
        self._order(("stale", stale))

    def _discard(self, template: Template) -> None:
        template.kill()
        self._past.append(template)

    def _clear(self) -> None:
        """Let processes end of which no worker is left, and free what the system keeps of them."""
        used = {id(each.template) for each in self._all()}
        for each in self._past:
            if id(each) not in used and not each.says.closed:
                each.close()
        self._past = [each for each in self._past if not each.gone()]

    # The seats

    def _tend(self, seat: _Seat, ready: Callable[[], None]) -> None:
        """Take note of what a worker says, and of its end; have another forked where it is time."""
        if seat.worker is not None and not self._heard(seat.worker, ready):
            self._tell_end(seat.worker, seat)
            seat.worker = None
        if seat.successor is not None and not self._heard(seat.successor, ready):
            seat.begins = time.monotonic() + _PACE_SECONDS
            self._tell_end(seat.successor, seat)
            seat.successor = None
        if seat.successor is not None and seat.successor.serves:
            if seat.worker is not None:
                _tell_order(seat.worker, "give way")
                self._left.append(seat.worker)
            seat.worker, seat.successor = seat.successor, None
        if seat.worker is None and seat.successor is not None:
            seat.worker, seat.successor = seat.successor, None
        template = self._template
        if template is None or template.loaded is None or seat.successor is not None:
            return
        now = time.monotonic()
        old = seat.worker is not None and not self._is_current(seat.worker)
        if seat.begins <= now and (seat.worker is None or (old and not self._replacing())):
            if self._worker.engine.replaced:
                return
            if seat.worker is None:
                seat.begins = now + _PACE_SECONDS
            forked = template.fork(self._worker.keyed)
            if forked is None:
                seat.begins = now + _PACE_SECONDS
                return
            self._follow(forked.reports)
            if self._stale:
                _tell_order(forked, ("stale", self._stale))
            if seat.worker is None:
                seat.worker = forked
            else:
                seat.successor = forked

    def _is_current(self, worker: Forked) -> bool:
        loaded = worker.template.loaded
        return loaded is not None and self._in_force is not None and loaded.identity == self._in_force.identity

    def _replacing(self) -> bool:
        """Whether a worker is being replaced: one is at a time, so that all others serve."""
        return any(seat.successor is not None for seat in self._seats)

    def _heard(self, worker: Forked, ready: Callable[[], None]) -> bool:
        """Take note of what a worker says. Returns False if it has ended."""
        try:
            while worker.orders.poll():
                said = worker.orders.recv()
                if said == "serves":
                    worker.serves = True
                elif said == "announced":
                    self._announced = True
                    ready()
                elif isinstance(said, OrdinanceError):
                    if not self._announced:
                        raise said
                    tell(f"worker {worker.pid} cannot start: {said}", "error")
        except (EOFError, OSError):
            return False
        untold = not self._announced and self._announcing is None
        if untold and all(seat.worker is not None and seat.worker.serves for seat in self._seats):
            self._announcing = worker
            _tell_order(worker, "announce")
        return True

    def _tell_end(self, worker: Forked, seat: _Seat) -> None:
        worker.orders.close()
        if self._announcing is worker:
            self._announcing = None
        code = worker.template.ended(worker.pid)
        if code is None:  # then it may have become this process's own child, in a container where that is the first one
            with suppress(ChildProcessError):
                os.waitpid(worker.pid, os.WNOHANG)
        engine = self._worker.engine
        told = f"worker {worker.pid} (version {engine.version}) ended: {_cause(code)}"
        if engine.replaced:
            tell(f"{told}; it is not replaced, because the package was replaced; restart the server")
        else:
            soon = seat.begins <= time.monotonic()
            tell(f"{told}; another is started" + ("" if soon else " in a few seconds"))

    # The end

    def _until(self, signals: _Signals, seconds: float) -> None:
        """Let so much time pass, or as much as there is until the next signal that asks for the end."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for number in signals.wait(left):
                if number in STOPPING:
                    return
                self._renew()

    def _see_off(self, signals: _Signals, seconds: float) -> None:
        """Wait for the workers' end, at most so long; not at all after a SIGINT."""
        end = time.monotonic() + seconds
        while running := [each for each in self._all() if _runs(each)]:
            left = end - time.monotonic()
            if left <= 0:
                tell(f"{len(running)} workers did not stop in time and were killed")
                return
            if signal.SIGINT in signals.wait(left, [each.orders for each in running]):
                return

    def _end(self) -> None:
        for each in self._all():
            if _runs(each):
                with suppress(ProcessLookupError):
                    os.kill(each.pid, signal.SIGKILL)
        for template in (self._template, self._loading, *self._past):
            if template is not None:
                template.kill()
                template.how()

    # All of them

    def _all(self) -> Iterator[Forked]:
        for seat in self._seats:
            yield from (each for each in (seat.worker, seat.successor) if each is not None)
        yield from self._left

    def _renew(self) -> None:
        """Have all read the keys anew; the first that serves tells what has changed, each what it cannot read."""
        teller = next((each for each in self._all() if each.serves), None)
        for each in self._all():
            _tell_order(each, "renew" if each is teller else "renew untold")

    def _order(self, order: Order) -> None:
        for each in self._all():
            _tell_order(each, order)

    def _connections(self) -> list[Connection]:
        templates = (self._template, self._loading)
        return [*(each.orders for each in self._all()), *(each.says for each in templates if each is not None)]


def _tell_order(worker: Forked, order: Order) -> None:
    with suppress(OSError):  # it has ended, which is noticed where it is looked for
        worker.orders.send(order)


def _runs(worker: Forked) -> bool:
    """Whether a worker has not ended; what it still says is not asked any more."""
    try:
        while worker.orders.poll():
            worker.orders.recv()
    except (EOFError, OSError):
        worker.orders.close()
        return False
    return not worker.orders.closed


def _cause(exit_code: int | None) -> str:
    if exit_code is None:
        return "nobody knows why, for the process that has loaded its policy is gone"
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

    def wait(self, seconds: float, others: Iterable[Connection] = ()) -> list[int]:
        """Those that have come, after at most so many seconds, or as soon as one of ``others`` is ready."""
        ready = wait([self._reader, *others], seconds)
        return list(self._reader.recv(4096)) if self._reader in ready else []


def _note(*_: object) -> None:
    """Do nothing: the signal's number is written to the socket, but without a handler it would end the process."""
