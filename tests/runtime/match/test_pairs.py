"""Two things that must stand in the same sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Expressions, Prepared
from ordinance.detectors.identifiers import IDENTIFIERS
from ordinance.policy.plan import Plan, Scope
from ordinance.policy.vocabulary import Channel
from ordinance.runtime.match import passages
from ordinance.runtime.match.pairs import together
from ordinance.runtime.session import Session
from support.oracle import MARKER, matches
from support.oracle import sentences as sentences_of
from support.plans import expressions, plan, refuse, sentences, session, withhold
from support.strategies import cuttings

DETECTORS: dict[str, Prepared] = {
    "name": expressions(("Aino", "Boris")),
    "illness": expressions((), (r"\b(?:flu|measles)\b",)),
    "shouting": sentences(lambda text: [(text.index("LOUD"), text.index("LOUD") + 4)] if "LOUD" in text else []),
}


def near(*second: str, **more: Any) -> Plan:
    return plan([withhold("DE/health", "name", near=second or ("illness",), **more)], DETECTORS)


def shown(opened: Session, cut: list[str]) -> str:
    stream = opened.stream()
    out = "".join(map(stream.feed, cut)) + stream.close()
    return out.partition("\n\nOmitted")[0]


@pytest.mark.semantics(12)
def test_both_are_removed_where_both_stand_in_a_sentence() -> None:
    text = "Aino is here. The flu is back. Boris has measles, Aino not. Good."
    assert shown(session(near()), [text]) == (
        f"Aino is here. The flu is back. {MARKER} has {MARKER}, {MARKER} not. Good."
    )
    whole = near(scope=Scope("sentence", 400))
    assert shown(session(whole), [text]) == f"Aino is here. The flu is back. {MARKER} Good."


@pytest.mark.semantics(6)
def test_the_open_sentence_waits_and_no_other() -> None:
    stream = session(near()).stream()
    out = [stream.feed(char) for char in "Aino. Aino has it. T"]
    assert "".join(out[:6]) == ""
    assert "".join(out) == "Aino. Aino has it. "


#: Sentences, names and illnesses in any order, and ends of sentences that are none.
PIECES = ["Aino", "Boris", "flu", "measles", " ", " ", "x", ". ", "! ", "No. ", ",", "5", "\n", "\u200b"]


def reference(text: str) -> str:
    gone: set[int] = set()
    for low, high in sentences_of(text):
        sentence = text[low:high]
        one = matches(sentence, ("Aino", "Boris"), ())
        other = matches(sentence, (), (r"\b(?:flu|measles)\b",))
        if one and other:
            for start, end in one | other:
                while end < len(sentence) and sentence[end] == "\u200b":
                    end += 1
                while start > 0 and sentence[start - 1] == "\u200b":
                    start -= 1
                gone.update(range(low + start, low + end))
    return "".join(
        "" if at in gone and at - 1 in gone else MARKER if at in gone else char for at, char in enumerate(text)
    )


@pytest.mark.semantics(5)
@pytest.mark.semantics(6)
@given(st.data(), st.lists(st.sampled_from(PIECES), max_size=25))
def test_it_is_the_same_for_every_cutting_and_what_a_reading_of_the_whole_says(
    data: st.DataObject, pieces: list[str]
) -> None:
    text = "".join(pieces)
    for cut in (list(text), [text], data.draw(cuttings(text))):
        assert shown(session(near()), cut) == reference(text)


@pytest.mark.semantics(4)
def test_a_prompt_may_have_to_hold_both() -> None:
    rule = refuse("baseline/health", "name", near=("illness",), channels=frozenset({Channel.PROMPT}))
    for text, refused in (("Has Aino the flu?", True), ("Aino? The flu?", False), ("Aino", False)):
        assert session(plan([rule], DETECTORS)).screen([text]) is refused


@pytest.mark.semantics(12)
def test_either_may_see_sentences_itself_or_check_digits() -> None:
    assert shown(session(near("shouting")), ["Aino is LOUD. Aino is not."]) == f"{MARKER} is {MARKER}. Aino is not."
    code = Expressions(patterns=IDENTIFIERS["isikukood"].patterns)
    find = together([DETECTORS["name"]], [code]).find
    assert list(find(passages.shown("Aino is 38001085718"))) == [(0, 4), (8, 19)]
    assert list(find(passages.shown("Aino is 38001085719"))) == []


@pytest.mark.semantics(13)
def test_a_detector_that_fails_leaves_the_sentence_out() -> None:
    broken = {**DETECTORS, "illness": sentences(lambda text: [(0, 10**6)])}
    rule = withhold("DE/health", "name", near=("illness",))
    opened = session(plan([rule], broken))
    stream = opened.stream()
    out = stream.feed("One. Aino is here. Two.") + stream.close()
    assert out == f"One. {MARKER}Two.\n\n[fault]"
