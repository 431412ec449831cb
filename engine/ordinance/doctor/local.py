"""The process that listens on a port of this machine, as far as its system lets it be seen (Linux)."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LISTENING, _ESTABLISHED = "0A", "01"
#: The tables change while they are read: a line can be missed, and a process between fork and exec can be taken for the
#: owner of its parent's socket. So what is not found is looked for again.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Process:
    """``environment`` is the one it began with; ``reached`` are addresses outside this machine that it, or a process
    that it started, is connected to, but for clients of the port."""

    id: int
    words: tuple[str, ...]
    environment: Mapping[str, str]
    home: Path
    reached: tuple[str, ...]

    @property
    def is_vllm(self) -> bool:
        started = self.words[:3]  # an interpreter, a script or `-m` and a module: not what a command is given
        return any(Path(word).name == "vllm" or word.startswith(("vllm.", "VLLM::")) for word in started)


@dataclass(frozen=True, slots=True)
class _Connection:
    state: str
    local: int
    remote: str
    socket: str


def listening_at(port: int) -> Process | None:
    """Return the process that listens on ``port``; None if there is none or it cannot be seen."""
    return next(filter(None, (_seen_at(port) for _ in range(_LOOKS))), None)


def _seen_at(port: int) -> Process | None:
    try:
        connections = list(_connections())
        sockets = {each.socket for each in connections if each.state == _LISTENING and each.local == port}
        owners = [found for found in _processes() if _sockets(found) & sockets]
        if not owners:
            return None
        first = min(owners)
        environment = _environment(first)
    except OSError:
        return None
    family = _family(first)
    theirs = frozenset().union(*(_sockets(each) for each in family))
    reached = sorted({
        each.remote for each in connections
        if each.socket in theirs and each.state == _ESTABLISHED and each.local != port and _is_outside(each.remote)
    })  # fmt: skip
    home = Path(environment.get("HOME", "/nonexistent"))
    return Process(first, _words(first), environment, home, tuple(reached))


def _connections() -> Iterator[_Connection]:
    for name in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / name).read_text("ascii").splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            fields = line.split()
            yield _Connection(fields[3], int(fields[1].rpartition(":")[2], 16), _address(fields[2]), fields[9])


def _address(field: str) -> str:
    """Decode an address as the kernel writes it: words of four bytes in the machine's own order."""
    raw = bytes.fromhex(field.rpartition(":")[0])
    ordered = b"".join(struct.pack(">I", word) for word in struct.unpack(f"={len(raw) // 4}I", raw))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, ordered)


def _is_outside(address: str) -> bool:
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return not (mapped or found).is_loopback


def _processes() -> list[int]:
    return [int(path.name) for path in _PROC.glob("[0-9]*")]


def _sockets(process: int) -> frozenset[str]:
    try:
        opened = list((_PROC / str(process) / "fd").iterdir())
    except OSError:  # another user's, or gone meanwhile
        return frozenset()
    return frozenset(target[8:-1] for target in map(_target, opened) if target.startswith("socket:["))


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # closed meanwhile
        return ""


def _environment(process: int) -> dict[str, str]:
    raw = (_PROC / str(process) / "environ").read_bytes().decode("utf-8", "replace")
    return {name: value for name, _, value in (entry.partition("=") for entry in raw.split("\0") if entry)}


def _words(process: int) -> tuple[str, ...]:
    try:
        return tuple((_PROC / str(process) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0"))
    except OSError:
        return ()


def _family(process: int) -> set[int]:
    """Return a process and those that it started, directly or not."""
    parents: dict[int, int] = {}
    for each in _processes():
        try:
            stat = (_PROC / str(each) / "stat").read_text("utf-8", "replace")
            parents[each] = int(stat.rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
    family = {process}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return family
