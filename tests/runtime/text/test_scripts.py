"""Sentences by the script of their letters."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Declaration
from ordinance.detectors.builtin import prepare_script
from ordinance.errors import PatternError
from ordinance.runtime.match import passages
from ordinance.runtime.text.scripts import NAMES, finder, script_of
from support.oracle import MARKER
from support.plans import plan, session, withhold
from support.strategies import SEVERAL


@SEVERAL
@given(
    st.characters(categories=["L"], max_codepoint=0x1EE00), st.sampled_from(["Latn", "Cyrl", "Arab", "Hani", "Thai"])
)
def test_the_table_is_that_of_unicode(char: str, code: str) -> None:
    """Against another reading of the Unicode Character Database."""
    assert (script_of(char) == code) is bool(regex.match(rf"\p{{Script={code}}}", char))


@pytest.mark.semantics(12)
@pytest.mark.parametrize(
    ("name", "sentence", "found"),
    [
        ("Cyrl", "  Привет, world!  ", [(2, 16)]),
        ("cyrillic", "Это по-русски.", [(0, 14)]),
        ("Cyrl", "Three words и два.", []),
        ("Latn", "abcабв", []),  # neither has more than half
        ("Jpan", "東京タワーはどこ？", [(0, 9)]),
        ("Hani", "東京タワーはどこ？", []),
        ("Kore", "서울은 어디?", [(0, 7)]),
        ("Latn", "12:30 – 99 %", []),
        ("Latn", "", []),
    ],
)
def test_a_sentence_is_in_the_script_of_most_of_its_letters(
    name: str, sentence: str, found: list[tuple[int, int]]
) -> None:
    assert finder(name.lower())(sentence) == found
    assert prepare_script(Declaration("script", (name,))).find(passages.shown(sentence)) == found


@pytest.mark.semantics(12)
def test_a_rule_on_scripts_works_by_sentence() -> None:
    rule = withhold("DE/script", "script")
    of = plan([rule], {"script": prepare_script(Declaration("script", ("Cyrl",)))})
    stream = session(of).stream()
    out = [stream.feed(char) for char in "One. Это два. Three"]
    assert "".join(out) == f"One. {MARKER} "
    assert stream.close().startswith("Three\n\n")


def test_names_are_codes_and_words_of_unicode() -> None:
    assert {"cyrl", "cyrillic", "arab", "jpan", "old_turkic"} <= NAMES


@pytest.mark.parametrize(
    ("name", "help"),
    [("Cyrillik", "Did you mean `Cyrillic`?"), ("12", "such as Cyrl"), ("Hant", "`Hani`")],
)
def test_an_unknown_script_is_an_error_that_says_what_to_write(name: str, help: str) -> None:
    with pytest.raises(PatternError) as caught:
        prepare_script(Declaration("script", (name,)))
    assert help in str(caught.value.help)
