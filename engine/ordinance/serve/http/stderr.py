"""What the operator is told on standard error. Never what was being said: a message may hold it."""

from __future__ import annotations

import select
import sys
import traceback
from contextlib import suppress


def tell(what: str) -> None:
    """Write a line. Where standard error takes none now, it is left out: nobody waits for whoever reads it."""
    if takes():
        with suppress(OSError):
            print(f"ordinance: {what}", file=sys.stderr, flush=True)  # noqa: T201 - the operator's log


def takes(_: object = None) -> bool:
    """Return whether standard error takes a line now: whoever reads a pipe may have stopped. A filter for loggers,
    too."""
    try:
        descriptor = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # it has been replaced by something that is no file
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return [event for _, event in poll.poll(0)] == [select.POLLOUT]


def described(error: BaseException) -> str:
    """Return the type of ``error`` and its place, without its words."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.filename}:{place.lineno}"


def log_defect(error: BaseException, what: str = "defect") -> None:
    """Say where a defect is."""
    tell(f"{what}: {described(error)}")
