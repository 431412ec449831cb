"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

#: The shortest and the longest pause between two looks, in seconds, and how many times as long as a look it is.
SHORTEST, LONGEST, TIMES = 0.01, 0.25, 4


def until(holds: Callable[[], bool], what: str = "it did not come to pass in time", seconds: float = 10.0) -> None:
    """Wait until ``holds``; fail with ``what`` after ``seconds``. To look takes a fifth of the time at most, so that
    what is waited for has the processor."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if holds():
            return
        now = time.monotonic()
        assert now < deadline, what
        time.sleep(min(max(SHORTEST, TIMES * (now - began)), LONGEST))
