"""One judge: what it says of a text's windows becomes a ruling for each question."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ordinance.detection import Checkpoint, Ruling
from ordinance.judging import umbrella
from ordinance.judging.asking import Answer, Call, Calls
from ordinance.judging.cache import Cache
from ordinance.judging.canary_watch import Canaries
from ordinance.judging.decoded import decoded, shown
from ordinance.judging.judge_error import JudgeError
from ordinance.judging.windows import context, windows
from ordinance.plugin import Question

#: So much of an answer before what is new still says which language it is in, in characters. A long answer is not read
#: anew at each checkpoint, and what is further back was judged in its own language.
_BEFORE = 1000
#: Which language a longer text is in takes too long to find out, in characters: it is undecided.
_READ = 20_000

#: However many windows a text has, this is how long its judge may take, in seconds.
LONGEST = 10.0


class Calibration(Protocol):
    """What was measured of a judge (``calibration.py``)."""

    @property
    def digest(self) -> str: ...

    @property
    def umbrella(self) -> float | None: ...

    def acts(self, rule: str, language: str) -> bool: ...

    def may_act(self, rule: str) -> bool: ...

    def probability(self, rule: str, language: str, score: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """For which rules a judge acts. ``calibration`` is None where there is none, or ``void`` says why it does not hold;
    with ``uncalibrated_acts``, the judge acts on its raw score where nothing was measured. ``covered`` are the rules
    that this judge can be asked about. ``language_of`` names the language of a text, empty where that is not clear."""

    calibration: Calibration | None
    void: str
    uncalibrated_acts: bool
    covered: frozenset[str]
    language_of: Callable[[str], str]

    def language(self, text: str) -> str:
        """Return the language of ``text``, if anything depends on it. What it says decoded may be in any other, and a
        text that is long is not read: both are undecided."""
        if self.calibration is None or len(text) > _READ or decoded(text):
            return ""
        return self.language_of(text)

    def may_act(self, rule: str) -> bool:
        """Return whether the judge acts for ``rule`` in any language."""
        measured = self.calibration is not None and self.calibration.may_act(rule)
        return rule in self.covered and (measured or self.uncalibrated_acts)

    def acts(self, rule: str, language: str) -> bool:
        """Return whether the judge acts for ``rule`` in ``language``."""
        return rule in self.covered and (self._measured(rule, language) or self.uncalibrated_acts)

    def probability(self, rule: str, language: str, score: float) -> float:
        """Return the probability that a ``score`` stands for; where nothing was measured, the score."""
        if self.calibration is not None and self._measured(rule, language):
            return self.calibration.probability(rule, language, score)
        return score

    def _measured(self, rule: str, language: str) -> bool:
        return self.calibration is not None and self.calibration.acts(rule, language)

    @property
    def gate(self) -> float | None:
        """Return the score of the umbrella question below which the single ones are not asked; None: always ask."""
        if self.calibration is None or umbrella.RULE not in self.covered:
            return None
        return self.calibration.umbrella

    @property
    def calibrated(self) -> str:
        """Return ``valid``, ``none``, or ``void`` with the reason."""
        return f"void: {self.void}" if self.void else "none" if self.calibration is None else "valid"


@dataclass(frozen=True, slots=True)
class ServedJudge:
    """A judge that the operator configured, for all questions of a policy. ``size`` is the most characters that it is
    shown of a text at once, ``seconds`` how long one call may take."""

    name: str
    identity: Mapping[str, object]
    standing: Standing
    calls: Calls
    canaries: Canaries
    seconds: float
    size: int
    cache: Cache = field(default_factory=Cache)

    def may_act(self, rule: str) -> bool:
        """Return whether it acts for ``rule`` in any language."""
        return self.standing.may_act(rule)

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> list[Ruling]:
        """Return a ruling for each of ``questions``."""
        self.canaries.ensure()
        language = self.standing.language(at.text[max(0, at.start - _BEFORE) :])
        scores = self._scores([each.rule for each in questions], at)
        rulings = [self._ruling(each.rule, language, scores[each.rule]) for each in questions]
        if any(each.acts for each in rulings) and not any(each.failed for each in rulings):
            self.canaries.note_passed()
        return rulings

    def score(self, question: Question, text: str, before: str = "") -> float:
        """Return the raw score of ``text``, for calibrating. Raises ``JudgeError``."""
        (answer,) = self._scores([question.rule], Checkpoint(text, prompt=before), gated=False).values()
        if not isinstance(answer, float):
            raise answer or JudgeError("unreadable")
        return answer

    def report(self) -> dict[str, Any]:
        """Return what ``/ready`` and ``ordinance check`` say of it."""
        rules = sorted(self.standing.covered - {umbrella.RULE})
        return {
            "name": self.name,
            "model": self.identity.get("model"),
            "state": self._state,
            "calibration": self.standing.calibrated,
            "acts": [rule for rule in rules if self.may_act(rule)],
            "records": [rule for rule in rules if not self.may_act(rule)],
            "last_right": self.canaries.last_right or None,
            "passed_since": self.canaries.passed,
            "faults": dict(self.calls.faults),
        }

    @property
    def _state(self) -> str:
        if not self.acts_at_all:
            return "records"  # nobody watches it
        return "silent" if self.is_silent else self.canaries.fault or "ready"

    def line(self) -> str:
        """Return its name, model and state, for which rules it acts, and for which it only records."""
        said = self.report()
        acts, records = (", ".join(said[each]) or "none" for each in ("acts", "records"))
        named = f"{self.name} ({said['model']})" if said["model"] else self.name
        return f"{named}: {said['state']}; calibration {said['calibration']}; acts for: {acts}; records for: {records}"

    @property
    def acts_at_all(self) -> bool:
        """Return whether anything waits for it."""
        return any(map(self.may_act, self.standing.covered))

    @property
    def is_silent(self) -> bool:
        """Return whether it acts and says nothing."""
        return self.acts_at_all and self.canaries.silent

    @property
    def is_wrong(self) -> bool:
        """Return whether it acts, and is silent or has failed its canaries: all that it judges counts as found."""
        return self.is_silent or (self.acts_at_all and bool(self.canaries.fault))

    def _ruling(self, rule: str, language: str, answer: Answer | None) -> Ruling:
        if answer is None:
            return Ruling(0.0, False)
        acts = self.standing.acts(rule, language)
        if fault := self.canaries.fault if acts else "":
            return Ruling(1.0, acts, fault)
        if isinstance(answer, JudgeError):
            return Ruling(1.0, acts, answer.code)
        return Ruling(self.standing.probability(rule, language, answer), acts)

    def _scores(self, rules: Sequence[str], at: Checkpoint, *, gated: bool = True) -> dict[str, Answer | None]:
        """Return the raw score for each rule, None where this judge cannot be asked about it."""
        until = time.monotonic() + LONGEST
        texts = [shown(each) for each in windows(at.text, self.size, at.start)]
        covered = [rule for rule in rules if rule in self.standing.covered]
        answers: dict[str, Answer | None] = dict.fromkeys(rules)
        gate = self.standing.gate if gated and len(covered) > 1 else None
        if gate is not None:
            above = self._asked([umbrella.RULE], texts, at, until)[umbrella.RULE]
            if not isinstance(above, JudgeError) and above < gate:
                return answers | dict.fromkeys(covered, 0.0)
        return answers | self._asked(covered, texts, at, until)

    def _asked(self, rules: Sequence[str], texts: Sequence[str], at: Checkpoint, until: float) -> dict[str, Answer]:
        """Return the highest score of the windows ``texts`` for each of ``rules``, or the fault of one of them."""
        before = context(at.prompt)
        calls = [Call(rule, text, before) for rule in rules for text in texts]
        salt = at.salt and b"%d " % self.canaries.era + at.salt  # no score from before it was found wrong
        known = {call: score for call in calls if (score := self.cache.get(salt, call)) is not None}
        open_ = [call for call in dict.fromkeys(calls) if call not in known]
        answers: dict[Call, Answer] = {**known, **dict(zip(open_, self._made(open_, until), strict=True))}
        for call in open_:
            if isinstance(answer := answers[call], float):
                self.cache.keep(salt, call, answer)
        return {rule: _highest([answers[Call(rule, text, before)] for text in texts]) for rule in rules}

    def _made(self, calls: Sequence[Call], until: float) -> list[Answer]:
        """Make ``calls``; those of one window have to come in the time of one call."""
        return self.calls.make(calls, min(until, time.monotonic() + self.seconds * self.calls.rounds(len(calls))))


def _highest(answers: Sequence[Answer]) -> Answer:
    for each in answers:
        if isinstance(each, JudgeError):
            return each
    return max(each for each in answers if not isinstance(each, JudgeError))
