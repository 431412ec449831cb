"""Plural forms of whole numbers, against examples that CLDR's charts give for each language."""

from __future__ import annotations

import pytest

from ordinance.policy.link.plurals import categories, category

FORMS = [
    ("en", {1: "one", 0: "other", 2: "other", 21: "other"}),
    ("et", {1: "one", 3: "other"}),
    ("de-AT", {1: "one", 3: "other"}),
    ("fr", {0: "one", 1: "one", 2: "other"}),
    ("ja", {1: "other", 3: "other"}),
    ("ru", {1: "one", 21: "one", 11: "many", 2: "few", 24: "few", 12: "many", 5: "many", 100: "many"}),
    ("pl", {1: "one", 21: "many", 2: "few", 22: "few", 12: "many", 5: "many"}),
    ("cs", {1: "one", 4: "few", 5: "other"}),
    ("hr", {1: "one", 21: "one", 3: "few", 13: "other", 5: "other"}),
    ("sl", {1: "one", 101: "one", 2: "two", 3: "few", 4: "few", 5: "other"}),
    ("lt", {1: "one", 21: "one", 11: "other", 2: "few", 12: "other", 10: "other"}),
    ("lv", {0: "zero", 10: "zero", 11: "zero", 1: "one", 21: "one", 2: "other"}),
    ("ro", {1: "one", 2: "few", 19: "few", 20: "other", 101: "few"}),
    ("he", {1: "one", 2: "two", 3: "other"}),
    ("ga", {1: "one", 2: "two", 3: "few", 6: "few", 7: "many", 10: "many", 11: "other"}),
    ("mt", {1: "one", 2: "two", 3: "few", 10: "few", 11: "many", 19: "many", 20: "other"}),
    ("ar", {0: "zero", 1: "one", 2: "two", 3: "few", 10: "few", 11: "many", 99: "many", 100: "other", 103: "few"}),
    ("cy", {0: "zero", 1: "one", 2: "two", 3: "few", 6: "many", 4: "other"}),
]


@pytest.mark.parametrize(("tag", "forms"), FORMS)
def test_numbers_take_the_form_that_their_language_gives_them(tag: str, forms: dict[int, str]) -> None:
    assert {number: category(tag, number) for number in forms} == forms
    assert categories(tag) == frozenset(forms.values())


def test_a_language_that_is_not_known_has_no_forms() -> None:
    assert categories("tlh") is None
    assert category("tlh", 1) == "other"
