"""Messages of plain data between the engine and a plugin's process: JSON in ASCII behind a length of four bytes, each
bounded in size and, where one side says so, in time."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from contextlib import suppress

#: The longest message to a plugin's process, and while one starts from it, in bytes.
LONGEST = 16 * 1024 * 1024
#: The longest answer, in bytes.
LONGEST_ANSWER = 1024 * 1024
#: How many questions a process works on at once, unless its budget says otherwise.
THREADS = 4

_HEAD = 4


def packed(message: object) -> bytes:
    """Return ``message`` as bytes. Raises ``ValueError`` or ``TypeError`` for what is not plain data."""
    data = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    return len(data).to_bytes(_HEAD, "big") + data


class Frames:
    """One end of a connection. One thread receives; any may send.

    All methods raise ``TimeoutError`` where it takes longer than the seconds given (None: no bound), and ``OSError``
    where the other side has gone. After a ``TimeoutError`` the connection is of no use.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._sending = threading.Lock()
        self._readable = select.poll()
        self._readable.register(connection, select.POLLIN)

    def send(self, data: bytes, seconds: float | None = None) -> None:
        """Send a message that ``packed`` made, within ``seconds``."""
        until = _until(seconds)
        if not self._sending.acquire(timeout=-1 if seconds is None else seconds):
            raise TimeoutError
        try:
            left = memoryview(data)
            while left:
                try:
                    left = left[self._connection.send(left) :]
                except BlockingIOError:
                    self._wait_until_writable(until)
        finally:
            self._sending.release()

    def receive(self, first: float | None = None, rest: float | None = None, longest: int = LONGEST) -> object:
        """Return the next message, of at most ``longest`` bytes. It begins within ``first`` seconds and is complete
        within ``rest`` seconds from then on. Raises ``ValueError`` for a message that is too long or not JSON."""
        head = self._some(1, _until(first))
        until = _until(rest)
        while len(head) < _HEAD:
            head += self._some(_HEAD - len(head), until)
        length = int.from_bytes(head, "big")
        if length > longest:
            raise ValueError("the message is too long")
        data = bytearray()
        while len(data) < length:
            data += self._some(length - len(data), until)
        try:
            return json.loads(data)
        except RecursionError:
            raise ValueError("the message is nested too deeply") from None

    def break_off(self) -> None:
        """Wake whoever waits here, with an ``OSError``; the other side sees the end."""
        with suppress(OSError):  # the other side was faster
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the descriptor. Only the thread that receives may do so: another thread's wait would be for whatever
        gets its number next."""
        self._connection.close()

    def _some(self, most: int, until: float | None) -> bytes:
        while True:
            if not self._readable.poll(_left(until)):
                raise TimeoutError
            try:
                piece = self._connection.recv(min(most, 65536))
            except BlockingIOError:
                continue
            if not piece:
                raise ConnectionError("the other side has gone")
            return piece

    def _wait_until_writable(self, until: float | None) -> None:
        poll = select.poll()
        try:
            poll.register(self._connection, select.POLLOUT)
        except ValueError:  # closed meanwhile
            raise ConnectionError("the connection is closed") from None
        if not poll.poll(_left(until)):
            raise TimeoutError


def _until(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def _left(until: float | None) -> float | None:
    """Return the milliseconds until then, at least 0."""
    return None if until is None else max(0.0, (until - time.monotonic()) * 1000)
