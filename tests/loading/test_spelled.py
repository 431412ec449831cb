"""All spellings of a text are read at once: what is called quiet has no spelling in which anything matches."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Expressions, Pattern
from ordinance.loading.spelled import Spelled
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import matches_in

SEPARATORS = " -"

_PHRASES = st.lists(st.text("12 -", min_size=1, max_size=4).filter(str.strip), max_size=3)
_PATTERNS = st.lists(st.sampled_from([r"\b12\b", r"1[ \-]?2[ \-]2", r"^2", r"2$", r"(1|2 ){3}1"]), max_size=2)


@given(_PHRASES, _PATTERNS, st.text("12", min_size=1, max_size=5))
def test_what_is_quiet_matches_in_no_spelling(phrases: list[str], patterns: list[str], text: str) -> None:
    sought = Expressions(phrases=tuple(phrases), patterns=tuple(map(Pattern, patterns)))
    automaton = Automaton([(0, sought)])
    gaps = product(["", *SEPARATORS], repeat=len(text) - 1)
    spellings = ["".join(map("".join, zip(("", *each), text, strict=True))) for each in gaps]
    found = any(matches_in(automaton, spelling) for spelling in spellings)
    assert Spelled(automaton, SEPARATORS).is_quiet(text) is not found


def test_what_would_take_too_many_states_is_not_called_quiet() -> None:
    automaton = Automaton([(0, Expressions(patterns=(Pattern(r"1[ \-.](1[ \-.]?){12}2"),)))])
    assert not Spelled(automaton, " -.").is_quiet("1" * 15)
