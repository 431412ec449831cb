"""Which of many sets hold a symbol, asked once for each symbol that is met: by where it lies between the ends of all
ranges, not set by set."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from ordinance.runtime.patterns import SymbolSet, in_named_set

_Place = tuple[int, int, bool, bool, bool]


class Alphabet:
    """The sets that the patterns of a network ask for, by number."""

    def __init__(self, sets: Sequence[SymbolSet]) -> None:
        self._sets = sets
        self._lows = sorted({low for each in sets for low, _ in each.ranges})
        self._highs = sorted({high for each in sets for _, high in each.ranges})
        self._any_case = any(each.any_case for each in sets)
        self._known: dict[tuple[_Place, ...], frozenset[int]] = {}

    def holding(self, symbol: str) -> frozenset[int]:
        """The numbers of the sets that ``symbol`` is in."""
        cases = (symbol, symbol.lower(), symbol.upper()) if self._any_case else (symbol,)
        place = tuple([self._place(case) for case in cases])
        found = self._known.get(place)
        if found is None:
            found = frozenset(number for number, symbols in enumerate(self._sets) if symbol in symbols)
            self._known[place] = found
        return found

    def _place(self, symbol: str) -> _Place:
        """What decides whether a range or a named set holds ``symbol``."""
        return (
            bisect_right(self._lows, symbol),
            bisect_left(self._highs, symbol),
            in_named_set("d", symbol),
            in_named_set("w", symbol),
            in_named_set("s", symbol),
        )
