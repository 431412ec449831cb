"""The processes that a process has started, as /proc says."""

from __future__ import annotations

import os
from pathlib import Path

#: Fields of /proc/PID/stat behind the name: who has started it, whose session it is in, ticks in user and kernel mode.
_PARENT, _SESSION, _TICKS = 1, 3, slice(11, 13)
#: Processes of this one that were there before the present test: of a policy that nobody has collected yet.
_earlier: set[int] = set()


def begin() -> None:
    """Leave out of ``children`` what runs now."""
    _earlier.clear()
    _earlier.update(children(os.getpid()))


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started and that still run; of this process, those since ``begin``."""
    found = _running(_PARENT, pid)
    return [each for each in found if each not in _earlier] if pid == os.getpid() else found


def workers_of(server: int) -> set[int]:
    """The workers of ``server``: what the processes that have loaded its policies have forked."""
    return {worker for template in templates_of(server) for worker in children(template)}


def templates_of(server: int) -> list[int]:
    """The processes of ``server`` that have loaded a policy, or do so now."""
    return [each for each in children(server) if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


def session(leader: int) -> list[int]:
    """The processes in the session of ``leader`` that run."""
    return _running(_SESSION, leader)


def running(pid: int) -> bool:
    return _runs(_stat(pid))


def spent(pid: int) -> float:
    """The processor time of a process so far, in seconds; the kernel counts in hundredths."""
    return sum(map(int, _stat(pid)[_TICKS])) / os.sysconf("SC_CLK_TCK")


def _running(field: int, pid: int) -> list[int]:
    """The processes that run and have ``pid`` in this field."""
    stats = {int(each): _stat(int(each)) for each in os.listdir("/proc") if each.isdigit()}
    return sorted(each for each, fields in stats.items() if _runs(fields) and fields[field] == str(pid))


def _runs(fields: list[str]) -> bool:
    return bool(fields) and fields[0] != "Z"


def _stat(pid: int) -> list[str]:
    """The fields behind the name; none if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
