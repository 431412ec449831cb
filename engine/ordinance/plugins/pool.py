"""The processes of one plugin, and the questions that the engine asks them.

A question ends: with an answer of exactly the type that the contract says, or with a ``FaultError``,
which counts as found. A process that cannot be trusted any more is ended and replaced.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from ordinance.errors import PluginError
from ordinance.plugin import Passage, Span
from ordinance.plugins import answered
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.background import begin
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import FaultError, Hosted
from ordinance.plugins.launched import Launched
from ordinance.plugins.prepared import Prepared, Use

#: How long a question waits for its turn, in seconds. Others' questions are bounded too, so this is a long line.
TURN_SECONDS = 30.0
#: After a start that failed, the next begins this many seconds later at the earliest, then twice as many.
RESTART_SECONDS, MOST_RESTART_SECONDS = 0.5, 30.0
#: How often a process that nobody asks is looked at, in seconds.
_IDLE_SECONDS = 1.0
#: How many lines a plugin may say about its health, and their length.
_LINES, _LONGEST_LINE = 20, 200

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Status:
    """How a plugin is. ``confinement`` says what of the sandbox is in force in its process, or ``no: …`` with the
    reason. ``faults`` is how many questions have failed, and processes that ended by themselves; ``last_failure`` is an
    ISO time, empty if there is none, and ``cause`` its code (docs/plugins.md). ``answers`` is how many questions were
    answered, in so many ``seconds`` together."""

    state: Literal["ready", "failing", "stopped"]
    confinement: Mapping[str, str] = field(default_factory=dict)
    faults: int = 0
    last_failure: str = ""
    cause: str = ""
    answers: int = 0
    seconds: float = 0.0

    def report(self, plugin: Plugin) -> dict[str, Any]:
        """Return what ``/ready`` and ``ordinance check`` say of ``plugin``, ready for JSON."""
        return {
            "name": plugin.name,
            "version": plugin.version,
            "state": self.state,
            "cause": self.cause or None,
            "faults": self.faults,
            "last_failure": self.last_failure or None,
            "confinement": dict(self.confinement),
        }


class Pool:
    """The processes of ``plugin``, which serve ``uses``; a use is named by its number. Safe from several threads.

    Processes start when they are needed, and end with ``close`` or when nothing refers to the pool any more. All
    methods that ask raise ``FaultError``, within ``TURN_SECONDS`` and the seconds of ``budget``.
    """

    def __init__(
        self, plugin: Plugin, uses: Sequence[Use], budget: Budget, launch: Callable[[], Launched] = Launched
    ) -> None:
        self._bench = _Bench(plugin, tuple(uses), budget, launch)
        self._finalize = weakref.finalize(self, self._bench.close)

    def prepared(self) -> tuple[Prepared, ...]:
        """Return what the plugin gave for each use. Starts the first process. Raises ``PluginError``."""
        return self._bench.first()

    def accepts(self, use: int, passage: Passage) -> bool:
        """Return whether a candidate counts."""
        return self._bench.ask(use, answered.sent(passage), answered.truth)

    def find(self, use: int, passage: Passage) -> list[Span]:
        """Return the spans found in ``passage.text``."""
        length = len(passage.text)
        return self._bench.ask(use, answered.sent(passage), lambda answer: answered.spans(answer, length))

    def score(self, use: int, passages: Sequence[Passage]) -> list[float]:
        """Return a number from 0 to 1 for each of ``passages``."""
        asked = [answered.sent(passage) for passage in passages]
        # All questions about one text go to one process, which may do once what they have in common.
        about = hash(tuple(passage.text for passage in passages))
        return self._bench.ask(use, asked, lambda answer: answered.scores(answer, len(asked)), about)

    def rewrite(self, use: int, text: str) -> str:
        """Return ``text`` in its other form, as long as ``answered.rewritten`` allows."""
        return self._bench.ask(use, text, lambda answer: answered.rewritten(answer, text))

    def write(self, use: int, records: Sequence[Mapping[str, object]]) -> None:
        """Have copies of ``records`` stored or sent."""
        self._bench.ask(use, [dict(record) for record in records], answered.nothing)

    def health(self, use: int) -> list[str]:
        """Return what the plugin says is wrong."""
        return self._bench.ask(use, None, lambda answer: answered.lines(answer, _LINES, _LONGEST_LINE))

    def status(self) -> Status:
        """Return how the plugin is now."""
        return self._bench.status()

    def rest(self) -> None:
        """End all processes, and the threads that serve them, until the next question or ``wake``."""
        self._bench.rest()

    def wake(self) -> None:
        """Start a process in the background, if none runs."""
        self._bench.wake()

    def close(self) -> None:
        """End all processes, with whatever they have started."""
        self._finalize()


class _Bench:
    """What a pool's threads share. They must not refer to the pool itself, which ends when nobody does.

    The lock is reentrant, because a pool may be collected, and closed, in any of these threads.
    """

    def __init__(self, plugin: Plugin, uses: tuple[Use, ...], budget: Budget, launch: Callable[[], Launched]) -> None:
        self._launch = launch
        self._plugin = plugin
        self._uses = uses
        self._budget = budget
        self._lock = threading.RLock()
        self._turn = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._processes: list[Hosted] = []
        self._starting: list[Hosted] = []
        self._given: tuple[Prepared, ...] | None = None
        self._confinement: Mapping[str, str] = {}
        self._watching = False
        self._closed = False
        self._delay = 0.0
        self._not_before = 0.0
        self._faults = 0
        self._answers, self._seconds = 0, 0.0
        self._last_failure = ""
        self._cause = ""
        #: Why no process runs, where none does.
        self._down = "start"
        self._first = threading.Lock()

    # Questions

    def ask(self, use: int, payload: object, check: Callable[[object], _T], about: int | None = None) -> _T:
        began = time.monotonic()
        try:
            process, number = self._take(about)
            answer = process.ask(number, use, payload)
            try:
                found = check(answer)
            except ValueError as error:
                raise FaultError("nonsense") from error
            with self._lock:
                self._answers += 1
                self._seconds += time.monotonic() - began
            return found
        except FaultError as fault:
            self._note(fault.cause)
            raise

    def _take(self, about: int | None) -> tuple[Hosted, int]:
        """Take the process that has least to do; for questions ``about`` the same thing the same one, if it can."""
        until = time.monotonic() + TURN_SECONDS
        with self._lock:
            while not self._closed:
                free = [each for each in self._processes if each.free]
                if free:
                    # One that was late may be stuck.
                    well = [each for each in free if not each.load[0]] if about is not None else []
                    process = well[(about or 0) % len(well)] if well else min(free, key=lambda each: each.load)
                    if process.asked:
                        self._start_another()
                    number = process.take()
                    self._work.notify()
                    return process, number
                self._start_another()
                if not self._processes and not self._starting:
                    raise FaultError(self._down)
                if not self._turn.wait(until - time.monotonic()):
                    raise FaultError("late")
            raise FaultError("died")

    def _note(self, cause: str) -> None:
        with self._lock:
            self._faults += 1
            self._last_failure = datetime.now(UTC).isoformat(timespec="seconds")
            self._cause = cause

    # Processes

    def first(self) -> tuple[Prepared, ...]:
        with self._first:
            if self._given is not None:
                return self._given
            try:
                return self._start_first()
            except PluginError as error:
                # Something else may have ended it, such as a machine that is short of memory. The second one tells.
                if error.cause != "died" or self._closed:
                    raise
                return self._start_first()

    def _start_first(self) -> tuple[Prepared, ...]:
        process = self._another()
        with self._lock:
            self._watch()
            self._starting.append(process)
        return self._start(process)

    def _another(self) -> Hosted:
        return Hosted(self._plugin, self._uses, self._budget, self._lock, self._changed, self._launch)

    def _start_another(self) -> None:
        """Start one more process in a thread of its own, where there may be one more. The caller holds the lock."""
        running = sum(1 for each in self._processes if not each.cause) + len(self._starting)
        if running >= self._budget.processes or self._closed or time.monotonic() < self._not_before:
            return
        process = self._another()
        try:
            self._watch()
            begin("ordinance-start", self._restart, process)
        except OSError:
            self._put_off("start")
            self._note("start")
        else:
            self._starting.append(process)

    def _restart(self, process: Hosted) -> None:
        # The error's text may come from the plugin, which has seen requests by now: the status says enough.
        with suppress(PluginError):
            self._start(process)

    def _start(self, process: Hosted) -> tuple[Prepared, ...]:
        try:
            given = process.start()
            if given != (self._given or given):
                process.end("nonsense")
                raise PluginError(
                    f"The plugin `{self._plugin.name}` prepared something else than its first process did.",
                    help="What a hook gives must depend on nothing but its arguments. Ask the plugin's authors.",
                    cause="nonsense",
                )
            with self._lock:
                self._given = given
                self._confinement = process.confinement
                # It may have ended since, or everything has.
                if not process.cause:
                    self._processes.append(process)
            return given
        except PluginError as error:
            with self._lock:
                self._put_off("sealed" if error.cause == "sealed" else "start")
                self._note(self._down)
            raise
        finally:
            with self._lock:
                self._starting.remove(process)
                self._turn.notify_all()

    def _changed(self) -> None:
        """Notice that a process can take a question, or has ended."""
        ended = [each for each in self._processes if each.cause]
        for process in ended:
            self._processes.remove(process)
            if self._closed:
                continue
            if process.was_asked:
                self._delay = 0.0
            else:
                self._put_off(process.cause)
            if process.was_idle or process.cause in ("twice", "nonsense"):
                self._note(process.cause)
            self._start_another()
        if ended:
            self._turn.notify_all()
        else:
            self._turn.notify()

    def _put_off(self, cause: str) -> None:
        """Remember that a start failed, or was for nothing: the next may not begin at once."""
        self._down = cause
        self._delay = min(max(RESTART_SECONDS, 2 * self._delay), MOST_RESTART_SECONDS)
        self._not_before = time.monotonic() + self._delay

    # Heartbeats

    def _watch(self) -> None:
        """Start the thread that watches processes, those at work more often than idle ones; it ends with the pool.
        Raises ``OSError``."""
        if not self._watching:
            begin("ordinance-heartbeat", self._beat)
            self._watching = True

    def _beat(self) -> None:
        pause = self._budget.silence / 4
        while True:
            with self._lock:
                if self._closed or not self._watching:
                    return
                if not any(each.asked for each in self._processes):
                    self._work.wait(_IDLE_SECONDS)
            time.sleep(pause)
            with self._lock:
                processes = [*self._processes, *self._starting]
            for process in processes:
                process.beat()

    # The end

    def status(self) -> Status:
        with self._lock:
            # One that died while it worked is being replaced.
            ready = bool(self._processes) or (self._given is not None and not self._delay)
            state: Literal["ready", "failing", "stopped"] = "ready" if ready else "failing"
            return Status(
                state="stopped" if self._closed else state,
                confinement=dict(self._confinement),
                faults=self._faults,
                last_failure=self._last_failure,
                cause=self._cause,
                answers=self._answers,
                seconds=self._seconds,
            )

    def rest(self) -> None:
        with self._lock:
            processes, self._processes = self._processes, []
            self._watching = False
            self._work.notify_all()
        for process in processes:
            process.end("died")

    def wake(self) -> None:
        with self._lock:
            if not self._processes and not self._starting:
                self._start_another()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            processes = [*self._processes, *self._starting]
            self._turn.notify_all()
            self._work.notify_all()
        for process in processes:
            process.end("died")
