"""Which sets hold a symbol, by where it lies: the same answer as asking each set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ordinance.runtime.match.alphabet import Alphabet
from ordinance.runtime.match.patterns import SymbolSet

SYMBOLS = "aAbzZ09_ \n.éßяЯ中\u0130ı\u0301🚀"
_RANGES = st.lists(st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(SYMBOLS)).map(sorted).map(tuple), max_size=3)
_SETS = st.builds(
    SymbolSet,
    _RANGES.map(tuple),
    st.frozensets(st.sampled_from("dwsDWS"), max_size=2),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(_SETS, max_size=6), st.one_of(st.sampled_from(SYMBOLS), st.characters()))
def test_a_symbol_is_in_the_sets_that_hold_it(sets: list[SymbolSet], symbol: str) -> None:
    expected = {number for number, each in enumerate(sets) if symbol in each}
    assert Alphabet(sets).holding(symbol) == expected
