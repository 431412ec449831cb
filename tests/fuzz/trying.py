"""One input to one parser: a value, a declared error, or a finding."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from fuzz.target import Target

#: The processor time that one input may take, in seconds.
SECONDS = 5.0


class TooLongError(BaseException):
    """An input took more than ``SECONDS``. No ``Exception``, so that nothing catches it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``what`` is wrong and ``where``, which together say whether two findings are one; ``data`` shows it."""

    what: str
    where: str
    data: bytes
    trace: str


def attempt(target: Target, data: bytes) -> Finding | None:
    """Give ``data`` to the parser of ``target``. Returns a finding, or None if it kept its law. In the main thread
    alone: a timer interrupts it."""
    try:
        with _bounded():
            target.parse(data)
    except target.declared as error:
        if not str(error):
            return _finding(f"{type(error).__name__} without a message", error, data)
    except (Exception, TooLongError) as error:
        return _finding(type(error).__name__, error, data)
    return None


@contextmanager
def _bounded() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _finding(what: str, error: BaseException, data: bytes) -> Finding:
    return Finding(what, _place(error.__traceback__), data, "".join(traceback.format_exception(error)))


def _place(trace: TracebackType | None) -> str:
    """Return the innermost line of ours, by its file and number."""
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames if "/ordinance" in frame.filename] or frames
    return f"{ours[-1].filename.rpartition('/engine/')[2]}:{ours[-1].lineno}"


class Paths:
    """Notes which function is called from which line, so that an input that leads somewhere new is known."""

    def __init__(self) -> None:
        self._seen: set[tuple[Any, int]] = set()

    def __len__(self) -> int:
        return len(self._seen)

    @contextmanager
    def noted(self) -> Iterator[None]:
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(None)

    def _call(self, frame: FrameType, _event: str, _value: object) -> None:
        back = frame.f_back
        self._seen.add((frame.f_code, 0 if back is None else back.f_lineno))
