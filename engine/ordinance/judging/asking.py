"""Calls to one judge: bounded in number and in time, and made twice where a replica is slow.

Whoever asks waits; the calls themselves run in threads of this judge, so many at once and no more. A call that does not
even begin in time was one too many: ``full``. A second replica is asked once the first has taken longer than 19 of 20
calls do, or has failed; the first answer counts.
"""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from ordinance.judging.judge_error import JudgeError, code_of
from ordinance.plugins.hosted import FaultError

#: Latencies that are remembered, and how many there must be before one is taken for slow by them.
_REMEMBERED, _ENOUGH = 200, 20
#: So large a share of calls is faster than what is taken for slow.
_SHARE = 0.95


class Call(NamedTuple):
    """One question about one text: the ``rule`` of the question, the ``text``, and what was asked ``before`` it."""

    rule: str
    text: str
    before: str = ""


Answer = float | JudgeError


class _Try(NamedTuple):
    """A call that was made: which of the calls it is, and to which replica."""

    number: int
    replica: int


class Calls:
    """Makes calls to a judge with ``replicas`` servers, ``at_once`` of them at a time, each of which may take
    ``seconds``. ``ask`` asks one replica and raises ``FaultError``. ``heard`` is told of each question how many
    seconds it took, and whether it got no score. Safe from several threads."""

    def __init__(self, ask: Callable[[Call, int], float], replicas: int, at_once: int, seconds: float) -> None:
        self._ask = ask
        self.replicas = replicas
        self._at_once = at_once
        self._seconds = seconds
        self._lock = threading.Lock()
        self._latencies: deque[float] = deque(maxlen=_REMEMBERED)
        self._turn = 0
        self._under_way = 0
        self._answered = time.monotonic()
        self.faults: Counter[str] = Counter()
        self.heard: Callable[[float, bool], None] = lambda _seconds, _failed: None
        self._threads = ThreadPoolExecutor(at_once, "ordinance-judge")
        weakref.finalize(self, self._threads.shutdown, wait=False, cancel_futures=True)

    @property
    def full(self) -> bool:
        """Return whether as many calls are under way as there may be."""
        return self._under_way >= self._at_once

    @property
    def quiet_for(self) -> float:
        """Return how long ago the last answer came, or the judge was made, in seconds."""
        return time.monotonic() - self._answered

    @property
    def slow(self) -> float:
        """Return after how many seconds a call is taken for slow."""
        with self._lock:
            known = sorted(self._latencies)
        return known[int(_SHARE * len(known))] if len(known) >= _ENOUGH else self._seconds / 2

    def rounds(self, count: int) -> int:
        """Return how many times ``seconds`` so many calls may take."""
        return max(1, math.ceil(count / self.share))

    @property
    def share(self) -> int:
        """Return how many calls may be under way for one text: however long it is, others have room."""
        return max(1, self._at_once // 2)

    def make(self, calls: Sequence[Call], until: float, replica: int | None = None) -> list[Answer]:
        """Return an answer for each of ``calls``, or why there is none, before the monotonic time ``until``. If a
        ``replica`` is given, it alone is asked."""
        return _Round(self, calls, until, replica).answers()

    def begin(self, call: Call, replica: int, until: float) -> Future[float]:
        """Hand a call over to a thread."""
        with self._lock:
            self._under_way += 1
        try:
            future = self._threads.submit(self._run, call, replica, until)
        except RuntimeError:  # no thread is left for it: memory is short, or the process ends
            future = Future()
            future.set_exception(JudgeError("full"))
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _: Future[float]) -> None:
        with self._lock:
            self._under_way -= 1

    def _run(self, call: Call, replica: int, until: float) -> float:
        begun = time.monotonic()
        if begun >= until:
            raise JudgeError("full")
        try:
            score = self._ask(call, replica)
        except FaultError as fault:
            raise JudgeError(code_of(fault.cause)) from None
        with self._lock:
            self._latencies.append(time.monotonic() - begun)
            self._answered = time.monotonic()
        return score

    def replica(self) -> int:
        """Return which replica is asked first now: each in its turn."""
        with self._lock:
            self._turn = (self._turn + 1) % self.replicas
            return self._turn

    def other(self, replica: int) -> int | None:
        """Return the replica to ask beside ``replica``; None where there is no other, or no room."""
        return None if self.replicas == 1 or self.full else (replica + 1) % self.replicas


class _Round:
    """The calls that somebody waits for together, to ``only`` this replica if one is given."""

    def __init__(self, calls: Calls, asked: Sequence[Call], until: float, only: int | None) -> None:
        self._calls = calls
        self._only = only
        self._asked = asked
        self._until = until
        self._answers: dict[int, Answer] = {}
        self._begun = time.monotonic()
        self._took: dict[int, float] = {}
        self._second: set[int] = set()
        self._tries: dict[Future[float], _Try] = {}
        self._waiting = deque(range(len(asked)))
        self._hedge_at = 0.0

    def answers(self) -> list[Answer]:
        while len(self._answers) < len(self._asked):
            now = time.monotonic()
            if now >= self._until:
                break
            self._begin_next(now)
            hedged = now >= self._hedge_at
            if hedged:
                self._hedge()
            until = self._until if hedged else min(self._until, self._hedge_at)
            done, _ = wait(self._tries, until - now, FIRST_COMPLETED)
            for future in done:
                self._take(future)
        return [self._answer(number) for number in range(len(self._asked))]

    def _begin_next(self, now: float) -> None:
        while self._waiting and len(self._tries) < self._calls.share:
            self._begin(self._waiting.popleft(), self._calls.replica() if self._only is None else self._only)
            self._hedge_at = now + self._calls.slow

    def _begin(self, number: int, replica: int) -> None:
        self._tries[self._calls.begin(self._asked[number], replica, self._until)] = _Try(number, replica)

    def _hedge(self) -> None:
        """Ask another replica for what is still open."""
        for number, replica in list(self._tries.values()):
            self._again(number, replica)

    def _again(self, number: int, replica: int) -> bool:
        other = self._calls.other(replica) if self._only is None else None
        if number in self._answers or number in self._second or other is None:
            return False
        self._second.add(number)
        self._begin(number, other)
        return True

    def _take(self, future: Future[float]) -> None:
        number, replica = self._tries.pop(future)
        if isinstance(self._answers.get(number), float):
            return
        error = future.exception()
        if error is None:
            self._answers[number] = future.result()
            self._took[number] = time.monotonic() - self._begun
        elif not isinstance(error, JudgeError):
            self._answers[number] = JudgeError("unreadable")
        elif not self._again(number, replica) and all(number != each.number for each in self._tries.values()):
            self._answers[number] = error

    def _answer(self, number: int) -> Answer:
        answer = self._answers.get(number)
        if answer is None:
            begun = [future for future, each in self._tries.items() if each.number == number]
            never = all(future.cancel() for future in begun)
            answer = JudgeError("full" if never else "late")
        if failed := isinstance(answer, JudgeError):
            self._calls.faults[answer.code] += 1
        self._calls.heard(self._took.get(number, time.monotonic() - self._begun), failed)
        return answer
