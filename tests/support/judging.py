"""A judge in this process, whose answer is a function of what stands in the text: see ``ScriptedJudge``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ordinance.detection import Checkpoint, Judge, Judged, Question, Ruling
from ordinance.policy.plan import Plan

_SCORE = re.compile(r"judge-canary-(\w+)-([01](?:\.\d+)?)(?![\d.]*\d)")
_FAULT = re.compile(r"judge-fault-(\w+)")


@dataclass
class ScriptedJudge:
    """The probability for the rule ``pack/NAME`` is the largest P of any ``judge-canary-NAME-P`` in the text, else 0.
    A text with ``judge-fault-CODE`` gets no answer, but that code, and one with ``judge-abroad`` is in a language for
    which the judge only records. ``acts`` are the rules for which it may act; None: all. It notes what it is asked."""

    acts: frozenset[str] | None = None
    era: int = 0
    asked: list[tuple[tuple[str, ...], Checkpoint]] = field(default_factory=list)
    name: str = "scripted"

    @property
    def identity(self) -> Mapping[str, object]:
        return {"by": self.name}

    def may_act(self, rule: str) -> bool:
        return self.acts is None or rule in self.acts

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> Sequence[Ruling]:
        self.asked.append((tuple(question.rule for question in questions), at))
        fault = _FAULT.search(at.text)
        abroad = "judge-abroad" in at.text
        return [self._ruling(question.rule, at.text, fault and fault[1], abroad) for question in questions]

    def _ruling(self, rule: str, text: str, fault: str | None, abroad: bool) -> Ruling:
        acts = self.may_act(rule) and not abroad
        if fault:
            return Ruling(1.0, acts, fault)
        name = rule.rpartition("/")[2]
        return Ruling(max((float(p) for found, p in _SCORE.findall(text) if found == name), default=0.0), acts)

    @property
    def texts(self) -> list[str]:
        return [at.text for _, at in self.asked]


def judged(plan: Plan, judge: Judge, *rules: str, least: float = 0.8) -> Plan:
    """Return ``plan`` with ``judge`` asked by the rules of these ids."""
    return replace(
        plan,
        judge=judge,
        rules=tuple(
            replace(rule, judged=Judged(Question(rule.id, "Means."), least, judge)) if rule.id in rules else rule
            for rule in plan.rules
        ),
    )


def fires(name: str, probability: float = 0.93) -> str:
    """Return what the judge finds for the rule of this name."""
    return f"judge-canary-{name}-{probability}"
