"""Which addresses a command reaches out to, as the kernel sees it: strace writes down each call that could."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support.waiting import until

_CALLS = "connect,sendto,sendmsg,sendmmsg,bind"
_FOUR = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
_SIX = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"')
_CALL = re.compile(r"^\d+ +(\w+)\((.*)$")


class Reached(NamedTuple):
    """An address at a port, and the system call that names it."""

    call: str
    host: str
    port: int


class Tracer:
    """strace for one command and all that it starts, which writes into ``path``. The command stays the child of who
    started it; no byte that it sends is written down."""

    def __init__(self, path: Path) -> None:
        program = shutil.which("strace")
        assert program, "strace is missing: make system"
        self._path = path
        self.words = (
            program, "-D", "-f", "--seccomp-bpf", "-qqq", "-s", "0", "-e", f"trace={_CALLS},exit_group",
            "-e", "signal=none", "-o", str(path),
        )  # fmt: skip

    def reached(self) -> set[tuple[str, int]]:
        """Return where the command went: the addresses that are not those of sockets of the file system, nor of a
        socket of its own that it binds. Waits for the end of what is written."""
        return {(each.host, each.port) for each in self.calls() if each.call != "bind"}

    def bound(self) -> set[tuple[str, int]]:
        """Return where it listened, or what it chose as its own end."""
        return {(each.host, each.port) for each in self.calls() if each.call == "bind"}

    def calls(self) -> list[Reached]:
        """Return each call that names an address of the network, in order."""
        sizes: list[int] = []

        def settled() -> bool:
            sizes.append(self._path.stat().st_size)
            return len(sizes) > 50 and len(set(sizes[-50:])) == 1 and sizes[-1] > 0

        until(settled, "strace has written nothing", 30)
        return list(_calls(self._path.read_text("utf-8", "replace")))


def _calls(text: str) -> Iterator[Reached]:
    for line in text.splitlines():
        if called := _CALL.match(line):
            for port, host in _FOUR.findall(called[2]) + _SIX.findall(called[2]):
                yield Reached(called[1], host, int(port))
