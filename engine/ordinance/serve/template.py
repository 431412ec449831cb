"""The process that workers are forked from. It loads the policy once, and serves nothing: what it has loaded is there
in each worker, in memory that they share.

Each policy has a process of its own, which starts anew and reads nothing else afterwards. So a worker that takes the
place of another has the same policy, whatever is on the disk by then. No other thread runs where processes are forked.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import Pipe, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from multiprocessing.reduction import recv_handle, send_handle

from ordinance.errors import OrdinanceError
from ordinance.policy.proven import Proof, proven, rely_on
from ordinance.serve.door.current_policy import named, settle
from ordinance.serve.door.policies import Policies, identity_of, rest
from ordinance.serve.door.service import check_keys
from ordinance.serve.http.listener import Listener
from ordinance.serve.http.stderr import described, log_defect, tell, write_as
from ordinance.serve.server import STOPPING
from ordinance.serve.worker import Worker
from ordinance.settings.differences import renewed

#: How long an order may take, in seconds: a fork, or a worker's end that has begun.
_PATIENCE_SECONDS = 30.0
#: How long threads that serve plugins may take to end, in seconds.
_THREADS_SECONDS = 5.0
#: The thread that starts plugins' processes waits for ever, and holds nothing meanwhile.
_STARTER = "ordinance-starter"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded: the ``identity`` of the policies, and how they are ``named``; what was ``proven`` of them."""

    identity: str
    named: str
    proven: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """Whether there are keys in the settings as they were read."""

    keyed: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Why nothing was loaded: an ``error`` that the operator can mend, or else where the ``defect`` is."""

    error: OrdinanceError | None = None
    defect: str = ""


@dataclass(eq=False, slots=True)
class Forked:
    """A worker as its parents know it: its process, ``orders`` to it, and its ``reports``; of which ``template``."""

    pid: int
    orders: Connection
    reports: Connection
    template: Template
    serves: bool = False


class Template:
    """Starts a process that loads the policies of ``worker`` with the settings as they are now, or, for the ``first``,
    as it has them. ``running`` as in ``policies_of``. What comes of it can be received from ``says``."""

    def __init__(self, worker: Worker, listener: Listener, *, first: bool, running: bool) -> None:
        self.loaded: Loaded | None = None
        self.says, theirs = Pipe()
        self._process = get_context("spawn").Process(target=_stand, args=(worker, listener, theirs, first, running))
        resource_tracker.ensure_running()  # would let go of what is held back below, at the first start
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, *STOPPING})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def fork(self, keyed: bool) -> Forked | None:
        """Have a worker forked; ``keyed`` as in ``Worker``. None if this process is gone, or could not fork, which it
        has said."""
        orders, to_obey = Pipe()
        reports, to_report = Pipe(duplex=False)
        with to_obey, to_report:
            pid = self._ask(("fork", keyed), to_obey, to_report)
        return Forked(pid, orders, reports, self) if isinstance(pid, int) else None

    def ended(self, pid: int) -> int | None:
        """Return the exit code of a worker that has ended; None if this process is gone, and so nobody knows."""
        code = self._ask(("ended", pid))
        return code if isinstance(code, int) else None

    def close(self) -> None:
        """Let this process end, once its workers have. Its memory is theirs as well."""
        self.says.close()

    def kill(self) -> None:
        """End this process now. Its workers go on."""
        self.close()
        self._process.kill()

    def gone(self) -> bool:
        """Return whether it has ended, and free what the system keeps of it."""
        return not self._process.is_alive()

    def how(self) -> int:
        """Return its exit code, shortly after its end."""
        self._process.join(1)
        return self._process.exitcode or 0

    def _ask(self, order: object, *given: Connection) -> object:
        with suppress(OSError, EOFError):
            self.says.send(order)
            for each in given:
                send_handle(self.says, each.fileno(), self.pid)
            if self.says.poll(_PATIENCE_SECONDS):
                return self.says.recv()
        return None


def _stand(worker: Worker, listener: Listener, orders: Connection, first: bool, running: bool) -> None:
    """Load, say what came of it, and fork workers until nobody gives orders any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    write_as(worker.settings.log)
    with suppress(OSError, EOFError):  # whoever gives orders is gone
        found = _loaded(worker, orders, first, running)
        if found is not None:
            _fork(*found, listener, orders)
    listener.socket.close()  # while the last workers end, nobody is to wait in this line


def _loaded(worker: Worker, orders: Connection, first: bool, running: bool) -> tuple[Worker, Policies] | None:
    try:
        if not first:  # the workers have read them for themselves, and may have found others
            worker = replace(worker, settings=renewed(worker.settings, worker.reread()))
        orders.send(Read(bool(worker.settings.keys)))
        worker.engine.require()
        rely_on(*worker.proven)
        policies = worker.policies(worker.settings, running=running)
        worker.engine.require()  # what was read may be of both, where an installer was at work
        check_keys(policies, worker.settings, worker.on)
        identity = identity_of(policies, worker.settings)
        rest()
        _alone()
    except OrdinanceError as error:
        orders.send(Failure(error))
        return None
    except Exception as error:  # what is in force must outlive whatever a new one brings
        orders.send(Failure(defect=described(error)))
        return None
    settle()
    orders.send(Loaded(identity, named(policies), proven()))
    return worker, policies


def _fork(worker: Worker, policies: Policies, listener: Listener, orders: Connection) -> None:
    started: dict[int, ForkProcess] = {}
    while True:
        match orders.recv():
            case ("fork", bool(keyed)):
                to_obey, to_report = (Connection(recv_handle(orders)) for _ in range(2))
                process = get_context("fork").Process(
                    target=_begin, args=(replace(worker, keyed=keyed), policies, listener, to_obey, to_report, orders)
                )
                with to_obey, to_report:
                    try:
                        process.start()
                        started[process.pid or 0] = process
                    except OSError as error:
                        tell(f"no worker can be started now: {error.strerror}; it is tried again", "error")
                orders.send(process.pid)
            case ("ended", int(pid)):
                process = started.pop(pid)
                process.join(_PATIENCE_SECONDS / 3)
                orders.send(process.exitcode)


def _begin(
    worker: Worker,
    policies: Policies,
    listener: Listener,
    to_obey: Connection,
    to_report: Connection,
    of_parent: Connection,
) -> None:
    of_parent.close()  # else nobody would notice the parent's end
    try:
        worker.serve(policies, listener, to_obey, to_report)
    except Exception as error:  # it would become a traceback
        _tell_failure(error)
        sys.exit(1)


def _tell_failure(error: Exception) -> None:
    who = f"worker {os.getpid()} failed"
    if isinstance(error, MemoryError) or error.args == ("can't start new thread",):
        tell(f"{who}: there is too little memory, or no further thread is allowed", "error")
    else:
        log_defect(error, who)


def _alone() -> None:
    """Wait until no other thread runs."""
    until = time.monotonic() + _THREADS_SECONDS
    while time.monotonic() < until and any(
        each is not threading.main_thread() and each.name != _STARTER for each in threading.enumerate()
    ):
        time.sleep(0.01)
    sys.stdout.flush()
    sys.stderr.flush()
