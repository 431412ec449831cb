"""Processes that a benchmark starts, and what they take."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    words: list[str | Path], sign: str | None = "", program: str | Path = sys.executable
) -> Iterator[tuple[int, int]]:
    """A process until the block ends: its id and the port that it prints in a line with ``sign``; 0 for None."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [str(program), *map(str, words)], stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
        try:
            yield process.pid, 0 if sign is None else _port_in(process, sign)
        finally:
            process.terminate()
            process.wait()


def _port_in(process: subprocess.Popen[str], sign: str) -> int:
    line = next(line for line in process.stdout or () if sign in line)
    return int(line.rsplit(":", 1)[-1].split(",")[0].split()[0].strip("/"))


def spent(pid: int) -> float:
    """Processor seconds of a process and of all that it has started, and these, as far as they live."""
    times = 0
    for each in (pid, *started(pid)):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        times += int(fields[11]) + int(fields[12])
    return times / TICKS


def started(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have started."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for each in map(int, children.read_text().split()):
            found += [each, *started(each)]
    return found


def held(pid: int) -> int:
    """Memory of a process that is its own, in KiB; of what it shares with others, its part (PSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss: +([0-9]+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0
