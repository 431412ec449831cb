"""The pattern dialect: what is accepted, how wide it is, and what is said about the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Expressions, Pattern
from ordinance.errors import PatternError
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import check_pattern, matches_in
from ordinance.runtime.match.patterns import MAX_DEPTH, MAX_SIZE, parse_pattern, width
from support.checkout import ROOT
from support.strategies import MANY


@pytest.mark.parametrize(
    ("source", "offset", "says"),
    [
        ("a*", 1, "no upper bound"),
        ("ab+", 2, "no upper bound"),
        ("a{2,}", 1, "no upper bound"),
        ("x(?=y)", 1, "look-around"),
        ("x(?!y)", 1, "look-around"),
        ("(?<=x)y", 0, "look-around"),
        ("(?P<name>x)", 0, "named groups"),
        ("(?i)x", 0, "flags"),
        (r"(a)\1", 3, "back-references"),
        (r"a\Z", 1, "not in the dialect"),
        (r"\p{L}", 0, "not in the dialect"),
        (r"\x41", 0, "not in the dialect"),
        ("abc\\", 3, "lone backslash"),
        ("[abc\\", 4, "lone backslash"),
        ("(ab", 0, "never closed"),
        ("a(b", 1, "never closed"),
        ("ab)", 2, "no opening parenthesis"),
        ("[ab", 0, "never closed"),
        ("x[^", 1, "never closed"),
        ("*a", 0, "nothing to repeat"),
        ("a|?b", 2, "nothing to repeat"),
        ("{2}", 0, "nothing to repeat"),
        ("a??", 2, "cannot follow"),
        ("a{2}{3}", 4, "cannot follow"),
        (r"\b?a", 2, "boundary"),
        ("^{2}a", 1, "boundary"),
        ("a{x}", 1, "not a repetition"),
        ("a{,3}", 1, "not a repetition"),
        ("a{3", 1, "not a repetition"),
        ("a{3,2}", 1, "wrong order"),
        ("ba{0}", 2, "or the upper one is 0"),
        ("a{9999999}", 1, "counts to"),
        (f"a{{{MAX_SIZE + 1}}}", 1, "longer than"),
        ("[b-a]", 1, "does not go"),
        ("[a-\\d]", 1, "does not go"),
        ("[[:alpha:]]", 1, "POSIX"),
        ("x[äb]", 2, "folding takes"),
        ("[а-я]", 1, "folding takes"),
        ("[\u0301]", 1, "folding takes"),
        ("a\u200bb", 1, "drops it"),
        ("", 0, "empty text"),
        ("a?", 0, "empty text"),
        (r"\b", 0, "empty text"),
        ("a|", 0, "empty text"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), MAX_DEPTH, "nested deeper"),
        ("(?:a{200}){2}b{200}", 0, "too large"),
    ],
)  # fmt: skip
def test_what_lies_outside_the_dialect_is_explained_where_it_stands(source: str, offset: int, says: str) -> None:
    with pytest.raises(PatternError) as caught:
        check_pattern(source)
    assert says in caught.value.message
    assert caught.value.offset == offset
    assert caught.value.help.endswith(".")


#: Each refusal that the manual lists: what is refused, what to write instead, texts with and without a match of that.
INSTEAD = {
    "`*`, `+`, `{3,}`": ([r"\bid[0-9]*", r"\bid[0-9]+", r"\bid[0-9]{3,}"], r"\bid[0-9]{3,20}\b", "id1234", "id12"),
    "`(?=…)` `(?<!…)`": (["price(?= in)", "(?<!un)fair"], "(?:^|[ .])fair", "a fair", "unfair"),
    "`\\1`, `(?P=name)`": ([r"([ab])\1", "(?P=name)"], "(?:aa|bb)", "xaax", "ab"),
    "`(?i)`": (["(?i)word"], "[Ww]ord", "Word", "WORD"),
    "`[äöü]`": (["[äöü]"], "(?:ae|oe|ue)", "Baecker", "Backer"),
    "`[[:alpha:]]`": (["[[:alpha:]]x"], "[a-z]x", "ax", "1x"),
    "`\\p{L}`, `\\x41`, `\\Z`": ([r"\p{L}", r"\x41", r"end\Z"], "end$", "the end", "end of it"),
    "`a??`, `a{2}{3}`": (["ba??", "a{2}{3}"], "a{6}", "aaaaaa", "aaaaa"),
    "`\\b?`": ([r"\b?a"], r"(?:\bab|cab)", "cab", "dab"),
    "`a?` alone": (["a?"], "ba?", "b", "a"),
    "more than 500 characters when written out": (["a{501}", "(?:ab){300}"], "a{3}", "aaa", "aa"),
}


def test_the_manual_lists_each_refusal_and_what_to_write_instead() -> None:
    page = (ROOT / "docs" / "patterns.md").read_text("utf-8")
    listed = page.partition("## What is rejected")[2].partition("## ")[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in listed.split("\n") if line.startswith("| ")]
    assert rows[1:] == list(INSTEAD)


@pytest.mark.parametrize("name", INSTEAD)
def test_what_is_refused_can_be_said_otherwise(name: str) -> None:
    refused, instead, matching, other = INSTEAD[name]
    for source in refused:
        with pytest.raises(PatternError) as caught:
            check_pattern(source)
        assert caught.value.help
    made = Automaton([(0, Expressions(patterns=(Pattern(instead),)))])
    assert matches_in(made, matching)
    assert not matches_in(made, other)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a", (1, 1)),
        ("(a)(?:b)", (2, 2)),
        ("a?b{2}c{1,3}", (3, 6)),
        (r"\b\d{3}\b", (3, 3)),
        ("ab|c", (1, 2)),
        ("^a$", (1, 1)),
        (r"[a-z\d.-]{1,20}", (1, 20)),
        ("[]a]", (1, 1)),
        ("[a-]", (1, 1)),
        (r"\{\}\\", (3, 3)),
        ("ß", (2, 2)),
        ("}]", (2, 2)),
    ],
)
def test_the_width_of_a_pattern_is_known(source: str, expected: tuple[int, int]) -> None:
    assert width(parse_pattern(source)) == expected


@MANY
@given(st.text(r"ab1(|)[]{},?*+\dw.^$-:é", max_size=14))
def test_any_text_is_a_pattern_or_an_error_with_a_place_in_it(source: str) -> None:
    error = None
    try:
        least, most = width(parse_pattern(source))
    except PatternError as found:
        error = found
    if error is None:
        assert 1 <= least <= most <= MAX_SIZE
    else:
        assert 0 <= error.offset <= len(source)
        assert error.message
        assert error.help


@pytest.mark.parametrize(
    "source", ["(" * 5000, "a|" * 5000, "((a){1,40}){1,40}){1,40}", "[" * 5000, "a{4000}{", "\\" * 9999]
)
def test_a_hostile_pattern_is_an_error_and_no_exhaustion(source: str) -> None:
    with pytest.raises(PatternError):
        check_pattern(source)
