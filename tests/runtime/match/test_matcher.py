"""Which matches there are, when they are certain and what is still alive: against ``re`` and against every span."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Expressions, Pattern
from ordinance.errors import PatternError
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.match.network import canonical_phrase
from support.oracle import Rule, matches
from support.strategies import CHARACTERS, SEVERAL, patterns, phrases, rules, texts

Spans = set[tuple[int, int]]


def automaton(said: Sequence[str] = (), matched: Sequence[str] = (), *, any_case: bool = False) -> Automaton:
    return Automaton([(0, Expressions(tuple(said), tuple(Pattern(source, any_case) for source in matched)))])


def spans(of: Automaton, text: str) -> Spans:
    matcher = Matcher(of)
    found = [match for at, char in enumerate(text) for match in matcher.feed(char, at)] + matcher.close()
    return {(match.start, match.end) for match in found}


def assert_same_reach(found: Spans, expected: Spans) -> None:
    """Of matches with one end the automaton may keep only one with an earlier start: what they cover is the same."""
    assert found <= expected
    for start, end in expected - found:
        assert any(earlier < start for earlier, same in found if same == end), (start, end)


@pytest.mark.semantics(5)
@SEVERAL
@given(patterns(8), st.lists(st.text("abA1x .(\n", max_size=9), min_size=3, max_size=3))
def test_a_pattern_has_the_matches_that_re_gives_it(source: str, several: list[str]) -> None:
    made = automaton(matched=[source])
    for text in several:
        assert_same_reach(spans(made, text), matches(text, (), [source]))


@pytest.mark.semantics(5)
@SEVERAL
@given(patterns(6), st.text("abAB1 .(\n", max_size=8))
def test_a_pattern_in_any_case_has_the_matches_that_re_gives_it(source: str, text: str) -> None:
    expected = {
        (start, end)
        for end in range(1, len(text) + 1)
        for start in range(end)
        if re.compile(rf"(?:{source})(?=[\s\S]{{{len(text) - end}}}\Z)", re.MULTILINE | re.IGNORECASE).match(
            text, start
        )
    }
    assert_same_reach(spans(automaton(matched=[source], any_case=True), text), expected)


@pytest.mark.semantics(5)
@given(st.data(), st.lists(rules(), min_size=1, max_size=3))
def test_phrases_and_patterns_together_have_every_span_of_folded_text(data: st.DataObject, of: list[Rule]) -> None:
    text = data.draw(texts(of, 20))
    expressions = [
        (tag, Expressions(rule.phrases, tuple(Pattern(source) for source in rule.patterns)))
        for tag, rule in enumerate(of)
    ]
    matcher = Matcher(Automaton(expressions))
    found = [match for at, char in enumerate(text) for match in matcher.feed(char, at)] + matcher.close()
    for tag, rule in enumerate(of):
        own = {(match.start, match.end) for match in found if match.tag == tag}
        assert_same_reach(own, matches(text, rule.phrases, rule.patterns))


@pytest.mark.semantics(6)
@given(phrases, st.text(CHARACTERS, max_size=12), st.text(CHARACTERS, max_size=5))
def test_a_match_is_told_as_soon_as_it_is_certain_and_holds_until_then(phrase: str, text: str, more: str) -> None:
    """What has been told stays true; what is told later begins no sooner than what was alive."""
    matcher = Matcher(automaton([phrase]))
    told = {(each.start, each.end) for at, char in enumerate(text) for each in matcher.feed(char, at)}
    alive = matcher.oldest()
    final = matches(text + more, [phrase], ())
    assert told <= final
    later = {(start, end) for start, end in final - told if not any(same == end for _, same in told)}
    for start, _ in later:
        assert start >= len(text) or (alive is not None and start >= alive)


@pytest.mark.semantics(5)
@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("foo", "foo", {(0, 3)}),
        ("foo", "foobar", set()),
        ("foo", "xfoo", set()),
        ("foo", "x-foo.", {(2, 5)}),
        ("foo", "foo_", {(0, 3)}),
        ("foo", "_foo_", {(1, 4)}),
        ("foo", "foo_x", set()),
        ("foo", "x_foo", set()),
        ("foo", "foo1", set()),
        ("foo", "FoO", {(0, 3)}),
        ("foo", "f\u200bo\u0301o", {(0, 5)}),
        ("foo", "foo\u200bbar", set()),
        ("7f3", "x7f3", {(1, 4)}),
        ("7f3", "7f3y", {(0, 3)}),
        ("a1", "xa1y", set()),
        ("a1", "a1y", {(0, 2)}),
        ("aa", "aaa", set()),
        ("11", "1111", {(0, 2), (1, 3), (2, 4)}),
        ("中文", "说中文字", {(1, 3)}),
        ("か", "が", set()),
        ("か", "か\u3099", set()),
        ("か", "かな", {(0, 1)}),
        ("ss", "ß", {(0, 1)}),
        ("s", "ß", set()),
        ("groß", "GROSS", {(0, 5)}),
        ("istanbul", "İSTANBUL ıstanbul", {(0, 8), (9, 17)}),
        ("ISPARTA", "ısparta isparta İsparta Isparta i\u0307sparta", {(0, 7), (8, 15), (16, 23), (24, 31), (32, 40)}),
        ("iğne", "IĞNE İĞNE ığne", {(0, 4), (5, 9), (10, 14)}),
        ("ในบ้าน", "อยู่ในบ้านนี้", {(4, 10)}),
        ("東京", "私は東京都に", {(2, 4)}),
        ("いぬ", "こいぬが", {(1, 3)}),
        ("дом", "дома дом", {(5, 8)}),
        ("बाल", "बालक बाल", {(5, 8)}),
        ("בית", "הבית בית", {(5, 8)}),
        ("कि", "किं", set()),
        ("a b", "a\u00a0b", {(0, 3)}),
    ],
)
def test_a_phrase_is_found_as_whole_words_in_folded_text(phrase: str, text: str, expected: Spans) -> None:
    assert spans(automaton([phrase]), text) == expected


@pytest.mark.parametrize("phrase", ["", "   ", "\u200b", "\u0301\u0301", " \ufeff "])
def test_a_phrase_that_folds_to_nothing_is_an_error(phrase: str) -> None:
    with pytest.raises(PatternError, match="empty once accents and marks are ignored") as caught:
        canonical_phrase(phrase)
    assert caught.value.help


@pytest.mark.parametrize("phrase", ["foo \u200b", "\ufeff foo", " foo", "foo\u0301 "])
def test_space_around_a_phrase_is_not_part_of_it(phrase: str) -> None:
    assert canonical_phrase(phrase) == "foo"


@pytest.mark.semantics(10)
def test_a_match_that_ends_before_the_answer_is_none_of_the_answers() -> None:
    matcher = Matcher(automaton(["foo"], ["bar"]))
    found = [match for at, char in enumerate("bar foo b", -9) for match in matcher.feed(char, at)]
    assert not found
    found = [match for at, char in enumerate("ar") for match in matcher.feed(char, at)]
    assert [(match.start, match.end) for match in found] == [(-1, 2)]
