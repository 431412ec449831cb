"""Copies of records for one sink of a plugin: a bounded queue, a thread, and what follows if the sink fails."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ordinance.plugins.hosted import FaultError
from ordinance.serve.http.stderr import tell
from ordinance.serve.record.scribe import CLOSING_SECONDS

#: So many records are handed over at once, at most.
BATCH = 256
#: How long after a failure the next attempt comes, in seconds.
RETRY_SECONDS = 1.0

Write = Callable[[Sequence[Mapping[str, object]]], None]


class Copies:
    """Hands copies of records to the sink called ``name``, of which at most ``most`` wait. ``write`` hands some over;
    it raises ``FaultError`` where they were not taken, and they are handed over again. Those for which there is no room
    are lost and counted: neither a request nor the audit log waits for a sink."""

    def __init__(self, name: str, write: Write, most: int) -> None:
        self.name = name
        self._write = write
        self._most = most
        #: Records that were lost since the process began.
        self.lost = 0
        self._cause = ""
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._busy = 0  # those that are being handed over
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"ordinance-sink-{name}", daemon=True)
        self._thread.start()

    def take(self, record: Mapping[str, Any]) -> None:
        """Take a copy of ``record``. Never waits, and never fails."""
        with self._changed:
            if self._closing or len(self._waiting) + self._busy >= self._most:
                self.lost += 1
                return
            self._waiting.append(msgspec.to_builtins(record))
            self._changed.notify()

    def state(self) -> dict[str, Any]:
        """Return what ``/ready`` says: ``state`` is ``failing`` from a failure until the next success, or while there
        is no room; ``cause`` is the last failure's."""
        full = len(self._waiting) + self._busy >= self._most
        state: dict[str, Any] = {"sink": self.name, "state": "failing" if self._cause or full else "ok"}
        return state | {"lost": self.lost} | ({"cause": self._cause} if self._cause else {})

    def close(self) -> None:
        """Hand over what waits, for a bounded time; what then remains is told on standard error."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSING_SECONDS)
        if left := len(self._waiting) + self._busy:
            tell(f"the sink {self.name} was closed with {left} records not handed over")

    def _run(self) -> None:
        while records := self._next():
            try:
                self._write(records)
            except FaultError as error:
                self._failed(records, error.cause)
            except Exception as error:  # without this thread every copy would be lost in silence
                self._failed(records, type(error).__name__)
            else:
                self._handed_over()

    def _next(self) -> list[Mapping[str, Any]]:
        """Wait for records; an empty list at the end."""
        with self._changed:
            if self._cause and not self._closing:
                self._changed.wait_for(lambda: self._closing, RETRY_SECONDS)
            if self._cause and self._closing:
                return []
            self._changed.wait_for(lambda: self._waiting or self._closing)
            records = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._busy = len(records)
            return records

    def _failed(self, records: Sequence[Mapping[str, Any]], cause: str) -> None:
        with self._changed:
            self._waiting.extendleft(reversed(records))
            self._busy = 0
            before, self._cause = self._cause, cause
        if not before:
            tell(f"the sink {self.name} does not take records ({cause}); they wait, and it is tried again each second")

    def _handed_over(self) -> None:
        with self._changed:
            self._busy = 0
            before, self._cause = self._cause, ""
        if before:
            tell(f"the sink {self.name} takes records again; lost since the start: {self.lost}", "info")
