"""A process that runs code of plugins, and ends together with everything that this code has started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

from ordinance.detectors.channel import Messages

_MAIN = """\
import importlib, json, sys
sys.path[:] = json.loads(sys.argv[1])
importlib.import_module(sys.argv[2]).main(int(sys.argv[3]))
"""


class Child:
    """Runs ``main`` of the module ``name``, which is given the descriptor of its end of the connection."""

    def __init__(self, name: str) -> None:
        ours, theirs = socket.socketpair()
        self.messages = Messages(ours)
        # A session of its own: Ctrl-C is for the server, which lets running answers finish; and what a plugin starts
        # is ended with it. Nothing that a plugin prints reaches a log: it might be what was said.
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our own words
            [sys.executable, "-c", _MAIN, json.dumps(sys.path), name, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()

    def end(self) -> int | None:
        """End it, with what it has started. Its exit status, if it had ended by itself."""
        status = self._status()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.messages.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        return status

    def _status(self) -> int | None:
        """Return the exit status, None while the process runs. It is not collected: until then no other group can get
        its number."""
        with suppress(ChildProcessError):
            found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
        return None


def end_with_all() -> None:
    """Kill this process, the child, with everything in its session, so that nothing outlives it."""
    os.killpg(0, signal.SIGKILL)
