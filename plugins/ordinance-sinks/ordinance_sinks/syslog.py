"""Syslog messages (RFC 5424), on a stream with their length before them (RFC 6587), or as datagrams."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress

from ordinance.plugin import Record, connect
from ordinance_sinks.line import is_quiet, line

#: RFC 5424, table 1.
_FACILITIES = {"user": 1, "daemon": 3, "auth": 4, "authpriv": 10, **{f"local{n}": 16 + n for n in range(8)}}
_NOTICE, _INFORMATIONAL = 5, 6


class Syslog:
    """Sends records to the syslog server at ``address``, as messages of a ``facility``."""

    def __init__(self, address: str, facility: str) -> None:
        self._address = address
        self._facility = _FACILITIES[facility]
        self._socket: socket.socket | None = None

    def write(self, records: Sequence[Record]) -> None:
        """Send each record as one message. Raises ``OSError`` if the server is not there."""
        messages = [self.message(record) for record in records]
        connection = self._connected()
        try:
            if connection.type & socket.SOCK_DGRAM:
                for message in messages:
                    connection.send(message)
            else:
                connection.sendall(b"".join(b"%d %b" % (len(message), message) for message in messages))
        except OSError:
            self._close()
            raise

    def message(self, record: Record) -> bytes:
        """Return the message of ``record``: a notice if something was left out or went wrong, else informational."""
        priority = self._facility * 8 + (_INFORMATIONAL if is_quiet(record) else _NOTICE)
        head = f"<{priority}>1 {record.get('time', '-')} - ordinance - {record.get('event', '-')} - "
        return head.encode() + line(record).encode()

    def _connected(self) -> socket.socket:
        """Return the connection; a new one if the server has closed it, which a first write would not notice."""
        if self._socket is not None:
            try:
                closed = self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
            except BlockingIOError:
                closed = False
            except OSError:
                closed = True
            if closed:
                self._close()
        if self._socket is None:
            self._socket = connect(self._address)
        return self._socket

    def _close(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None
