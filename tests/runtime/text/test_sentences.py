"""Sentences on a stream: against the oracle's reading of UAX #29, which itself is held against uniseg."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uniseg.sentencebreak import sentence_break
from uniseg.sentencebreak import sentences as uniseg_sentences

from ordinance.runtime.text.sentences import Sentence, Sentences, sentence_class
from support.oracle import SENTENCE_LETTERS, sentences
from support.strategies import MANY

CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]

#: Every class but Other, about which uniseg and the standard differ, and then Other too.
WITHOUT_OTHER = "aA1.!?,;: (\"')\n\r\u2029中\u0301\u200b\u00ad-é。\u2028\u0085ª"
ALL = WITHOUT_OTHER + "@+"

Settled = list[tuple[int, int, int]]


def read(text: str) -> Settled:
    state = Sentences()
    found = [sentence for char in text for sentence in state.feed(char)] + state.close()
    return [(sentence.start, sentence.end, sentence.content) for sentence in found]


@pytest.mark.slow
def test_every_code_point_has_the_class_that_uniseg_gives_it() -> None:
    wrong = [code for code in CODE_POINTS if sentence_class(chr(code)) != SENTENCE_LETTERS[sentence_break(chr(code))]]
    assert not [hex(code) for code in wrong]


@MANY
@given(st.text(WITHOUT_OTHER, max_size=14))
def test_the_oracle_and_uniseg_agree_where_no_character_is_of_class_other(text: str) -> None:
    assert [text[start:end] for start, end in sentences(text)] == list(uniseg_sentences(text))


@pytest.mark.semantics(5)
def test_a_small_letter_is_looked_for_behind_any_character_that_does_not_decide() -> None:
    """SB8: after a full stop, closing marks and spaces there is no break if a small letter follows behind anything
    but a letter, the end of a paragraph or of a sentence. Class Other is not among what stops the search. uniseg
    0.10.1 looks past a fixed list of classes in which Other is missing, and breaks; the engine follows the standard.
    """
    text = "See p. @a and so on."
    assert list(uniseg_sentences(text)) == ["See p. ", "@a and so on."]
    assert [text[start:end] for start, end, _ in read(text)] == [text]
    assert [text[start:end] for start, end in sentences(text)] == [text]


@pytest.mark.semantics(5)
@MANY
@given(st.text(ALL, max_size=14))
def test_sentences_are_the_standards(text: str) -> None:
    assert [(start, end) for start, end, _ in read(text)] == sentences(text)


@pytest.mark.semantics(5)
@MANY
@given(st.text(ALL, max_size=14))
def test_trailing_space_is_not_content(text: str) -> None:
    for start, end, content in read(text):
        assert start <= content <= end
        assert not any(sentence_class(char) not in "sprnEF" for char in text[content:end])
        kept = [sentence_class(char) for char in text[start:content] if sentence_class(char) not in "EF"]
        assert not kept or kept[-1] not in "sprn"


@pytest.mark.semantics(6)
@MANY
@given(st.text(ALL, max_size=10), st.text(ALL, max_size=4))
def test_what_is_settled_stays_and_an_end_that_may_come_is_known_before(text: str, more: str) -> None:
    state = Sentences()
    settled = [sentence for char in text for sentence in state.feed(char)]
    split = state.split
    final = read(text + more)
    told = [(sentence.start, sentence.end, sentence.content) for sentence in settled]
    assert final[: len(told)] == told
    if len(final) > len(told) and final[len(told)][1] <= len(text):
        ends = {state.at, split}
        assert final[len(told)][1] in ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left. She stayed.", ["He left. ", "She stayed."]),
        ("Pi is 3.14 here. Yes.", ["Pi is 3.14 here. ", "Yes."]),
        ("Mr. U.S. Grant", ["Mr. ", "U.S. ", "Grant"]),
        ("e.g. (this) goes on. (This) does not.", ["e.g. (this) goes on. ", "(This) does not."]),
        ("Really?! Yes", ["Really?! ", "Yes"]),
        ("one\ntwo\r\nthree", ["one\n", "two\r\n", "three"]),
        ("好。是的。", ["好。", "是的。"]),
        ("", []),
    ],
)
def test_sentences_as_people_meet_them(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end, _ in read(text)] == expected


#: Few classes, so that initials, numbers and abbreviations come about.
FEW = st.text("aA1. (\n", max_size=6)


@MANY
@given(st.text(ALL, max_size=14) | FEW, st.text(ALL, max_size=8) | FEW)
def test_a_place_has_all_that_decides_what_follows(said: str, more: str) -> None:
    one = Sentences()
    for char in said:
        one.feed(char)
    other = Sentences(one.start)
    other.at = one.at
    other.resume(one.place(), said[one.start :], one.split)

    def rest(state: Sentences) -> list[object]:
        return [[*state.feed(char), state.start, state.split] for char in more] + [*state.close()]

    assert rest(other) == rest(one)


def test_a_place_has_nothing_that_decides_nothing() -> None:
    """Strides are remembered by places: where two differ for nothing, what is met in one is new in the other."""
    places = set()
    for said in ("", "In No. 1", "At 5.30", 'He said "no."', "Why? 3.", "Ü.", "e.g. (a) 1"):
        state = Sentences()
        for char in f"{said} and the last word":
            state.feed(char)
        places.add(state.place())
    assert len(places) == 1


PIECES = ["word", " ", "  two, (three) ", "e.g.", " A", "! ", "?", "3", "\n", "ä.", "'\"", "\u0301"]


@given(st.lists(st.sampled_from(PIECES)))
def test_what_is_skimmed_is_what_is_fed(pieces: list[str]) -> None:
    fed, skimmed = Sentences(), Sentences()
    settled: list[list[Sentence]] = [[], []]
    for piece in pieces:
        for char in piece:
            settled[0] += fed.feed(char)
        if not skimmed.skim(piece):
            for char in piece:
                settled[1] += skimmed.feed(char)
        assert (fed.place(), fed.at, fed.start, fed.content, fed.split) == (
            skimmed.place(), skimmed.at, skimmed.start, skimmed.content, skimmed.split,
        )  # fmt: skip
    assert settled[0] + fed.close() == settled[1] + skimmed.close()
