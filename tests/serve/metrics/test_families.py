"""The table of metrics knows what can be counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ordinance.serve.metrics.families import (
    CLIENT_GONE,
    DETECTOR,
    FAILURE_KINDS,
    FAMILIES,
    JUDGE,
    LEDGER,
    SHADOW_FAILED,
)
from support.checkout import ROOT

CONTRACT = {
    "ordinance_answers_total": ("jurisdiction", "verdict", "api"),
    "ordinance_asked_again_total": ("released",),
    "ordinance_rules_total": ("rule", "effect"),
    "ordinance_failures_total": ("kind",),
    "ordinance_upstream_seconds": (),
    "ordinance_added_seconds": (),
    "ordinance_held_characters": (),
    "ordinance_streams": (),
    "ordinance_audit_lost_total": (),
    "ordinance_policy_info": ("digest",),
    "ordinance_policy_age_seconds": (),
}


def test_names_and_labels_are_a_contract() -> None:
    labels = {family.name: family.labels for family in FAMILIES}
    assert CONTRACT.items() <= labels.items()


def codes() -> Iterator[str]:
    """The codes of all problems, as they are written in the source."""
    for path in (ROOT / "engine" / "ordinance").rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "Problem(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                code = node.args[1]
                assert isinstance(code, ast.Constant), f"{path}:{node.lineno}"
                yield str(code.value)


def test_every_kind_of_failure_is_known_before_the_first() -> None:
    """A server that has not begun to govern has no numbers yet."""
    assert {*codes(), CLIENT_GONE, DETECTOR, JUDGE, LEDGER, SHADOW_FAILED} == {*FAILURE_KINDS, "not_begun"}
