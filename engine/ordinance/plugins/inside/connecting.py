"""``connect()`` in a plugin's process: the engine connects, and passes the socket over."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Container

#: The longest message here, in bytes: an address, or an error.
LONGEST = 4096


class Connecting:
    """Asks for one of ``allowed`` at a time over ``connection``, a socket that keeps messages apart."""

    def __init__(self, connection: socket.socket, allowed: Container[str]) -> None:
        self._connection = connection
        self._allowed = allowed
        self._asking = threading.Lock()

    def __call__(self, address: str) -> socket.socket:
        """Return a connected socket. Raises ``PermissionError`` for an address that the operator did not name."""
        if address not in self._allowed:
            raise PermissionError(f"the operator has not named {address} in `network`")
        with self._asking:
            self._connection.send(json.dumps(address).encode("ascii"))
            said, descriptors, _, _ = socket.recv_fds(self._connection, LONGEST, 1)
        if descriptors:
            return socket.socket(fileno=descriptors[0])
        raise OSError(said.decode() or "the engine has gone")
