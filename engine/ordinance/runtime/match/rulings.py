"""What a judge says in one request: it is asked here, in time, and whatever goes wrong is a ruling that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import isfinite
from threading import Lock
from time import monotonic

from ordinance.detection import Checkpoint, Judge, Judged, Ruling

#: A judge is asked for so many seconds in all about one answer, and about one prompt; beyond that it is late.
PER_ANSWER = 10.0

#: About what is old in a conversation a judge is asked for so many seconds in all, so many texts at once: the rest is
#: late, and left out until it was judged with a later request. What is new has its own time.
PER_HISTORY, AT_ONCE = 10.0, 4

#: A judge that only records is waited for so many seconds in all, once an answer is complete; what it says later is
#: not in the record.
FOR_THE_RECORD = 0.25

#: Threads in which judges are asked for whom no text waits.
_RECORDING = ThreadPoolExecutor(16, "ordinance-judges")


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """What the rule numbered ``tag`` asks a judge, and the ``family`` of what that finds in an answer."""

    tag: int
    judged: Judged
    family: int = 0

    @property
    def may_act(self) -> bool:
        return self.judged.judge.may_act(self.judged.question.rule)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a judge found at one checkpoint, as numbers of rules: what it ``found``, at what it ``failed``, both where
    it acts, what it would have found where it only records, and where it ``acted`` at all."""

    found: tuple[JudgedRule, ...] = ()
    failed: tuple[JudgedRule, ...] = ()
    recorded: frozenset[int] = frozenset()
    acted: frozenset[int] = frozenset()

    def cleared(self, acting: Iterable[JudgedRule]) -> bool:
        """Return whether nothing was found, and the judge acted for each of ``acting``."""
        return not (self.found or self.failed or self.recorded) and all(rule.tag in self.acted for rule in acting)


class Rulings:
    """One judge in one request. ``asked`` is what was asked, shown beside answers; ``faults`` are the codes of what
    went wrong, and ``failed`` says of each judge for which rules it was to act and gave no answer. What is remembered
    of texts is for this ``salt``."""

    def __init__(self, judge: Judge, salt: bytes = b"", clock: Callable[[], float] = monotonic) -> None:
        self.asked = ""
        self.faults: set[str] = set()
        self.failed: dict[str, set[str]] = {}
        self._judge = judge
        self._salt = salt
        self._clock = clock
        self._spent = {True: 0.0, False: 0.0}
        self._waited = 0.0
        self._history_until: float | None = None
        self._of_prompt: list[Future[Verdicts]] = []
        self._recorded: set[int] = set()
        self._acted: dict[str, bool] = {}
        self._lock = Lock()

    @property
    def era(self) -> int:
        """Return the number of the judge's era: what it has cleared in another does not count."""
        return self._judge.era

    def judge(self, rules: Sequence[JudgedRule], text: str, start: int = 0, part: str = "prompt") -> Verdicts:
        """Ask the questions of ``rules``, all at once, about a ``text`` of which nothing from ``start`` on was judged
        before. Blocks until then; never raises."""
        of_prompt = part == "prompt"
        at = Checkpoint(text, start, "" if of_prompt else self.asked, part, self._salt)
        judged = [rule.judged for rule in rules]
        if self._spent[of_prompt] >= PER_ANSWER:
            return self._verdicts(rules, self._failed(judged, "late"))
        begun = self._clock()
        try:
            return self._verdicts(rules, self._ask(judged, at))
        finally:
            self._spend(self._clock() - begun, of_prompt=of_prompt)

    def judge_old(self, rules: Sequence[JudgedRule], texts: Sequence[str]) -> list[Verdicts]:
        """Ask about old ``texts`` of a conversation, several at once, the first ones first. Blocks until then, or until
        the time for what is old is over; never raises."""
        if self._history_until is None:
            self._history_until = self._clock() + PER_HISTORY
        until = self._history_until
        threads = ThreadPoolExecutor(min(AT_ONCE, len(texts)) or 1, "ordinance-history")
        try:
            return list(threads.map(lambda text: self._judge_by(until, rules, text), texts))
        finally:
            threads.shutdown()

    def _judge_by(self, until: float, rules: Sequence[JudgedRule], text: str) -> Verdicts:
        judged = [rule.judged for rule in rules]
        if self._clock() >= until:
            return self._verdicts(rules, self._failed(judged, "late"))
        return self._verdicts(rules, self._ask(judged, Checkpoint(text, salt=self._salt)))

    def _verdicts(self, rules: Sequence[JudgedRule], rulings: Sequence[Ruling]) -> Verdicts:
        """Return what ``rulings`` say, one for each of ``rules``, and note it."""
        found, failed, recorded = [], [], set[int]()
        acted = frozenset(rule.tag for rule, ruling in zip(rules, rulings, strict=True) if ruling.acts)
        for rule, ruling in zip(rules, rulings, strict=True):
            self.note(rule, acted=ruling.acts)
            if ruling.failed:
                self.faults.add(ruling.failed)
            if ruling.failed and ruling.acts:
                self._fail(rule, ruling.by)
                failed.append(rule)
            elif not ruling.failed and ruling.probability >= rule.judged.least:
                found += [rule] if ruling.acts else []
                recorded |= set() if ruling.acts else {rule.tag}
        return Verdicts(tuple(found), tuple(failed), frozenset(recorded), acted)

    def later(self, rules: Sequence[JudgedRule], text: str, start: int, part: str) -> Future[Verdicts]:
        """Ask as ``judge`` does, in another thread."""
        return _RECORDING.submit(self.judge, rules, text, start, part)

    def record(self, rules: Sequence[JudgedRule], text: str) -> None:
        """Ask about a prompt's ``text``, in another thread, what a judge that only records would find."""
        self._of_prompt.append(self.later(rules, text, 0, "prompt"))

    def hear(self) -> None:
        """Wait a moment for what a judge that only records says of the prompt."""
        pending, self._of_prompt = self._of_prompt, []
        for asked in pending:
            self._recorded |= self._in_time(asked).recorded

    def recorded(self) -> frozenset[int]:
        """Return the numbers of the rules that a judge that only records would have found in the prompt, as far as it
        has said so by now."""
        said = [asked.result().recorded for asked in list(self._of_prompt) if asked.done() and not asked.cancelled()]
        return frozenset(self._recorded.union(*said))

    def result(self, rules: Sequence[JudgedRule], asked: Future[Verdicts]) -> Verdicts:
        """Return what came of asking later. What acts is waited for as long as one answer may take, what only records
        a moment."""
        acting = tuple(rule for rule in rules if rule.may_act)
        if not acting:
            return self._in_time(asked)
        with self._lock:
            left = max(0.0, PER_ANSWER - self._spent[False])
        begun = self._clock()
        try:
            return asked.result(left)
        except TimeoutError:
            asked.cancel()
            self.faults.add("late")
            for rule in acting:
                self._fail(rule)
            return Verdicts(failed=acting)
        finally:
            self._spend(self._clock() - begun, of_prompt=False)

    def _in_time(self, asked: Future[Verdicts]) -> Verdicts:
        """Return what a judge that only records says within the moment that this answer waits for it."""
        begun = self._clock()
        try:
            return asked.result(max(0.0, FOR_THE_RECORD - self._waited))
        except TimeoutError:
            asked.cancel()
            self.faults.add("late")
            return Verdicts()
        finally:
            self._waited += self._clock() - begun

    def note(self, rule: JudgedRule, *, acted: bool) -> None:
        """Note whether the judge acted for ``rule`` on a text."""
        name = rule.judged.question.rule
        with self._lock:
            self._acted[name] = acted and self._acted.get(name, True)

    def _fail(self, rule: JudgedRule, by: str = "") -> None:
        with self._lock:
            self.failed.setdefault(by or self._judge.name, set()).add(rule.judged.question.rule)

    def _spend(self, seconds: float, *, of_prompt: bool) -> None:
        with self._lock:
            self._spent[of_prompt] += seconds

    def acted(self, rule: str) -> bool:
        """Return whether the judge acted for the rule of this id on every text that it was asked about."""
        return self._acted.get(rule, False)

    def _ask(self, asked: Sequence[Judged], at: Checkpoint) -> Sequence[Ruling]:
        try:
            rulings = self._judge.ask([each.question for each in asked], at)
            sound = len(rulings) == len(asked) and all(_is_sound(each) for each in rulings)
        except Exception:  # a judge must not raise; one that does has not answered
            sound = False
        return rulings if sound else self._failed(asked, "unreadable")

    def _failed(self, asked: Sequence[Judged], code: str) -> list[Ruling]:
        return [Ruling(1.0, self._judge.may_act(each.question.rule), code) for each in asked]


def _is_sound(ruling: Ruling) -> bool:
    return isfinite(ruling.probability) and 0 <= ruling.probability <= 1
