"""Ports for servers that the tests start and that cannot be asked which port the system gave them."""

from __future__ import annotations

import itertools
import os
import socket

#: Below those that Linux gives to connections, one of which could take a port between its choice and its use.
_FIRST, _PORTS = 12_000, 20_000
#: Two processes begin far apart.
_next = itertools.count(os.getpid() * 97)


def free_port() -> int:
    """Return a port of the loopback interface at which nobody listens; each call gives another."""
    while True:
        port = _FIRST + next(_next) % _PORTS
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
