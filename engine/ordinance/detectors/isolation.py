"""Detectors of plugins run in processes of their own, each call within a budget (semantics, rule 13).

What hangs in a thread cannot be ended, and while it holds the interpreter's lock, as a regular expression does, nothing
else in that process runs. A process can be ended, and one that crashes takes nobody with it. It finds the detector
again by its name, through the plugin's entry point: see ``process.py``.

Whether a call keeps its budget is measured in wall time: the one thing here that the input does not decide alone.
"""

from __future__ import annotations

import json
import pickle
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import BoundedSemaphore

from ordinance.detection import Declaration, Prepared, Segments, exact
from ordinance.detectors.child import Child
from ordinance.runtime.match.segments import DetectorError

#: How long a call waits until a process is free, in seconds. Others' calls are bounded too, so this is a long line.
TURN_SECONDS = 30.0
#: What a process says once its detectors are prepared.
READY = b"ready"
#: The bytes that number a question, and the detector that is asked. Each answer begins with its question's number.
QUESTION, DETECTOR = 8, 4
#: The longest answer of a process, in bytes: spans in a sentence of at most some thousand characters.
_LONGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Budget:
    """``seconds`` of wall time for one segment, how many ``processes`` may be asked at once, and ``start``, the seconds
    in which plugins are imported, register and prepare their detectors."""

    seconds: float = 1.0
    processes: int = 2
    start: float = 60.0


@dataclass(frozen=True, slots=True)
class Use:
    """A detector as another process finds it: the kind's name and the declaration that prepares it."""

    kind: str
    declaration: Declaration


def isolated(detectors: Mapping[str, Prepared], uses: Mapping[str, Use], budget: Budget) -> dict[str, Prepared]:
    """Return ``detectors`` with those of plugins that see segments moved into processes; ``uses`` says how each is
    found again. The processes start when they are needed and end when nothing refers to the detectors any more."""
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
        self._running: set[_Process] = set()
        weakref.finalize(self, _end, self._running)

    def ask(self, number: int, segment: str) -> list[tuple[int, int]]:
        """Return the spans that the detector ``number`` finds in ``segment``. Raises ``DetectorError``, and replaces a
        process that cannot be used again."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise DetectorError("no process became free", lasting=True)
        try:
            process = self._free()
            try:
                spans = process.ask(number, segment)
            except _LostError as lost:
                self._give_up(process)
                # It starts while nobody waits for it.
                self._idle.append(self._start())
                raise DetectorError(str(lost), lasting=True) from None
            self._idle.append(process)
        finally:
            self._turns.release()
        if spans is None:
            raise DetectorError("it raised")
        return spans

    def _free(self) -> _Process:
        """Return a process that may be asked. One that sent something unasked, or ended, while idle is replaced: the
        next request has nothing to do with that."""
        while self._idle:
            process = self._idle.pop()
            if not process.spoilt:
                return process
            self._give_up(process)
        return self._start()

    def _start(self) -> _Process:
        process = _Process(self._uses, self._budget)
        self._running.add(process)
        return process

    def _give_up(self, process: _Process) -> None:
        process.end()
        self._running.discard(process)


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

    def __init__(self, uses: tuple[Use, ...], budget: Budget) -> None:
        self._budget = budget
        self._ready = False
        self._question = 0
        self._child = Child("ordinance.detectors.process")
        with suppress(OSError):  # it has died already: the first call will see
            self._child.messages.send(pickle.dumps((budget.seconds, uses)), budget.start)

    @property
    def spoilt(self) -> bool:
        """Return whether it has said something that nobody asked, or has ended."""
        return self._ready and self._child.messages.unread

    def ask(self, number: int, segment: str) -> list[tuple[int, int]] | None:
        """Return the spans that the detector ``number`` finds in ``segment``, or None if it raised. Raises
        ``_LostError``."""
        if not self._ready:
            if self._receive(self._budget.start, "it did not start") != READY:
                raise _LostError("it answered nonsense")
            self._ready = True
        self._question += 1
        asked = self._question.to_bytes(QUESTION, "big")
        said = asked + number.to_bytes(DETECTOR, "big") + segment.encode("utf-8", "surrogatepass")
        try:
            self._child.messages.send(said, self._budget.seconds)
        except OSError:
            raise _LostError("it died") from None
        reply = self._receive(self._budget.seconds, "it outran its budget")
        if reply[:QUESTION] != asked:
            raise _LostError("it answered another question")
        try:
            found = json.loads(reply[QUESTION:])
            return None if found is None else exact(found)
        except (ValueError, TypeError):
            raise _LostError("it answered nonsense") from None

    def _receive(self, seconds: float, late: str) -> bytes:
        try:
            return self._child.messages.receive(seconds, _LONGEST)
        except TimeoutError:
            raise _LostError(late) from None
        except OSError:
            raise _LostError("it died") from None

    def end(self) -> None:
        self._child.end()


def _end(processes: set[_Process]) -> None:
    while processes:
        processes.pop().end()
