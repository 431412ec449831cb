"""Server-sent events: bytes in, the data of whole events out, and back.

The bytes may be cut anywhere: in a line end, in a character, between events. An event is decoded when it is
complete, so half a character is never seen; whatever is not UTF-8 or longer than the limit is a ``BadEventError``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ordinance.protocol.problems import upstream_failed

#: What ends a stream of the OpenAI protocols.
DONE = b"data: [DONE]\n\n"

_ERROR = b"event: error\n"
#: What stands around the data of an event.
LEAD, TAIL = b"data: ", b"\n\n"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BadEventError(Exception):
    """The bytes are no event stream: not UTF-8, or an event over the limit."""


class EventParser:
    """Collects bytes into events. One per stream.

    ``limit`` bounds the bytes of one event, comments and line ends included. Of the other fields only
    the type ``error`` means anything in a protocol that passes here; the rest is dropped. ``between`` says that what
    comes next begins an event, and that whole events came before it.
    """

    __slots__ = ("_data", "_ends_in_return", "_failed", "_limit", "_partial", "_size", "_started", "between")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._partial = bytearray()
        self._data: list[bytes] = []
        self._failed = False
        self._size = 0
        self._ends_in_return = False
        self._started = False
        self.between = False

    @property
    def pending(self) -> int:
        """The bytes of the event that is not complete yet."""
        return self._size

    def feed(self, received: bytes) -> Iterable[bytes]:
        """Yield the data of every event that ``received`` completes. Raises ``BadEventError``, and ``Problem`` for an
        event of the type ``error``."""
        return self._whole_events(received) or self._events(received)

    def _whole_events(self, received: bytes) -> list[bytes]:
        """Read the usual case in a short way: whole events with one line of data each, with nothing pending before
        them."""
        if self._size or self._ends_in_return or received.find(b"\r") >= 0:
            return []
        events, at, size = [], 0, len(received)
        while at < size:
            start = at
            if received.startswith(b"event: ", at):
                at = received.find(b"\n", at) + 1
                if not at or received.startswith(_ERROR, start):
                    return []
            end = received.find(b"\n", at)
            if (
                not received.startswith(b"data: ", at)
                or not received.startswith(b"\n\n", end)
                or end - start > self._limit - 2
            ):
                return []
            events.append(received[at + 6 : end])
            at = end + 2
        if not received.isascii():
            try:
                received.decode()
            except UnicodeDecodeError:
                return []
        self._started = self.between = True
        return events

    def _events(self, received: bytes) -> Iterator[bytes]:
        self.between = False
        for line in self._lines(received):
            if line:
                self._field(line)
            else:
                self._size = 0
                if self._failed:
                    raise upstream_failed()
                if self._data:
                    data, self._data = b"\n".join(self._data), []
                    yield data

    def _lines(self, received: bytes) -> Iterator[bytes]:
        """Yield the lines that ``received`` completes, without their ends; ``\\r\\n`` may be cut in two."""
        if self._ends_in_return and received.startswith(b"\n"):
            received = received[1:]
            self._ends_in_return = False
        if received:
            self._ends_in_return = received.endswith(b"\r")
        for piece in received.splitlines(keepends=True):
            self._size += len(piece)
            if self._size > self._limit:
                raise BadEventError("an event is over the limit")
            self._partial += piece
            if piece.endswith((b"\n", b"\r")):
                line = bytes(self._partial).rstrip(b"\r\n")
                self._partial.clear()
                if not self._started:
                    self._started = True
                    line = line.removeprefix(_BYTE_ORDER_MARK)
                yield line

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"event":
            self._failed = value.removeprefix(b" ") == b"error"
        if name != b"data":
            return
        try:
            value.decode()
        except UnicodeDecodeError:
            raise BadEventError("an event is not UTF-8") from None
        self._data.append(value.removeprefix(b" "))


def framed(data: bytes) -> bytes:
    """Return the event with this data, which contains no line end."""
    return LEAD + data + TAIL


def lead_of(name: str) -> bytes:
    """Return what stands before the data of an event of this type."""
    return b"event: " + name.encode() + b"\n" + LEAD


def named(name: bytes, data: bytes) -> bytes:
    """Return the event with this type and data."""
    return b"event: " + name + b"\ndata: " + data + b"\n\n"
