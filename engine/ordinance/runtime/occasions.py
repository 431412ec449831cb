"""When a ``say`` is due (LAW-4). The engine keeps nothing between requests, so what went before is claimed.

A request may claim ``elapsed``: how many seconds ago this conversation last carried what is said from time to time.
Where it claims nothing, or nothing that can be read, what is said is due (docs/decisions/006).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Effect, Occasion
from ordinance.runtime.situation import Situation

_UTC = ZoneInfo("UTC")
_HOUR = 3600

#: What is said at these occasions stands before the answer (semantics, rule 17).
OPENING = frozenset({Occasion.FIRST_ANSWER, Occasion.FIRST_OF_DAY})


def due(plan: Plan, rules: Iterable[PlannedRule], situation: Situation) -> list[PlannedRule]:
    """The ``say`` rules among ``rules`` that speak in this answer."""
    return [rule for rule in rules if rule.effect is Effect.SAY and _is_due(plan, rule, situation)]


def _is_due(plan: Plan, rule: PlannedRule, situation: Situation) -> bool:
    if rule.hours and (situation.elapsed is None or situation.elapsed >= rule.hours * _HOUR):
        return True
    match rule.occasion:
        case Occasion.FIRST_ANSWER:
            return situation.turn == 1
        case Occasion.FIRST_OF_DAY:
            return situation.elapsed is None or _on_another_day(plan, rule, situation, situation.elapsed)
        case Occasion.EVERY_HOURS:
            # A conversation that begins has carried no reminder yet, whatever is claimed.
            return situation.turn == 1
        case _:
            return True


def _on_another_day(plan: Plan, rule: PlannedRule, situation: Situation, elapsed: int) -> bool:
    """Whether it was another day, where the law is, when it was last said."""
    zone = rule.law.in_force.zone if rule.law else plan.zones.get(rule.jurisdiction or "", _UTC)
    now = situation.now.astimezone(UTC)
    return (now - timedelta(seconds=elapsed)).astimezone(zone).date() != now.astimezone(zone).date()
