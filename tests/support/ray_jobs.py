"""Programs of tests/on_ray, run with the Python of ``.venv/ray`` on a Ray of their own, which ends with them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support.checkout import ROOT
from support.waiting import until

PYTHON = ROOT / ".venv" / "ray" / "bin" / "python"
JOBS = ROOT / "tests" / "on_ray"
#: How long a program may take, in seconds: Ray starts a dozen processes, and the machine may be busy.
PATIENCE = 900.0
#: How a program's own lines begin.
SIGN = "said: "
_MARK = "OF_THE_JOB"


class Job:
    """A program that runs; it prints a line of JSON for each thing that it says."""

    def __init__(self, process: subprocess.Popen[str], mark: str, log: Path) -> None:
        self.process = process
        self._mark = mark
        self._log = log

    def said(self) -> Any:
        """Wait for the next line of the program's own; Ray prints there too."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(SIGN):
                return json.loads(line.removeprefix(SIGN))
        raise AssertionError(self._log.read_text("utf-8", "replace")[-6000:])

    def processes(self, title: str = "") -> list[int]:
        """Return the processes that belong to this program and whose title begins so."""
        return [each for each in _marked(self._mark) if _title(each).startswith(title)]

    def kill_one(self, title: str) -> int:
        """Kill one of the processes with that title, as a machine does that is gone."""
        pid = self.processes(title)[0]
        os.kill(pid, signal.SIGKILL)
        return pid


@contextmanager
def running(program: str, *words: str | Path | int, **variables: str) -> Iterator[Job]:
    """Start a program of tests/on_ray. Afterwards nothing of it runs."""
    home = Path(tempfile.mkdtemp(prefix="ordray"))  # short: Ray puts sockets below it
    mark = uuid.uuid4().hex
    log = home / "log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORDINANCE_", "RAY_", "PYTHON"))}
    given = {
        **kept, _MARK: mark, "HOME": str(home), "RAY_TMPDIR": str(home),
        "RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "300",
        "RAY_agent_register_timeout_ms": "300000", **variables,
        # Ray takes the machine's own address for 127.0.0.1, unless it believes to be where there is one machine.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }  # fmt: skip
    command: list[str | Path] = [PYTHON, JOBS / program, *map(str, words)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env=given, stdout=subprocess.PIPE, stdin=subprocess.PIPE, stderr=file, text=True
        )
    try:
        yield Job(process, mark, log)
        assert process.stdin is not None
        process.stdin.close()  # the sign to end
        assert process.wait(PATIENCE) == 0, log.read_text("utf-8", "replace")[-6000:]
        until(lambda: not _marked(mark), seconds=60)
    finally:
        for pid in _marked(mark):
            _kill(pid)
        process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        shutil.rmtree(home, ignore_errors=True)


def _marked(mark: str) -> list[int]:
    sign = f"{_MARK}={mark}".encode()
    return [int(each) for each in os.listdir("/proc") if each.isdigit() and sign in _read(each, "environ").split(b"\0")]


def _title(pid: int) -> str:
    return _read(str(pid), "cmdline").replace(b"\0", b" ").decode("utf-8", "replace")


def _read(pid: str, name: str) -> bytes:
    try:
        return Path("/proc", pid, name).read_bytes()
    except OSError:
        return b""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
