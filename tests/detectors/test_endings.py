"""Endings in a lexicon are written out, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detectors.endings import MAX_FORMS, expand
from ordinance.errors import PatternError
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.packs import TODAY, load_on, write_jurisdiction


@pytest.mark.parametrize(
    ("line", "phrases"),
    [
        ("Kind", ("Kind",)),
        ("two  spaces", ("two  spaces",)),
        ("Kind{,es,er,ern}", ("Kind", "Kindes", "Kinder", "Kindern")),
        ("Kind{, es, er }", ("Kind", "Kindes", "Kinder")),
        ("Terroranschl{ag,äge}", ("Terroranschlag", "Terroranschläge")),
        ("{a,b}{c,d}", ("ac", "ad", "bc", "bd")),
        (
            "build {a,the} {small,} bomb",
            ("build a small bomb", "build a bomb", "build the small bomb", "build the bomb"),
        ),
    ],
)
def test_a_line_stands_for_each_of_its_forms(line: str, phrases: tuple[str, ...]) -> None:
    assert expand(line) == phrases


@pytest.mark.parametrize(
    ("line", "offset", "says"),
    [
        ("Kind{,es", 4, "never closed"),
        ("Kind,es}", 7, "no opening brace"),
        ("a}{b,c}", 1, "no opening brace"),
        ("Kind{es}", 4, "only one ending"),
        ("Kind{}", 4, "only one ending"),
        ("Kind{es,es}", 4, "twice"),
        ("Kind{e{s,r},}", 6, "inside a brace"),
        ("{a,b,c,d,e,f}" * 3, 26, "more than"),
    ],
)
def test_braces_that_state_no_endings_are_explained_where_they_stand(line: str, offset: int, says: str) -> None:
    with pytest.raises(PatternError, match=says) as caught:
        expand(line)
    assert caught.value.offset == offset
    assert caught.value.help.endswith(".")


@given(st.text("ab{,} ", max_size=12))
def test_any_line_gives_few_phrases_or_an_error_with_a_place_in_it(line: str) -> None:
    error = None
    try:
        phrases = expand(line)
    except PatternError as found:
        error = found
    if error is None:
        assert 1 <= len(set(phrases)) <= MAX_FORMS
        assert not any(char in phrase for phrase in phrases for char in "{}")
    else:
        assert 0 <= error.offset < len(line)


def with_words(folder: Path, *lines: str) -> Path:
    return write_jurisdiction(folder, lexicon="\n".join(["secret words", *lines]) + "\n")


def test_a_pack_finds_the_forms_that_are_written_and_no_others(tmp_path: Path) -> None:
    plan = load_on(with_words(tmp_path, "opaak{,i,it} s{õna,õnad}")).plan

    def is_released(text: str) -> bool:
        session = Session(plan, situate(plan, jurisdiction="XA", turn=9, on=TODAY), "en")
        stream = session.stream()
        return text in stream.feed(f"Tere {text}.") + stream.close()

    for text in ("opaak sõna", "opaaki sõnad", "OPAAKIT SÕNA"):
        assert not is_released(text)
    for text in ("opaaks sõna", "opaak sõnade", "opaak s"):
        assert is_released(text)


def test_wrong_braces_in_a_lexicon_are_told_at_their_place(tmp_path: Path) -> None:
    found = load_on(with_words(tmp_path, "opaak{,i", "good{,s}", "  bad{s}", "goods")).diagnostics
    told = {(item.code, item.line, item.column) for item in found if item.code.startswith(("endings", "phrase"))}
    assert told == {("endings-invalid", 2, 6), ("endings-invalid", 4, 6), ("phrase-twice", 5, 1)}
