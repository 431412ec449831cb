"""The kit finds each planted fault, for the right reason, and none in a plugin that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.conformance.faults import CATALOGUE
from ordinance.conformance.kit import check_plugin
from ordinance.plugins.budget import Budget
from support.planted import PLANTED, Planted

#: Short, so that what hangs does not hang long; a busy machine needs some of it.
BUDGET = Budget(seconds=1.0, start=10.0)


@pytest.mark.server
@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_fault_is_found_for_the_right_reason(planted: Planted, tmp_path: Path) -> None:
    checked = check_plugin(planted.laid(tmp_path), budget=BUDGET)
    codes = {each.code for each in checked.faults}
    assert planted.codes <= codes <= planted.codes | planted.mays, checked.faults
    for each in checked.faults:
        assert each.hook
        assert "acme" in each.cause
        assert CATALOGUE[each.code].help in each.cause
        assert "defect of ordinance" not in each.cause.lower()
