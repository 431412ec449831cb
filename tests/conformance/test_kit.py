"""The kit finds each planted fault, for the right reason, and none in a plugin that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.conformance.faults import CATALOGUE
from ordinance.conformance.kit import check_plugin
from ordinance.plugins.budget import Budget
from support.planted import PLANTED, Planted

#: What hangs must not hang long; all else has the time that a busy machine needs.
HANGING = {"late", "answer-broken", "start-late"}
SHORT, LONG = Budget(seconds=1.0, start=5.0), Budget(seconds=10.0, start=60.0)


@pytest.mark.server
@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_fault_is_found_for_the_right_reason(planted: Planted, tmp_path: Path) -> None:
    budget = SHORT if planted.codes & HANGING else LONG
    checked = check_plugin(planted.laid(tmp_path), budget=budget)
    codes = {each.code for each in checked.faults}
    assert planted.codes <= codes <= planted.codes | planted.mays, checked.faults
    for each in checked.faults:
        assert each.hook
        assert "acme" in each.cause
        assert CATALOGUE[each.code].help in each.cause
        assert "defect of ordinance" not in each.cause.lower()
        assert "correct the example" not in each.cause.lower()
