"""What each rule makes people wait for (semantics, rule 6): ``check`` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.detection import Expressions
from ordinance.policy.plan import Plan, PlannedRule
from ordinance.runtime.patterns import parse_pattern, width

#: Characters that an open sentence holds on average on prose, measured.
SENTENCE_MEAN = 68


def costs(plan: Plan) -> Iterator[tuple[str, str]]:
    """Each rule that removes text, by id, with what it holds while a stream is open."""
    for rule in plan.rules:
        if not rule.removes:
            continue
        if rule.scope.unit == "paragraph":
            yield rule.id, f"holds the open paragraph, at most {rule.scope.bound} characters"
        elif rule.scope.unit == "sentence":
            yield (
                rule.id,
                (f"holds the open sentence, about {SENTENCE_MEAN} characters on prose, at most {rule.scope.bound}"),
            )
        elif not rule.near and all(isinstance(plan.detectors[key], Expressions) for key in rule.detectors):
            yield rule.id, f"holds what may become a match, at most {longest(plan, rule)} characters"
        else:
            yield rule.id, "holds the open sentence, for a detector that sees sentences"


def longest(plan: Plan, rule: PlannedRule) -> int:
    """The longest match of a rule, in symbols."""
    lengths = [0]
    for key in rule.detectors:
        prepared = plan.detectors[key]
        if isinstance(prepared, Expressions):
            lengths += [len(phrase) for phrase in prepared.phrases]
            lengths += [width(parse_pattern(pattern.source, pattern.any_case))[1] for pattern in prepared.patterns]
    return max(lengths)
