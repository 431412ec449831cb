"""The processes that a process has started, as /proc says."""

from __future__ import annotations

import os
from pathlib import Path

#: Processes of this one that were there before the present test: of a policy that nobody has collected yet.
_earlier: set[int] = set()


def begin() -> None:
    """Leave out of ``children`` what runs now."""
    _earlier.clear()
    _earlier.update(children(os.getpid()))


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started, since ``begin`` if it is this one, and not seen end."""
    found = []
    for each in os.listdir("/proc"):
        if each.isdigit() and (fields := _stat(int(each))) and fields[1] == str(pid) and fields[0] != "Z":
            found.append(int(each))
    return sorted(set(found) - _earlier)


def session(leader: int) -> list[int]:
    """The processes in the session of ``leader`` that run."""
    found = []
    for each in os.listdir("/proc"):
        if each.isdigit() and (fields := _stat(int(each))) and fields[3] == str(leader) and fields[0] != "Z":
            found.append(int(each))
    return sorted(found)


def running(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def _stat(pid: int) -> list[str]:
    """The fields behind the name: state, parent, group, session."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
