"""Connections that the engine makes for a plugin's process, which cannot make any.

They go to the addresses that the operator named, and to no other.
"""

from __future__ import annotations

import errno
import json
import socket
import time
from collections.abc import Container

from ordinance.plugins.background import begin
from ordinance.plugins.inside.connecting import LONGEST

#: How long a process waits that asks for an address that it may not have, in seconds: it asks again and again.
_REFUSAL = 0.1
#: How long it waits after any other: whoever connects without end must not keep the engine busy.
_BETWEEN = 0.01


def serve(connection: socket.socket, allowed: Container[str], seconds: float) -> None:
    """Start a thread that answers each address that comes over ``connection`` with a socket connected to it, if it is
    one of ``allowed`` and answers within ``seconds``. The thread ends with the connection, and closes it. Raises
    ``OSError``."""
    begin("ordinance-connections", _serve, connection, allowed, seconds)


def _serve(connection: socket.socket, allowed: Container[str], seconds: float) -> None:
    with connection:
        while True:
            try:
                asked = connection.recv(LONGEST)
                if not asked:
                    return
                _answer(connection, _address(asked), allowed, seconds)
                time.sleep(_BETWEEN)
            except OSError:
                return  # the process has gone


def _address(asked: bytes) -> str:
    try:
        address = json.loads(asked)
    except (ValueError, RecursionError):
        return ""
    return address if isinstance(address, str) else ""


def _answer(connection: socket.socket, address: str, allowed: Container[str], seconds: float) -> None:
    if address not in allowed:
        time.sleep(_REFUSAL)
        connection.send(b"the operator has not named this address")
        return
    try:
        made = _connected(address, seconds)
    except (OSError, ValueError) as error:
        connection.send(f"{address}: {type(error).__name__}".encode()[:LONGEST])
        return
    with made:
        socket.send_fds(connection, [b"connected"], [made.fileno()])


def _connected(address: str, seconds: float) -> socket.socket:
    kind, _, path = address.partition(":")
    if kind == "unix":
        made = _at(path, seconds)
    else:
        host, _, port = address.rpartition(":")
        made = socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)
        # Else what is sent in two parts waits 40 ms for the other side to acknowledge the first.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.settimeout(None)
    return made


def _at(path: str, seconds: float) -> socket.socket:
    """Return a socket connected to ``path``, of the kind that listens there: a stream, or datagrams as at /dev/log."""
    try:
        return _of(socket.SOCK_STREAM, path, seconds)
    except OSError as error:
        if error.errno != errno.EPROTOTYPE:
            raise
        return _of(socket.SOCK_DGRAM, path, seconds)


def _of(kind: socket.SocketKind, path: str, seconds: float) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, kind)
    made.settimeout(seconds)
    try:
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made
