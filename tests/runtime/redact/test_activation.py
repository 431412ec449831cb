"""Automata are kept for the situations that come again, and no more of them than a bound."""

from __future__ import annotations

from itertools import combinations

import pytest

from ordinance.runtime.redact import activation
from support.oracle import Rule
from support.plans import plan_of


@pytest.mark.slow
def test_no_more_sets_of_rules_are_kept_than_the_bound() -> None:
    plan = plan_of([Rule((f"word{number}",)) for number in range(9)])
    sets = [rules for size in (3, 4) for rules in combinations(plan.rules, size)]
    assert len(sets) > activation._KEPT
    for rules in sets:
        activation.activate(plan, rules)
    assert len(activation._cache[plan]) <= activation._KEPT


def test_the_same_rules_share_what_was_made_for_them() -> None:
    plan = plan_of([Rule(("word",)), Rule(("other",))])
    assert activation.activate(plan, plan.rules) is activation.activate(plan, tuple(plan.rules))
