"""Whether an answer became looser, stricter or different: by what leaves and what people are told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.compared.two_policies import Seen, difference

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
def test_what_became_of_an_answer(old: Seen, new: Seen, kind: str | None) -> None:
    found = difference(old, new)
    assert (found and found.kind) == kind


@given(TEXTS, TEXTS)
def test_nothing_that_shows_more_words_is_called_stricter(old: str, new: str) -> None:
    """A word of the model's that only the new policy lets through makes the line looser, whatever else it does."""
    kept = [count for count in range(len(new) + 1) if _subsequence(new[:count], old)]
    if max(kept) < len(new):
        assert kind_of(seen(old), seen(new)) == "looser"
    elif old != new:
        assert kind_of(seen(old), seen(new)) == "stricter"


def kind_of(old: Seen, new: Seen) -> str | None:
    found = difference(old, new)
    return None if found is None else found.kind


def _subsequence(part: str, whole: str) -> bool:
    at = 0
    for char in part:
        at = whole.find(char, at) + 1
        if not at:
            return False
    return True
