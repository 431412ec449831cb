"""Shows progress on the terminal when something takes longer than a second."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

#: Seconds before progress is shown.
_PATIENCE = 1.0


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show ``what …`` on standard error after a second, if it is a terminal; clear it at the end."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def tell() -> None:
        seconds = 0
        while not done.wait(_PATIENCE):
            seconds += 1
            print(f"\rordinance: {what} … {seconds} s", end="", file=sys.stderr, flush=True)
        if seconds:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


class Counting:
    """Shows on a terminal how many of ``what`` are done, from a second on and twice a second; clears it at the end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._done = 0
        self._next = time.monotonic() + _PATIENCE if sys.stderr.isatty() else float("inf")
        self._shown = False

    def __enter__(self) -> Counting:
        return self

    def count(self) -> None:
        """Count one more."""
        self._done += 1
        if time.monotonic() >= self._next:
            self._next, self._shown = time.monotonic() + 0.5, True
            print(f"\rordinance: {self._done} {self._what} …", end="", file=sys.stderr, flush=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
