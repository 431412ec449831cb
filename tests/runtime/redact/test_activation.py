"""Automata are kept for the situations that come again, and no more of them than a bound."""

from __future__ import annotations

import gc
import weakref
from itertools import combinations

import pytest

from ordinance.runtime.redact import activation
from support.oracle import Rule
from support.plans import plan_of
from support.sharing import RECENT


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


def test_a_plan_that_replaces_another_shares_what_looks_for_the_same() -> None:
    old, new = (plan_of([Rule(("word",)), Rule(("other",))]) for _ in range(2))
    first, second = (activation.activate(plan, plan.rules) for plan in (old, new))
    assert first is not second, "what else belongs to a plan is its own"
    assert first.number != second.number
    assert first.answer is second.answer
    assert first.prompt is second.prompt


def test_other_rules_share_nothing() -> None:
    one, other = (plan_of([Rule((word,))]) for word in ("word", "other"))
    assert activation.activate(one, one.rules).answer is not activation.activate(other, other.rules).answer


def test_what_no_plan_uses_is_not_kept() -> None:
    plan = plan_of([Rule(("nobody else looks for this",))])
    automaton = weakref.ref(activation.activate(plan, plan.rules).answer)
    assert automaton() is not None
    del plan
    RECENT.clear()
    gc.collect()
    assert automaton() is None
