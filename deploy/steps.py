"""Says which step is at work, and how far it is while it takes longer than a second: on a terminal in one line that is
written over, elsewhere in a line every ten seconds. Standard library only; several environments run it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds between two lines, on a terminal and elsewhere.
EVERY = {True: 1.0, False: 10.0}


@contextmanager
def step(what: str) -> Iterator[Callable[[str], None]]:
    """Print ``what`` on standard output and, until the block ends, how long it has taken. Yields a function that takes
    how far it is, such as ``"12 of 47"``."""
    terminal = sys.stdout.isatty()
    began, done, far = time.monotonic(), threading.Event(), [""]
    print(f"ordinance: {what} …", flush=True)

    def tell() -> None:
        while not done.wait(EVERY[terminal]):
            parts = [part for part in (far[0], f"{time.monotonic() - began:.0f} s") if part]
            line = f"ordinance: {what}: {', '.join(parts)}"
            print(f"\r\x1b[K{line}" if terminal else line, end="" if terminal else "\n", flush=True)
        if terminal:
            print("\r\x1b[K", end="", flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield lambda text: far.__setitem__(0, text)
    finally:
        done.set()
        teller.join()
