"""When a ``say`` is due (LAW-4): what it depends on is what is remembered of the conversation (semantics, rule 29)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Effect, Occasion
from ordinance.runtime.remembered import Remembered, Told
from ordinance.runtime.situation import Situation

_UTC = ZoneInfo("UTC")

#: What is said at these occasions stands before the answer (semantics, rule 17).
OPENING = frozenset({Occasion.FIRST_ANSWER, Occasion.FIRST_OF_DAY})
_SELDOM = OPENING | {Occasion.EVERY_HOURS}


def due(plan: Plan, rules: Iterable[PlannedRule], situation: Situation, remembered: Remembered) -> list[PlannedRule]:
    """Return the ``say`` rules among ``rules`` that speak in this answer."""
    says = [rule for rule in rules if rule.effect is Effect.SAY]
    return [rule for rule in says if _is_due(plan, rule, situation.now, _last(rule, remembered))]


def _last(rule: PlannedRule, remembered: Remembered) -> Told | None:
    """Look up when ``rule`` last spoke. That there were answers says nothing of one that speaks because of their text
    (semantics, rule 31)."""
    return remembered.notices.get(rule.id) if rule.by_text else remembered.last(rule.id)


def _is_due(plan: Plan, rule: PlannedRule, now: datetime, last: Told | None) -> bool:
    if last is None or rule.occasion not in _SELDOM:
        return True
    if last.at is None:  # nobody knows when
        return rule.hours > 0 or rule.occasion is Occasion.FIRST_OF_DAY
    if rule.hours and now - last.at >= timedelta(hours=rule.hours):
        return True
    return rule.occasion is Occasion.FIRST_OF_DAY and _day(plan, rule, last.at) != _day(plan, rule, now)


def _day(plan: Plan, rule: PlannedRule, at: datetime) -> object:
    """Return the date where the law is, at that time."""
    zone = rule.law.in_force.zone if rule.law else plan.zones.get(rule.jurisdiction or "", _UTC)
    return at.astimezone(UTC).astimezone(zone).date()
