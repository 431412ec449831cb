"""An entry that is one of a language's commonest words is an error, in lexicons and in patterns."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.loading.common_words import _lists
from support.bans import Ban, found

WORDS = {
    "the": "English",
    "nicht": "German",
    "oli": "Estonian and Finnish",
    "avec": "French",
    "pero": "Spanish and Italian",
    "della": "Italian",
    "não": "Portuguese",
    "niet": "Dutch",
    "jest": "Polish",
    "mutta": "Finnish",
    "когда": "Russian",
    "الذي": "Arabic",
    "और": "Hindi",
    "ので": "",
    "これ": "Japanese",
    "그리고": "Korean",
}


@pytest.mark.requirement("OB-3")
@pytest.mark.parametrize(("word", "language"), WORDS.items(), ids=WORDS)
def test_a_common_word_is_no_entry(word: str, language: str, tmp_path: Path) -> None:
    messages = found(Ban([word]).load(tmp_path)).get("common-word", [])
    assert [message.rpartition(" of ")[2] for message in messages] == ([language] if language else [])


@pytest.mark.parametrize("pattern", [r"\bthe\b", "[Tt]he", "th[a-z]", r"(?:der|die|das)", r"\w{4}", "Nicht", "not?"])
def test_a_pattern_that_is_a_common_word_is_an_error(pattern: str, tmp_path: Path) -> None:
    assert "common-word" in found(Ban(pattern=pattern).load(tmp_path))


@pytest.mark.parametrize("pattern", [r"\bIS\b", r"the badge [0-9]{4}", r"[0-9]{5}", "WHO-[A-Z]{3}"])
def test_capitals_alone_and_longer_patterns_are_no_common_words(pattern: str, tmp_path: Path) -> None:
    assert "common-word" not in found(Ban(pattern=pattern).load(tmp_path))


def test_a_longer_phrase_may_contain_common_words(tmp_path: Path) -> None:
    assert not found(Ban(["the of and to zzq", "nicht mit zzq"]).load(tmp_path))


def test_a_common_word_beside_another_thing_may_be_looked_for(tmp_path: Path) -> None:
    """What must stand in one sentence with a word that nobody says takes nothing out of the language."""
    when = "answer has both lexicon words0 and lexicon words1 in the same sentence"
    assert not found(Ban(["not"], parts=[["qqzzv"]], when=when).load(tmp_path))


def test_accents_are_compared_as_rules_compare_them(tmp_path: Path) -> None:
    """A rule that looks for `fur` takes `für` out of German, since accents are folded."""
    (message,) = found(Ban(["fur"]).load(tmp_path))["common-word"]
    assert message.startswith("XA/words1 would take out every `für`, one of the commonest words of German")


def test_each_language_has_some_two_hundred() -> None:
    assert len(_lists()) == 15
    assert {name: len(words) for name, words in _lists().items() if not 140 <= len(words) <= 240} == {}
    assert all(len(set(words)) == len(words) for words in _lists().values())
