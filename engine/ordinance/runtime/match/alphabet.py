"""Which of many sets hold a symbol, asked once for each symbol that is met: by where it lies between the ends of all
ranges, not set by set. Sets of sets are bits of a whole number until they are given out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from ordinance.runtime.match.patterns import SymbolSet, in_named_set
from ordinance.runtime.text.folding import fold

#: Symbols whose sets an alphabet remembers; a text has fewer.
_REMEMBERED = 4096


@lru_cache(maxsize=4)
def alphabet_of(sets: tuple[SymbolSet, ...]) -> Alphabet:
    """Return the alphabet of ``sets``; most networks ask for the same: those of the engine's own patterns."""
    return Alphabet(sets)


class Alphabet:
    """The sets that the patterns of a network ask for, by number."""

    def __init__(self, sets: Sequence[SymbolSet]) -> None:
        self._ends, self._between = _cut(sets)
        self._named: dict[str, int] = {}
        self._any_case = self._negated = 0
        for number, each in enumerate(sets):
            bit = 1 << number
            self._any_case |= bit if each.any_case else 0
            self._negated |= bit if each.negated else 0
            for name in each.named:
                self._named[name] = self._named.get(name, 0) | bit
        self._known: dict[int, frozenset[int]] = {}
        self._by_symbol: dict[str, frozenset[int]] = {}
        #: The symbols at the ends of ranges: among them is one of every class that the sets distinguish by ranges.
        self.edges = frozenset(filter(fold, "".join(low + high for each in sets for low, high in each.ranges)))

    def holding(self, symbol: str) -> frozenset[int]:
        """Return the numbers of the sets that contain ``symbol``."""
        held = self._by_symbol.get(symbol)
        if held is None:
            held = self._find(symbol)
            if len(self._by_symbol) < _REMEMBERED:
                self._by_symbol[symbol] = held
        return held

    def _find(self, symbol: str) -> frozenset[int]:
        bits = self._bits(symbol)
        if self._any_case:
            bits |= self._any_case & (self._bits(symbol.lower()) | self._bits(symbol.upper()))
        bits ^= self._negated
        found = self._known.get(bits)
        if found is None:
            found = self._known[bits] = frozenset(at for at in range(bits.bit_length()) if bits >> at & 1)
        return found

    def _bits(self, symbol: str) -> int:
        """Return the sets (as bits) with a range or a named set that contains ``symbol`` as it is."""
        bits = self._between[bisect_right(self._ends, symbol)]
        for name, held in self._named.items():
            if in_named_set(name, symbol):
                bits |= held
        return bits


def _cut(sets: Sequence[SymbolSet]) -> tuple[list[str], list[int]]:
    """Return the places at which a range begins or has ended, in order, and the sets that contain what lies between
    them: before the first, from the first to the second, and so on. A symbol of several characters is ordered by its
    first."""
    ends = sorted({end for each in sets for low, high in each.ranges for end in (low, high + "\0")})
    index = {end: at for at, end in enumerate(ends)}
    between = [0] * (len(ends) + 1)
    for number, each in enumerate(sets):
        for low, high in each.ranges:
            for at in range(index[low], index[high + "\0"]):
                between[at + 1] |= 1 << number
    return ends, between
