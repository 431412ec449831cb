"""The lemma never weaken: whatever linking makes of the charter beside other packs, it is no less than alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ordinance.detectors.registry import Registry
from ordinance.loading.packs import gather
from ordinance.policy.check.proof import check
from ordinance.policy.conditions import Is
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.link.linker import link
from ordinance.policy.vocabulary import Channel, Effect
from support.packs import TODAY, write_jurisdiction

CODE = "charter-weakened"


def linked(folder: Path) -> Policy:
    return link(gather([write_jurisdiction(folder)]).units, "digest")


def spoiled(policy: Policy, change: Callable[[Rule], Rule | None]) -> Policy:
    """``policy`` where linking has done ``change`` to the red line on weapons."""
    rules = [change(rule) if rule.id == "baseline/weapons" else rule for rule in policy.rules]
    return replace(policy, rules=tuple(rule for rule in rules if rule is not None))


@pytest.mark.requirement("RL-6")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rule: None, "is gone"),
        (lambda rule: replace(rule, effect=Effect.WITHHOLD), "only a `withhold`"),
        (lambda rule: replace(rule, channels=frozenset({Channel.ANSWER})), "no longer looking at everything"),
        (lambda rule: replace(rule, detectors=()), "looking for less"),
        (lambda rule: replace(rule, condition=Is("purpose", frozenset({"art", "education"}))), "purpose "),
        (lambda rule: replace(rule, jurisdiction="XA"), "without a jurisdiction"),
    ],
)
def test_a_charter_that_is_less_beside_other_packs(
    change: Callable[[Rule], Rule | None], said: str, tmp_path: Path
) -> None:
    checked = check(spoiled(linked(tmp_path), change), Registry(), TODAY)
    assert checked.checked is None
    told = [item for item in checked.diagnostics if item.code == CODE]
    assert len(told) == 1
    assert said in told[0].message
    assert "`weapons`" in told[0].message


def test_a_protection_that_is_lost(tmp_path: Path) -> None:
    checked = check(replace(linked(tmp_path), protected=()), Registry(), TODAY)
    assert [item.code for item in checked.diagnostics if item.severity == "error"] == [CODE]


def test_a_charter_that_is_itself_beside_other_packs(tmp_path: Path) -> None:
    assert check(linked(tmp_path), Registry(), TODAY).checked is not None
