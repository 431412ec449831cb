"""Which scripts may stand in one word: those that people write together (UTS 39, highly restrictive)."""

from __future__ import annotations

import pytest

from ordinance.policy.link.names import scripts_of


@pytest.mark.parametrize(
    "word", ["AIシステム", "AI기본법", "LINE相談", "いのちSOS", "ㄅㄆAB", "漢字かなカナ", "plain", "Straße"]
)
def test_latin_may_stand_beside_han_kana_and_hangul(word: str) -> None:
    assert len(scripts_of(word)) <= 1


@pytest.mark.parametrize("word", ["pаypal", "Ελλάδαx", "かな한글", "ㄅかな", "AIсистема"])
def test_other_scripts_may_not(word: str) -> None:
    """Cyrillic and Greek look like Latin; kana and Hangul are never one word."""
    assert len(scripts_of(word)) > 1
