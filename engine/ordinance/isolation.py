"""Detectors of plugins run in processes of their own, each call within a budget (semantics, rule 13).

What hangs in a thread cannot be ended, and while it holds the interpreter's lock, as a regular expression does, nothing
else in that process runs. A process can be ended, and one that crashes takes nobody with it. It finds the detector
again by its name, through the plugin's entry point: see ``detector_process.py``.

Whether a call keeps its budget is measured in wall time: the one thing here that the input does not decide alone.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Pipe
from threading import BoundedSemaphore

from ordinance.detection import Declaration, Prepared, Segments
from ordinance.runtime.segments import DetectorError

#: How long a process may take to import the plugins and prepare their detectors, in seconds.
START_SECONDS = 60.0
#: How long a call waits until a process is free, in seconds. Others' calls are bounded too, so this is a long line.
TURN_SECONDS = 30.0
#: The longest answer of a process, in bytes: spans in a sentence of at most some thousand characters.
_LONGEST = 1024 * 1024

_MAIN = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from ordinance.detector_process import main
main(int(sys.argv[2]))
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """``seconds`` of wall time for one segment, and how many ``processes`` may be asked at once."""

    seconds: float = 1.0
    processes: int = 2


@dataclass(frozen=True, slots=True)
class Use:
    """A detector as another process finds it: the kind's name and the declaration that prepares it."""

    kind: str
    declaration: Declaration


def isolated(detectors: Mapping[str, Prepared], uses: Mapping[str, Use], budget: Budget) -> dict[str, Prepared]:
    """``detectors`` with those of plugins that see segments moved into processes; ``uses`` says how each is found
    again. The processes start when they are needed and end when nothing refers to the detectors any more."""
    keys = [key for key, each in detectors.items() if isinstance(each, Segments) and "." in uses[key].kind]
    bench = Bench([uses[key] for key in keys], budget)
    return {**detectors, **{key: Segments(_Seat(bench, number)) for number, key in enumerate(keys)}}


class Bench:
    """The processes in which the detectors ``uses`` of one plan run. Safe to ask from several threads."""

    def __init__(self, uses: Iterable[Use], budget: Budget) -> None:
        self._uses = tuple(uses)
        self._budget = budget
        self._turns = BoundedSemaphore(budget.processes)
        self._idle: list[_Process] = []
        weakref.finalize(self, _end, self._idle)

    def ask(self, number: int, segment: str) -> list[tuple[int, int]]:
        """The spans that the detector ``number`` finds in ``segment``. Raises ``DetectorError``, and replaces a process
        that is of no more use."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise DetectorError("no process became free", lasting=True)
        try:
            process = self._idle.pop() if self._idle else self._start()
            try:
                spans = process.ask(number, segment)
            except _LostError as lost:
                process.end()
                # It starts while nobody waits for it.
                self._idle.append(self._start())
                raise DetectorError(str(lost), lasting=True) from None
            self._idle.append(process)
        finally:
            self._turns.release()
        if spans is None:
            raise DetectorError("it raised")
        return spans

    def _start(self) -> _Process:
        return _Process(self._uses, self._budget.seconds)


@dataclass(frozen=True, slots=True)
class _Seat:
    """What the engine calls in the place of the detector's own function."""

    bench: Bench
    number: int

    def __call__(self, segment: str) -> list[tuple[int, int]]:
        return self.bench.ask(self.number, segment)


class _LostError(Exception):
    """The process has died, does not answer, or answers nonsense."""


class _Process:
    """One process; whoever holds it is alone with it."""

    def __init__(self, uses: tuple[Use, ...], seconds: float) -> None:
        self._seconds = seconds
        self._ready = False
        self._connection, theirs = Pipe()
        # A session of its own: Ctrl-C is for the server, which lets running answers finish. Nothing that a plugin
        # prints reaches a log: it might be what was said.
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with our own words
            [sys.executable, "-c", _MAIN, json.dumps(sys.path), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        with suppress(OSError):  # it has died already: the first call will see
            self._connection.send_bytes(pickle.dumps((seconds, uses)))

    def ask(self, number: int, segment: str) -> list[tuple[int, int]] | None:
        """The spans; None where the detector raised. Raises ``_LostError``."""
        if not self._ready:
            self._receive(START_SECONDS, "it did not start")
            self._ready = True
        try:
            self._connection.send_bytes(number.to_bytes(4, "big") + segment.encode("utf-8", "surrogatepass"))
        except OSError:
            raise _LostError("it died") from None
        reply = self._receive(self._seconds, "it outran its budget")
        try:
            found = json.loads(reply)
            return None if found is None else [(int(start), int(end)) for start, end in found]
        except (ValueError, TypeError):
            raise _LostError("it answered nonsense") from None

    def _receive(self, seconds: float, late: str) -> bytes:
        try:
            if not self._connection.poll(seconds):
                raise _LostError(late)
            return self._connection.recv_bytes(_LONGEST)
        except (EOFError, OSError):
            raise _LostError("it died") from None

    def end(self) -> None:
        self._connection.close()
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)


def _end(processes: list[_Process]) -> None:
    while processes:
        processes.pop().end()
