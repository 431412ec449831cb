"""How the numbers of several processes come together: each worker reports, and the one that started them gathers.

A worker sends all its numbers once a second, if one has changed, over the pipe on which it said that it serves. So no
scrape waits for a worker that is busy, and of one that is killed at most the last second is missing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

import msgspec

from ordinance.serve.metrics.tally import Key, Numbers, joined, lasting

#: How often a worker reports, in seconds.
EVERY_SECONDS = 1.0

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[tuple[str, ...], float]]).decode


class Reporter:
    """Sends what ``numbers`` returns to the other end of ``connection``, from ``start`` until ``close``."""

    def __init__(self, connection: Connection, numbers: Callable[[], Numbers]) -> None:
        self._connection = connection
        self._numbers = numbers
        self._sent: Numbers = {}
        self._ending = threading.Event()
        # Whoever gathers may be stuck, and then this thread waits for it, and nothing else does.
        self._thread = threading.Thread(target=self._run, name="ordinance-metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Send the last numbers, within a bounded time."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(2 * EVERY_SECONDS)

    def _run(self) -> None:
        with suppress(OSError):  # nobody gathers any more
            while not self._ending.wait(EVERY_SECONDS if self._sent else 0):
                self._send()
            self._send()
        self._connection.close()

    def _send(self) -> None:
        numbers = self._numbers()
        if numbers != self._sent:
            self._connection.send_bytes(_encode(list(numbers.items())))
            self._sent = numbers


class Gathered:
    """The numbers of all workers that were followed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Connection, Numbers] = {}
        self._ended: dict[Key, float] = {}

    def follow(self, connection: Connection) -> None:
        """Take the reports that come over ``connection`` until its worker has ended."""
        threading.Thread(target=self._take, args=(connection,), name="ordinance-gather", daemon=True).start()

    def numbers(self) -> Numbers:
        """Return what all of them have counted, those that have ended included."""
        with self._lock:
            return joined((self._ended, *self._running.values()))

    def _take(self, connection: Connection) -> None:
        with suppress(EOFError, OSError):
            while True:
                numbers = dict(_decode(connection.recv_bytes()))
                with self._lock:
                    self._running[connection] = numbers
        with self._lock:
            self._ended = joined((self._ended, lasting(self._running.pop(connection, {}))))
        connection.close()
