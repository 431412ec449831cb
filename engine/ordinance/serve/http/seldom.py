"""Warnings of the HTTP server's, which anybody can cause who sends what is no HTTP, fill no log."""

from __future__ import annotations

import logging
import time

#: How often the same warning is written, in seconds.
_EVERY = 60.0


class Seldom(logging.Filter):
    """Lets a warning pass once a minute, with the number of those that were left out before it. Errors pass."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        what, now = str(record.msg), time.monotonic()
        if now < self._next.get(what, 0.0):
            self._left_out[what] = self._left_out.get(what, 0) + 1
            return False
        self._next[what] = now + _EVERY
        if left_out := self._left_out.pop(what, 0):
            record.msg = f"{what} (and {left_out} times before)"
        return True


SELDOM = Seldom()
