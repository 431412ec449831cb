"""What the operator is told on standard error. Never what was being said: a message may hold it."""

from __future__ import annotations

import logging
import os
import select
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import msgspec

Level = Literal["info", "warning", "error"]
Form = Literal["text", "json"]

_form: Form = "text"


def write_as(form: Form) -> None:
    """Write lines from now on as ``text``, or as ``json`` with time, level and process, for all of this process."""
    global _form
    _form = form


def tell(what: str, level: Level = "warning") -> None:
    """Write a line. Where standard error takes none now, it is left out: nobody waits for whoever reads it."""
    if takes():
        with suppress(OSError):
            print(_line(what, level), file=sys.stderr, flush=True)  # noqa: T201 - the operator's log


def _line(what: str, level: str) -> str:
    if _form == "text":
        return f"ordinance: {what}"
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return msgspec.json.encode({"time": now, "level": level, "pid": os.getpid(), "message": what}).decode()


class Lines(logging.Formatter):
    """Writes what other parts of the process log as ``tell`` writes lines, without tracebacks: their last line may have
    words of a request."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        what = record.getMessage() + (f" ({described(error)})" if error is not None else "")
        return _line(what, record.levelname.lower())


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
    places = traceback.extract_tb(error.__traceback__)[-1:]
    return type(error).__name__ + "".join(f" at {place.filename}:{place.lineno}" for place in places)


def log_defect(error: BaseException, what: str = "defect") -> None:
    """Say where a defect is."""
    tell(f"{what}: {described(error)}", "error")
