"""The thread behind the audit log (``audit_log.py``): a bounded queue before it, and what follows if the file fails."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ordinance.errors import OrdinanceError
from ordinance.serve.http.stderr import described, tell

#: What is written takes no longer while all is well, in seconds.
STALLED_SECONDS = 5.0
#: How long a closing log may still write, in seconds.
CLOSING_SECONDS = 5.0
#: How long after a failure the next attempt comes, in seconds.
_RETRY_SECONDS = 1.0
#: How long records gather, so that a busy server wakes the thread ten times a second and no more.
_GATHER_SECONDS = 0.1


class Log(Protocol):
    """What the thread writes to. All but ``due`` may wait for a disk or a database. What fails raises ``OSError``, or
    ``OrdinanceError``."""

    @property
    def due(self) -> float | None:
        """Return in how many seconds ``settle`` is to be called, if nothing is written until then; None: never."""

    def append(self, lines: Sequence[bytes]) -> int:
        """Write ``lines``, each of which ends with a line's end, and return how many are there whole, at least one."""

    def settle(self) -> None:
        """Do what is due besides lines."""

    def sync(self) -> None:
        """Wait until what was written is on the disk."""

    def reopen(self) -> None:
        """Open it anew."""

    def close(self) -> None:
        """Close it."""


class _Line(NamedTuple):
    """``told`` is called once the line is in the file (True), or was given up (False); with ``flush`` once it is on the
    disk."""

    data: bytes
    told: Callable[[bool], None] | None
    flush: bool


class Scribe:
    """Appends lines to ``log``, of which at most ``most`` may wait. What cannot be written is kept and tried again;
    a line for which there is no room is lost, and counted in the next one that is taken."""

    def __init__(self, log: Log, most: int) -> None:
        self._log = log
        self._most = most
        #: Lines that were lost, since the process began.
        self.lost = 0
        self._untold = 0
        self._waiting: deque[_Line] = deque()
        self._held = 0  # those that wait, and those that are being written
        self._since: float | None = None  # when the present attempt began
        self._failed = False
        self._idle = self._urgent = self._reopening = self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="ordinance-audit", daemon=True)
        self._thread.start()

    @property
    def stalled(self) -> bool:
        """Return whether an attempt has taken too long by now: a disk that does not answer, a pipe that nobody
        reads."""
        since = self._since
        return since is not None and time.monotonic() - since > STALLED_SECONDS

    @property
    def failing(self) -> bool:
        """Return whether lines cannot be written, or not as fast as they come."""
        return self._failed or self._held >= self._most or self.stalled

    def take(
        self, make: Callable[[int], bytes], told: Callable[[bool], None] | None = None, *, flush: bool = True
    ) -> bool:
        """Take the line that ``make`` gives for the number of lines that were lost before it. False where there is no
        room: it is lost, or, where somebody waits to be ``told``, refused; with ``flush``, they wait for the disk too.
        Never waits for the file."""
        with self._changed:
            if self._closing or self._held >= self._most:
                if told is None:
                    self.lost += 1
                    self._untold += 1
                return False
            self._waiting.append(_Line(make(self._untold), told, flush))
            self._held += 1
            self._untold = 0
            self._urgent |= told is not None
            if self._idle or told is not None:
                self._changed.notify()
        return True

    def reopen(self) -> None:
        """Have the file opened anew."""
        with self._changed:
            self._reopening = self._urgent = True
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, for a bounded time, and say how much could not be."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if threading.current_thread() is self._thread:  # the collector has come by here
            return
        self._thread.join(CLOSING_SECONDS)
        if self._held or self._untold:
            tell(f"the audit log was closed with {self._held + self._untold} records unwritten")

    def _run(self) -> None:
        while (lines := self._next()) is not None:
            self._attempt(lines)
        self._log.close()

    def _next(self) -> list[_Line] | None:
        """Wait for the lines to write now; an empty list if something else is to be done, None at the end."""
        with self._changed:
            if not (self._closing and self._failed):
                pause = _RETRY_SECONDS if self._failed else _GATHER_SECONDS
                self._changed.wait_for(lambda: self._urgent or self._closing, pause)
                self._idle = True
                due = self._log.due
                self._changed.wait_for(lambda: self._waiting or self._reopening or self._closing, due)
                self._idle = self._urgent = False
                if self._waiting or self._reopening or (due is not None and not self._closing):
                    self._since = time.monotonic()
                    lines = list(self._waiting)
                    self._waiting.clear()
                    return lines
        return None

    def _attempt(self, lines: list[_Line]) -> None:
        written, failure = 0, ""
        try:
            if self._reopening:
                self._reopening = False
                self._log.reopen()
            while written < len(lines):
                written += self._log.append([line.data for line in lines[written:]])
            self._log.settle()
        except OSError as error:
            failure = error.strerror or "unknown"
        except OrdinanceError as error:
            failure = error.message
        except Exception as error:  # without this thread every record would be lost in silence
            failure = described(error)
        done, left = lines[:written], lines[written:]
        on_disk = True
        if any(line.told and line.flush for line in done):
            try:
                self._log.sync()
            except OSError as error:
                on_disk, failure = False, failure or error.strerror or "unknown"
        self._settle(len(lines), [line for line in left if line.told is None], failure)
        for line in done:
            if line.told is not None:
                line.told(on_disk or not line.flush)
        for line in left:
            if line.told is not None:
                line.told(False)

    def _settle(self, tried: int, kept: list[_Line], failure: str) -> None:
        """Keep what is to be tried again, and tell the operator of the first failure and of the end of it."""
        with self._changed:
            self._waiting.extendleft(reversed(kept))
            self._held += len(kept) - tried
            self._since = None
            before, self._failed = self._failed, bool(failure)
        if failure and not before:
            tell(f"the audit log cannot be written: {failure}", "error")
        elif before and not failure:
            tell(f"the audit log is written again; records lost since the start: {self.lost}", "info")
