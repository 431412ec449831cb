"""What the commands that serve say when they begin."""

from __future__ import annotations

from ordinance.cli.servers import without
from ordinance.policy.plan import Struck


def test_a_test_that_nothing_is_configured_for_is_one_line_with_all_its_rules() -> None:
    judged = "judged at least 0.8"
    assert without([Struck("a/x", judged), Struck("a/y", "detector acme.id"), Struck("b/z", judged)]) == [
        "`judged at least 0.8` is not configured, so 2 rules run without it: a/x, b/z",
        "`detector acme.id` is not configured, so 1 rule runs without it: a/y",
    ]
