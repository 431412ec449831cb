"""The words of a register in a language that none ship for: what is wrong with a translation is named."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ordinance.authoring.register.wording import words_from, words_in
from ordinance.errors import UsageError

ENGLISH = dict(words_in("en"))


def with_more(**other: object) -> str:
    return json.dumps({**ENGLISH, **other})


def test_english_is_a_translation_of_itself() -> None:
    words: Mapping[str, str] = words_from(json.dumps(ENGLISH), "words.json", "fr-CA")
    assert {key: words[key] for key in ENGLISH} == ENGLISH


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        (json.dumps(ENGLISH), "no language", "'no language' is not a language."),
        ("{", "fr", "words.json is not JSON."),
        ("[1]", "fr", "words.json is not a JSON object of texts."),
        (json.dumps({**ENGLISH, "months": 12}), "fr", "words.json is not a JSON object of texts."),
        ("{}", "fr", f"words.json has no words for '{next(iter(ENGLISH))}' ({len(ENGLISH)} are missing)."),
        (with_more(months="janvier"), "fr", "words.json: 'months' does not name twelve."),
    ],
)
def test_a_translation_that_is_wrong_is_an_error(text: str, language: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        words_from(text, "words.json", language)
    assert caught.value.message == said


def test_what_stands_in_braces_stands_in_the_translation_too() -> None:
    key = next(key for key, text in ENGLISH.items() if "{" in text and key != "date")
    with pytest.raises(UsageError, match="does not contain the same names in braces"):
        words_from(with_more(**{key: "mots"}), "words.json", "fr")
