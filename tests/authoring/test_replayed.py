"""Whether a line became looser, stricter or different: by what leaves and what people are told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.authoring.replayed import Seen, Tally, change
from ordinance.policy.vocabulary import Verdict

TEXTS = st.text("ab ", max_size=6)


def seen(
    released: str = "one two", verdict: Verdict = Verdict.PASS, told: Mapping[str, int] | None = None, rules: str = ""
) -> Seen:
    return Seen(verdict, (released,), told or {}, frozenset(rules.split()))


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (seen(), seen(), None),
        (seen("one two"), seen("one"), "stricter"),
        (seen("one"), seen("one two"), "looser"),
        (seen("one"), seen("two"), "looser"),
        (seen(verdict=Verdict.REFUSE), seen(verdict=Verdict.WITHHOLD), "looser"),
        (seen(verdict=Verdict.PASS), seen(verdict=Verdict.DISCLOSE), "stricter"),
        (seen(told={"omission": 1}), seen(), "looser"),
        (seen(told={"omission": 1}), seen(told={"omission": 2}), "stricter"),
        (seen(told={"omission": 1}), seen("one", told={"addition": 1}), "looser"),
        (seen(told={"omission": 1}, rules="DE/a"), seen(told={"omission": 1}, rules="DE/b"), "different"),
        (Seen(Verdict.PASS, (), {}, frozenset()), seen(), "looser"),
    ],
)
def test_what_became_of_a_line(old: Seen, new: Seen, kind: str | None) -> None:
    assert change(old, new) == kind


@given(TEXTS, TEXTS)
def test_nothing_that_shows_more_words_is_called_stricter(old: str, new: str) -> None:
    """A word of the model's that only the new policy lets through makes the line looser, whatever else it does."""
    kept = [count for count in range(len(new) + 1) if _subsequence(new[:count], old)]
    if max(kept) < len(new):
        assert change(seen(old), seen(new)) == "looser"
    elif old != new:
        assert change(seen(old), seen(new)) == "stricter"


def _subsequence(part: str, whole: str) -> bool:
    at = 0
    for char in part:
        at = whole.find(char, at) + 1
        if not at:
            return False
    return True


def test_lines_and_rules_are_counted() -> None:
    tally = Tally()
    tally.add("a", seen(rules="X/one"), seen(rules="X/one"))
    tally.skip()
    tally.add(7, seen(rules="X/one", told={"omission": 1}), seen(rules="X/two", told={"omission": 1}))
    found = tally.as_json()
    assert {name: found[name] for name in ("lines", "unusable", "same", "stricter", "different", "looser")} == {
        "lines": 3, "unusable": 1, "same": 1, "stricter": 0, "different": 1, "looser": 0,
    }  # fmt: skip
    assert found["rules"] == {"X/one": {"old": 2, "new": 1}, "X/two": {"old": 0, "new": 1}}
    assert found["changes"] == [
        {"line": 3, "id": 7, "kind": "different", "verdict": {"old": "pass", "new": "pass"},
         "rules": {"gone": ["X/one"], "added": ["X/two"]}}
    ]  # fmt: skip
