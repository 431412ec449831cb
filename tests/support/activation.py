"""`ordinance serve` as systemd starts it: with sockets that listen already, and with someone who waits until it is
ready."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support.commands import Served

#: Puts the descriptors that it is given where systemd puts them, says whose they are, and becomes the command.
_STARTER = """
import fcntl, os, sys
given = [int(each) for each in sys.argv[1].split(",")]
kept = [fcntl.fcntl(each, fcntl.F_DUPFD, 64) for each in given]
for place, each in enumerate(kept, 3):
    os.dup2(each, place, inheritable=True)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class Activated(Served):
    """``ordinance serve`` with ``sockets`` passed to it, the names of which are ``names``."""

    def __init__(
        self, sockets: Sequence[socket.socket], *words: str | Path, names: str = "http", **variables: Any
    ) -> None:
        self.descriptors = tuple(each.fileno() for each in sockets)
        given = ",".join(map(str, self.descriptors))
        self.starter = (sys.executable, "-c", _STARTER, given)  # type: ignore[misc]
        super().__init__(*words, LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names, **variables)


def as_the_unit_opens() -> socket.socket:
    """A socket as `deploy/systemd/ordinance.socket` opens it, on a free port of the loopback interface: with
    `DeferAcceptSec=`, which the kernel rounds."""
    opened = socket.create_server(("127.0.0.1", 0), backlog=256)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    return opened
