"""The index of fixed texts leaves out none in which the engine would find something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Declaration, Expressions, Pattern
from ordinance.detectors.builtin import prepare_lexicon
from ordinance.errors import PatternError
from ordinance.loading.breadth import prose
from ordinance.loading.reading import Sought, find
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.corpus import Corpus, members
from ordinance.runtime.match.matcher import check_pattern, matches_in

TEXTS = [each.text for each in prose().paragraphs[::9]]
CORPUS = Corpus(TEXTS)

_words = sorted({word for text in TEXTS for word in text.split()})


@st.composite
def phrases(draw: st.DrawFn) -> str:
    """Draw one to three words that follow each other somewhere, spoiled a little or turned."""
    text = draw(st.sampled_from(TEXTS)).split()
    at = draw(st.integers(0, len(text) - 1))
    phrase = " ".join(text[at : at + draw(st.integers(1, 3))])
    change = draw(st.sampled_from(["", "upper", "reversed", "words", "joined", "cut", "hyphen", "i"]))
    match change:
        case "upper":
            return phrase.upper()
        case "reversed":
            return phrase[::-1]
        case "words":
            return " ".join(word[::-1] for word in phrase.split())
        case "joined":
            return phrase.replace(" ", "")
        case "cut":
            return phrase[1:] or phrase
        case "hyphen":
            return phrase.replace(" ", "-")
        case "i":
            return phrase.replace("l", "i")
    return phrase


PIECES = [
    "a",
    "e",
    "th",
    "er",
    "[a-z]",
    "[A-Z]",
    "[0-9]",
    r"\w",
    r"\b",
    " ",
    ".",
    "(?:an|un)",
    "s{1,2}",
    "n?",
    "[^ ]",
    ",",
    "sch",
]


def found_by_engine(sought: Expressions) -> set[int]:
    automaton = Automaton([(0, sought)])
    return {number for number, text in enumerate(TEXTS) if matches_in(automaton, text)}


def check(sought: Expressions) -> None:
    less, texts = CORPUS.meeting(sought)
    assert found_by_engine(sought) <= set(members(texts))
    assert {number for number, _ in find(Sought((sought,)), CORPUS)} == found_by_engine(sought)
    assert set(less.phrases) <= set(sought.phrases)


@pytest.mark.semantics(5)
@given(phrases(), st.booleans())
def test_no_text_with_a_phrase_is_left_out(phrase: str, disguised: bool) -> None:
    try:
        plain = prepare_lexicon(Declaration("lexicon", (phrase.replace("{", "").replace("}", ""),)))
    except PatternError:
        return
    check(Expressions(plain.phrases, written=plain.written, disguised=disguised))


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join), st.booleans())
def test_no_text_with_a_match_is_left_out(source: str, any_case: bool) -> None:
    try:
        check_pattern(source, any_case)
    except PatternError:
        return
    check(Expressions(patterns=(Pattern(source, any_case),)))


def test_most_texts_are_left_out() -> None:
    """Otherwise the index would be of no use."""

    def kept(sought: Expressions) -> int:
        return len(list(members(CORPUS.meeting(sought)[1])))

    assert kept(Expressions(("quux", "old bridges everywhere"))) == 0
    assert kept(Expressions(patterns=(Pattern(r"\b[A-Z]{2}-[0-9]{4}\b"),))) == 0
    assert kept(Expressions(patterns=(Pattern("[Ff]robni[a-z]{1,3}"),))) == 0
