"""Whole messages between two processes, each bounded in size and, where one side says so, in time."""

from __future__ import annotations

import select
import socket
import time

#: The longest message, in bytes: spans in a sentence of at most some thousand characters, or a policy's detectors.
LONGEST = 16 * 1024 * 1024
_HEAD = 4


class Messages:
    """One end of a connection. Both methods raise ``TimeoutError`` where it takes longer than ``seconds`` (None: there
    is no bound), and ``OSError`` where the other side has gone or breaks off."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, message: bytes, seconds: float | None = None) -> None:
        """Say a message."""
        self._connection.settimeout(seconds)
        self._connection.sendall(len(message).to_bytes(_HEAD, "big") + message)

    def receive(self, seconds: float | None = None, longest: int = LONGEST) -> bytes:
        """Receive the next message, of at most ``longest`` bytes, within ``seconds``. A longer message breaks the
        connection off."""
        until = None if seconds is None else time.monotonic() + seconds
        length = int.from_bytes(self._exactly(_HEAD, until), "big")
        if length > longest:
            raise ConnectionError("a message is too long")
        return self._exactly(length, until)

    @property
    def unread(self) -> bool:
        """Return whether something has come that nobody has taken; or the end of the connection."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self._connection.close()

    def _exactly(self, count: int, until: float | None) -> bytes:
        taken = bytearray()
        while len(taken) < count:
            # A message that comes in drops does not begin its time anew.
            self._connection.settimeout(None if until is None else max(until - time.monotonic(), 1e-6))
            piece = self._connection.recv(min(count - len(taken), 65536))
            if not piece:
                raise ConnectionError("the other side has gone")
            taken += piece
        return bytes(taken)
