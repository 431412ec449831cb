"""Paragraphs on a stream agree with a reading of the finished text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ordinance.runtime.text.paragraphs import Paragraphs
from ordinance.runtime.text.sentences import Sentence
from support.oracle import MARKER, Rule, paragraphs, reference
from support.plans import plan_of, session
from support.strategies import FORGED, SEVERAL

#: Every kind of line end, spaces, marks and invisible characters, letters.
CHARS = "ab \t\n\r\x85\u2028\u2029\u00a0\u0301\u200b."


def settled(text: str) -> list[Sentence]:
    made = Paragraphs()
    found = [paragraph for char in text for paragraph in made.feed(char)]
    return found + made.close()


@SEVERAL
@pytest.mark.semantics(5)
@given(st.text(CHARS, max_size=16))
@example("a\r\n\r\nb")
@example("a\r\rb")
@example("a\n\u200b\nb")
def test_paragraphs_are_those_of_the_finished_text(text: str) -> None:
    made = settled(text)
    assert [paragraph.start for paragraph in made] == [start for start, _ in paragraphs(text)]
    for paragraph in made:
        content = text[paragraph.start : paragraph.content]
        assert content.strip(" \t\n\r\x85\u2028\u2029\u00a0\u0301\u200b") == content.rstrip("\u0301\u200b")


@pytest.mark.semantics(5)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one\ntwo\n\nthree", ["one\ntwo", "three"]),
        ("one\r\n \t\r\ntwo", ["one", "two"]),
        ("\n\n  one  \n\n\n\n  two\n", ["one", "two"]),
        ("one\r\rtwo", ["one", "two"]),
        ("one\u2029two\x85\u2028three", ["one\u2029two", "three"]),
        (" \n ", []),
    ],
)
def test_a_blank_line_ends_a_paragraph_and_nothing_else_does(text: str, found: list[str]) -> None:
    assert [text[paragraph.start : paragraph.content] for paragraph in settled(text)] == found


@pytest.mark.semantics(5)
@pytest.mark.semantics(6)
def test_the_open_paragraph_waits_until_its_blank_line_has_ended() -> None:
    stream = session(plan_of([Rule(("canary",), paragraph=True, bound=400)])).stream()
    text = "First.\n still\n \nThen a canary.\r\nYes.\r\n\r\n  Last."
    out = [stream.feed(char) for char in text]
    first = text.index("Then")
    assert "".join(out[: first - 1]) == ""
    assert "".join(out[: first + 1]) == text[:first]
    whole = "".join(out) + stream.close()
    assert whole.startswith(f"First.\n still\n \n{MARKER}\r\n\r\n  Last.\n\n")


@pytest.mark.semantics(5)
@pytest.mark.parametrize("bound", [3, 7, 400])
def test_a_paragraph_is_cut_at_its_bound(bound: int) -> None:
    of = [Rule(("canary",), paragraph=True, bound=bound)]
    text = "\n A long first one, then a canary, and more.\nAnd on.\n\n\nAnother."
    shown = "".join(map((stream := session(plan_of(of)).stream()).feed, text)) + stream.close()
    assert shown.startswith(reference(text, [*of, FORGED]))
