"""A plugin's process as the operating system sees it: isolated, in a session of its own, and killed whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import pluggy

from ordinance.plugins.background import begin
from ordinance.plugins.inside import boot
from ordinance.plugins.inside.frames import Frames

#: All that a process finds in its environment.
_ENVIRONMENT = {"LANG": "C.UTF-8"}
#: How long a process may take to end once its descriptors are closed, in seconds.
_ENDING_SECONDS = 1.0
#: Where /proc/PID/stat says how many threads there are, behind the name.
_THREADS = 17
#: A socket that keeps messages apart, and on Linux sends them to nobody but its other end.
_APART = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM


_Wanted = tuple[str, Sequence[int], "Future[subprocess.Popen[bytes]]"]


class _Starter:
    """Starts processes in a thread that lasts as long as the engine. The kernel ends a process with the thread that
    started it, whatever the process is doing (``confinement.py``)."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._wanted: SimpleQueue[_Wanted] | None = None

    def __call__(self, program: str, descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
        """Start ``program`` with these descriptors. Raises ``OSError``."""
        with self._lock:
            if self._wanted is None:
                wanted: SimpleQueue[_Wanted] = SimpleQueue()
                # Not an executor's thread: those end before the last pools are closed.
                begin("ordinance-starter", _work, wanted)
                self._wanted = wanted
        started: Future[subprocess.Popen[bytes]] = Future()
        self._wanted.put((program, descriptors, started))
        return started.result()


def _work(wanted: SimpleQueue[_Wanted]) -> None:
    while True:
        program, descriptors, started = wanted.get()
        try:
            started.set_result(_popen(program, descriptors))
        except Exception as error:
            started.set_exception(error)


_start = _Starter()


class Launched:
    """A process that has just begun. ``frames`` is the channel to it, and ``connecting`` a socket that keeps messages
    apart, over which it asks for connections. Raises ``OSError``.

    The testing kit starts a ``program`` of its own, which is also given the descriptors ``more``."""

    def __init__(self, program: str | None = None, more: Sequence[int] = ()) -> None:
        ours, theirs = socket.socketpair()
        self.connecting, asking = socket.socketpair(socket.AF_UNIX, _APART)
        self.frames = Frames(ours)
        with theirs, asking:
            try:
                self._process = _start(program or boot.__file__, [theirs.fileno(), asking.fileno(), *more])
            except OSError:
                self.close()
                raise

    @property
    def pid(self) -> int:
        """Return its process, session and group."""
        return self._process.pid

    def threads(self) -> int:
        """Return how many threads it has; 0 where that cannot be read, or it has ended."""
        try:
            said = Path(f"/proc/{self._process.pid}/stat").read_bytes()
        except OSError:
            return 0
        return int(said.rpartition(b")")[2].split()[_THREADS])

    def kill(self) -> None:
        """End it with all that it has started, and wake whoever waits for it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(OSError):
            self.connecting.shutdown(socket.SHUT_RDWR)
        self.frames.break_off()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)

    def close(self) -> None:
        """Free the descriptors. Only the thread that receives from ``frames`` may do so."""
        self.frames.close()
        self.connecting.close()

    def how(self) -> str:
        """Return in words with which status the process ended, after its channel did; empty if it runs on."""
        until = time.monotonic() + _ENDING_SECONDS
        if not hasattr(os, "waitid"):
            return ""  # on macOS
        with suppress(ChildProcessError):
            while time.monotonic() < until:
                # It is not collected: until then no other group can get its number.
                found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
                if found is not None:
                    kind = "exit status" if found.si_code == os.CLD_EXITED else "signal"
                    return f" ({kind} {found.si_status})"
                time.sleep(0.005)
        return ""


def _popen(program: str, descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
    folder = Path(pluggy.__file__).resolve().parent
    # A session of its own: Ctrl-C is for the server, which lets running answers finish; and what the plugin starts ends
    # with it. Nothing that a plugin prints reaches a log: it might be text of a request.
    return subprocess.Popen(  # noqa: S603 - this interpreter, with our own words
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", program, str(folder), *map(str, descriptors)],
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=_ENVIRONMENT,
        cwd="/",
    )
