"""Conditions, laws and situations in words, for people who read the output of an author's tool."""

from __future__ import annotations

from collections.abc import Iterable

from ordinance.policy.conditions import All, Always, AnyOf, Below, Condition, Is, Within
from ordinance.policy.plan import Law, Period, Plan
from ordinance.runtime.situation import Situation


def condition_in_words(condition: Condition, plan: Plan) -> str:
    """Write a condition as a pack would: ``place within EU or seat within EU``."""
    match condition:
        case Always():
            return "always"
        case Is(dimension, values, or_unknown):
            return _either(_values(dimension, values), dimension, or_unknown)
        case Within(dimension, codes, or_unknown):
            return _either(f"{dimension} within {root_of(codes, plan)}", dimension, or_unknown)
        case Below(dimension, limit):
            return f"{dimension} {limit_in_words(dimension, limit, plan)}"
        case All(parts):
            return _joined(parts, "and", plan)
        case AnyOf(parts):
            return _joined(parts, "or", plan)


def limit_in_words(dimension: str, limit: int, plan: Plan) -> str:
    """Write a limit as its dimension is written: ``below 18``, ``below 3 hours``, ``before 2026-08-02``."""
    declared = plan.dimensions.get(dimension)
    if declared is not None and declared.is_date:
        return f"before {day_of(limit)}"
    return f"below {limit // 3600} hours" if dimension == "elapsed" else f"below {limit}"


def day_of(limit: int) -> str:
    """Return the day whose digits ``limit`` is: 20260802 is 2026-08-02."""
    digits = f"{limit:08}"
    return f"{digits[:-4]}-{digits[-4:-2]}-{digits[-2:]}"


def _either(text: str, dimension: str, or_unknown: bool) -> str:
    unknown = f"{dimension} is unknown" if or_unknown else ""
    return " or ".join(part for part in (text, unknown) if part)


def _values(dimension: str, values: frozenset[str]) -> str:
    if len(values) > 1:
        return f"{dimension} is one of {', '.join(sorted(values))}"
    return "".join(f"{dimension} is {value}" for value in values)


def _joined(parts: Iterable[Condition], word: str, plan: Plan) -> str:
    found = []
    for part in parts:
        text = condition_in_words(part, plan)
        nested = isinstance(part, (All, AnyOf)) or " or " in text
        found.append(f"({text})" if nested else text)
    return f" {word} ".join(found)


def root_of(codes: frozenset[str], plan: Plan) -> str:
    """Return the code that a pack named, given the code and all that lie within it."""
    return max(sorted(codes), key=lambda code: (code in plan.parents, len(plan.place_codes(code)), -len(code)))


def law_in_words(law: Law) -> str:
    """Write a law: ``Strafgesetzbuch § 86a Abs. 1 (DE)``."""
    return f"{law.title} {law.article} ({law.jurisdiction})"


def dates_in_words(law: Law, plan: Plan) -> str:
    """Write the dates of a law: ``in force from 2026-08-02``, with the day on which it ends, if any, and its
    transitions."""
    said = _period(law.in_force)
    others = (f"; when {condition_in_words(each.condition, plan)} {_period(each.period)}" for each in law.transitions)
    return said + "".join(others)


def _period(period: Period) -> str:
    return f"in force from {period.start}" + (f" until {period.end}" if period.end else "")


def situation_in_words(situation: Situation) -> str:
    """Write a situation: ``DE; place DE, purpose education, turn 1, on 2026-11-01``; what is not named is unknown."""
    facts = [f"{name} {value}" for name, value in sorted({**situation.attested, **situation.claimed}.items())]
    day = situation.on or situation.now.date()
    return f"{situation.jurisdiction or 'no jurisdiction'}; {', '.join([*facts, f'on {day}'])}"
