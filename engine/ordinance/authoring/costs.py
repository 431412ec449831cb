"""What each rule makes people wait for (semantics, rule 6): ``check`` says it, ``check --cost`` measures it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ordinance.authoring.prose import PROSE
from ordinance.detection import Expressions
from ordinance.loading.breadth import Share, shares
from ordinance.policy.plan import Plan, PlannedRule
from ordinance.runtime.judged.checkpoints import APART, FURTHEST
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.disguise import REACH
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.match.patterns import parse_pattern, width
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.redactor import Redactor

#: Characters that an open sentence holds on average on prose, measured.
SENTENCE_MEAN = 68
#: A rule of scope span that holds more of ordinary prose on average makes people wait for nothing.
MUCH = 2.0


@dataclass(frozen=True, slots=True)
class Hold:
    """Characters that wait while prose of one language is read: on average, and at most in 99 of 100 places.
    ``threads`` are the beginnings of a match that are alive, on average."""

    mean: float
    p99: int
    threads: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one rule costs: ``width`` is the longest text, in characters, that a match of it can have; 0 where a
    detector sees sentences. ``holds`` are by language. ``breadth`` is the kind of prose of which it takes out most,
    None where it takes out nothing."""

    rule: str
    scope: str
    width: int
    holds: Mapping[str, Hold]
    breadth: Share | None

    @property
    def worst(self) -> tuple[str, Hold]:
        """The language in which it holds most, and how much."""
        return max(self.holds.items(), key=lambda item: (item[1].mean, item[0]))

    @property
    def waits(self) -> bool:
        """Return whether the rule makes ordinary text wait although it removes no more than its match."""
        return self.scope == "span" and self.worst[1].mean > MUCH


def costs(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the id of each rule that removes text, and what it holds while a stream is open."""
    for rule in plan.rules:
        if not rule.removes:
            continue
        if rule.judged is not None and rule.judged.judge.may_act(rule.id):
            yield rule.id, f"holds what no judge has cleared, about {APART} characters, at most {FURTHEST}"
        if not rule.detectors:
            continue
        if rule.scope.unit == "paragraph":
            yield rule.id, f"holds the open paragraph, at most {rule.scope.bound} characters"
        elif rule.scope.unit == "sentence":
            yield (
                rule.id,
                (f"holds the open sentence, about {SENTENCE_MEAN} characters on prose, at most {rule.scope.bound}"),
            )
        elif rule.within:
            most = sum(longest(plan, rule, keys) for keys in (rule.detectors, rule.near)) + rule.within
            yield (
                rule.id,
                f"holds one of two things until {rule.within} characters have passed without the other, at most {most}",
            )
        elif _by_expressions(plan, rule):
            most = longest(plan, rule)
            held = f"holds what may become a match, at most {most} characters"
            yield rule.id, held if most else "takes out calls of tools, and holds no text"
        else:
            yield rule.id, "holds the open sentence, for a detector that sees sentences"


def measured(plan: Plan) -> Iterator[Cost]:
    """Measure how much ordinary prose each rule that removes text holds, alone. A plugin decides about candidates in
    it, and is shown no sentences."""
    return (cost_of(plan, rule) for rule in plan.rules if rule.removes and rule.detectors)


def cost_of(plan: Plan, rule: PlannedRule) -> Cost:
    """Measure what one ``rule`` that removes text costs."""
    scope = rule.scope.unit if rule.scope.unit == "span" else f"{rule.scope.unit} at most {rule.scope.bound}"
    holds: dict[str, Hold] = {}
    if _by_expressions(plan, rule):
        holds = {language: _hold(plan, rule, text) for language, text in PROSE.items()}
    broadest = next(iter(shares(plan, (rule,))), None)
    most = longest(plan, rule, (*rule.detectors, *rule.near)) if holds else 0
    return Cost(rule.id, scope, most, holds, broadest)


def _by_expressions(plan: Plan, rule: PlannedRule) -> bool:
    keys = (*rule.detectors, *rule.near)
    return bool(rule.within or not rule.near) and all(isinstance(plan.detectors[key], Expressions) for key in keys)


def _hold(plan: Plan, rule: PlannedRule, text: str) -> Hold:
    redactor = Redactor(activate(plan, (rule,)))
    keys = (*rule.detectors, *rule.near)
    looked_for = (each for key in keys if isinstance(each := rule.seen(plan.detectors[key]), Expressions))
    matcher = Matcher(Automaton([(0, each) for each in looked_for]))
    waiting: list[int] = []
    threads: list[int] = []
    left = 0
    for at, char in enumerate(text):
        left += len(redactor.feed(char))
        waiting.append(at + 1 - left)
        matcher.feed(char, at)
        threads.append(len(matcher.place(at)[1]))
    return Hold(fmean(waiting), sorted(waiting)[len(waiting) * 99 // 100], fmean(threads))


def longest(plan: Plan, rule: PlannedRule, keys: Sequence[str] = ()) -> int:
    """Return the length of the longest match of a rule, in symbols; of one of ``keys`` where some are given."""
    keys = keys or rule.detectors
    if rule.sees_disguise and any(isinstance(plan.detectors[key], Expressions) for key in keys):
        return REACH
    lengths = [0]
    for key in keys:
        prepared = plan.detectors[key]
        if isinstance(prepared, Expressions):
            lengths += [len(phrase) for phrase in prepared.phrases]
            lengths += [width(parse_pattern(pattern.source, pattern.any_case))[1] for pattern in prepared.patterns]
    return max(lengths)
