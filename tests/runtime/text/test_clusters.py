"""Grapheme clusters, one character at a time, against uniseg's reading of UAX #29."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uniseg.graphemecluster import grapheme_cluster_break, grapheme_clusters

from ordinance.runtime.text.clusters import START, cluster_class, join
from support.strategies import MANY

CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]

#: Every class, those that GB9c and GB11 tell apart included.
SAMPLES = "a\r\n\x07\u0301\u200d\u200c🇩🇪🇺\u0600\u0903각가각👩🚀™क\u094d\u093cति\u200b\u0e33🏽\ufe0f"

NAMES = {
    "O": "OTHER", "K": "OTHER", "X": "OTHER", "r": "CR", "n": "LF", "C": "CONTROL", "E": "EXTEND", "N": "EXTEND",
    "e": "EXTEND", "Z": "ZWJ", "R": "REGIONAL_INDICATOR", "P": "PREPEND", "S": "PACINGMARK", "L": "L", "V": "V",
    "T": "T", "G": "LV", "H": "LVT",
}  # fmt: skip


def clusters(text: str) -> list[str]:
    found: list[str] = []
    state = START
    for char in text:
        joins, state = join(state, cluster_class(char))
        if joins:
            found[-1] += char
        else:
            found.append(char)
    return found


@pytest.mark.slow
@pytest.mark.semantics(6)
def test_every_code_point_has_the_class_that_uniseg_gives_it() -> None:
    wrong = [
        hex(code) for code in CODE_POINTS if NAMES[cluster_class(chr(code))] != grapheme_cluster_break(chr(code)).name
    ]
    assert not wrong


@pytest.mark.semantics(6)
def test_every_three_classes_in_a_row_are_cut_as_uniseg_cuts_them() -> None:
    every_class = {cluster_class(chr(code)): chr(code) for code in CODE_POINTS}
    for before in every_class.values():
        for char in every_class.values():
            for after in every_class.values():
                text = before + char + after
                assert clusters(text) == list(grapheme_clusters(text)), ascii(text)


@pytest.mark.semantics(6)
@MANY
@given(st.text(SAMPLES, max_size=10))
def test_clusters_are_the_standards(text: str) -> None:
    assert clusters(text) == list(grapheme_clusters(text))


@pytest.mark.parametrize(
    "cluster", ["e\u0301", "\r\n", "🇩🇪", "👩\u200d🚀", "각", "ᄀ\u1161ᆨ", "क\u094dत", "👋🏽", "\u0600a", "\u0e01\u0e33"]
)
def test_what_a_reader_takes_for_one_character_is_one(cluster: str) -> None:
    assert clusters(f"a{cluster}b") == ["a", cluster, "b"] or cluster[0] == "\u0600"
    assert clusters(cluster) == [cluster]
