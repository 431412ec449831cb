"""Which scripts may stand in one word: those that people write together (UTS 39, highly restrictive)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from ordinance.language.ast import Word
from ordinance.language.diagnostics import Diagnostic
from ordinance.language.source import Source
from ordinance.policy.link.names import _SCRIPTS, _TOGETHER, scripts_of
from ordinance.policy.link.notices import check_signs

LETTERS = "abяжαβかカ漢ㄅ한अé1 _-.̈ाﬁ"


@pytest.mark.parametrize(
    "word", ["AIシステム", "AI기본법", "LINE相談", "いのちSOS", "ㄅㄆAB", "漢字かなカナ", "plain", "Straße"]
)
def test_latin_may_stand_beside_han_kana_and_hangul(word: str) -> None:
    assert len(scripts_of(word)) <= 1


@pytest.mark.parametrize("word", ["pаypal", "Ελλάδαx", "かな한글", "ㄅかな", "AIсистема"])
def test_other_scripts_may_not(word: str) -> None:
    """Cyrillic and Greek look like Latin; kana and Hangul are never one word."""
    assert len(scripts_of(word)) > 1


def searched(text: str) -> list[str]:
    """The scripts of ``text``, looked for one by one."""
    if text.isascii():
        return []
    found = [script for script in _SCRIPTS if regex.search(rf"\p{{Script={script}}}", text)]
    return found[:1] if any(together.issuperset(found) for together in _TOGETHER) else found


@given(st.text(LETTERS) | st.text())
def test_scripts_are_those_that_a_search_finds(text: str) -> None:
    assert scripts_of(text) == searched(text)


@given(st.text(LETTERS, max_size=30))
def test_each_word_of_two_scripts_is_reported(text: str) -> None:
    """Also where the text as a whole is looked at first."""
    found: list[Diagnostic] = []
    check_signs(Word(text, Source(Path("a.ord"), "a.ord", text).whole()), found.append)
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(searched(word)) > 1]
    assert [each.message.split("`")[1] for each in found if each.code == "mixed-scripts"] == words
