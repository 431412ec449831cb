"""What a condition says of a value."""

from __future__ import annotations

import pytest

from ordinance.policy.conditions import ALWAYS, All, AnyOf, Below, Condition, Is, names_value

DRAFT = Is("stage", frozenset({"draft", "review"}))


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        (DRAFT, True),
        (Is("stage", frozenset({"final"})), False),
        (Is("purpose", frozenset({"draft"})), False),
        (All((Below("age", 16), DRAFT)), True),
        (AnyOf((Below("age", 16), All((DRAFT,)))), True),
        (AnyOf((Below("age", 16),)), False),
        (ALWAYS, False),
        (Below("age", 16), False),
    ],
)
def test_a_value_is_named_by_a_test_of_its_dimension(condition: Condition, named: bool) -> None:
    assert names_value(condition, "stage", "draft") is named
