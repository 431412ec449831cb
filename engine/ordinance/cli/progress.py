"""A word on the terminal where something takes longer than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds after which a person wonders.
_PATIENCE = 1.0


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say ``what …`` on standard error once a second has passed, where a person looks at it; clear it at the end."""
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
