"""Edges of what is removed, and the two ways in which matches become regions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uniseg.graphemecluster import grapheme_clusters

from ordinance.detection import Expressions
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Match, Matcher, Watch
from ordinance.runtime.redact.regions import MARK_RUN, Edges, Region, SpanRemoval, UnitRemoval
from ordinance.runtime.text.sentences import Sentences
from support.strategies import SEVERAL

#: Letters and signs, marks, and sequences that make one cluster.
CHARS = "ab 1\r\n\u0301\u200b\u200d👩🚀🇩🇪각ᄀ\u1161ᆨक\u094d\u0903\u0600"


def right(made: Edges, end: int) -> int:
    """Where a region ends whose match ends at ``end``."""
    region = Region(end - 1, end, set())
    made.grow(region)
    return region.end


def edges(text: str, at: int = 0) -> Edges:
    made = Edges(at)
    for char in text:
        made.feed(char)
    return made


@SEVERAL
@pytest.mark.semantics(6)
@given(st.text(CHARS, max_size=12), st.data())
def test_a_region_has_whole_clusters(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    made = edges(text)
    bounds = {0}
    for cluster in grapheme_clusters(text):
        bounds.add(max(bounds) + len(cluster))
    if start < end:
        low, high = made.left(start), right(made, end)
        assert low in bounds
        assert high in bounds
        assert low <= start < end <= high


def test_a_region_takes_the_marks_of_its_last_character_and_the_invisible_ones_around_it() -> None:
    text = "x\u200b\u200bab\u0301\u200by"
    made = edges(text)
    assert (made.left(3), right(made, 5)) == (1, 7)
    assert (made.left(4), right(made, 4)) == (4, 4)


def test_the_thirty_first_mark_belongs_to_nobody() -> None:
    made = edges("a" + "\u0301" * 40 + "b" + "\u200b" * 40 + "c")
    assert right(made, 1) == 1 + MARK_RUN
    assert made.left(82) == 82 - MARK_RUN


def test_what_is_forgotten_is_not_kept() -> None:
    made = edges("abc\u0301")
    made.forget(2)
    assert made.base == 2
    assert made.left(0) == 0
    assert right(made, 3) == 4


def test_a_region_whose_text_has_left_still_grows_with_its_marks() -> None:
    """All that is known may be forgotten while a region at the very end can still grow."""
    made = Edges()
    removal = SpanRemoval(Watch(Matcher(Automaton([]))), made)
    made.feed("a")
    removal.add(Match(0, 1, 7))
    made.forget(1)
    removal.forget(1)
    made.feed("\u0301")
    removal.feed()
    assert removal.regions() == [Region(0, 2, {7})]


def sentence_removal(text: str, bound: int, *found: Match) -> tuple[UnitRemoval, list[Region]]:
    sentences = Sentences()
    matcher = Matcher(Automaton([(0, Expressions(("canary",)))]))
    removal = UnitRemoval(Watch(matcher), sentences, bound)
    for match in found:
        removal.add(match)
    for char in text:
        sentences.feed(char)
        removal.feed()
    sentences.close()
    removal.feed()
    return removal, removal.regions()


@pytest.mark.semantics(5)
@pytest.mark.parametrize(
    ("match", "bound", "expected"),
    [
        (Match(7, 8, 0), 100, "One two."),
        (Match(11, 12, 0), 100, "Three four."),
        (Match(2, 12, 0), 100, "One two. Three four."),
        (Match(8, 9, 0), 100, " "),
        (Match(10, 11, 0), 4, "Thre"),
        (Match(12, 15, 0), 4, "Three fo"),
        (Match(18, 20, 0), 4, "ur."),
        (Match(4, 10, 0), 4, "two. Thre"),
    ],
)
def test_a_match_removes_the_pieces_of_sentences_that_it_touches(match: Match, bound: int, expected: str) -> None:
    text = "One two. Three four. Five."
    _, regions = sentence_removal(text, bound, match)
    assert [text[region.start : region.end] for region in regions] == [expected]


@pytest.mark.semantics(6)
@pytest.mark.parametrize(
    ("text", "bound", "expected"),
    [
        ("One. Two", 400, [0, 0, 0, 0, 0, 5, 5, 5]),
        ("abc", 3, [0, 2, 3]),  # no word can begin at the third character
        ("a b", 3, [0, 0, 3]),
    ],
)
def test_the_open_sentence_waits_and_no_other(text: str, bound: int, expected: list[int]) -> None:
    sentences = Sentences()
    matcher = Matcher(Automaton([(0, Expressions(("canary",)))]))
    removal = UnitRemoval(Watch(matcher), sentences, bound)
    holds = []
    for at, char in enumerate(text):
        sentences.feed(char)
        removal.feed()
        matcher.feed(char, at)
        holds.append(removal.hold())
    assert holds == expected
