"""All phrases of a set of rules in one tree, in flat tables: ten thousand phrases have some 150,000 places, and as
objects they would cost each garbage collection more than the matching.
"""

from __future__ import annotations

from ordinance.runtime.normalise import is_alphabetic
from ordinance.runtime.patterns import Assertion

#: A place and a symbol as one number.
_SHIFT = 21
#: Stands for a symbol that no phrase has.
NO_KEY = (1 << _SHIFT) - 1


def beginning(first: str) -> Assertion | None:
    """What must stand before a phrase that begins with ``first``."""
    return Assertion.BOUNDARY if is_alphabetic(first) else None


def ending(last: str) -> Assertion | None:
    """What must follow a phrase that ends in ``last``."""
    if is_alphabetic(last):
        return Assertion.BOUNDARY
    return None if last.isascii() else Assertion.NO_MARK


class Trie:
    """Phrases as canonical symbols, each with the number of what it reports. Place 0 is where every phrase begins.

    ``symbols`` are all that phrases have. ``ends`` are, by what must follow them, the phrases that end at a place.
    """

    def __init__(self) -> None:
        self.symbols: set[str] = set()
        self.ends: dict[Assertion | None, dict[int, tuple[int, ...]]] = {
            None: {},
            Assertion.BOUNDARY: {},
            Assertion.NO_MARK: {},
        }
        self._following: dict[int, int] = {}
        #: Bits of the families that wait at a place for what follows; 0 if nothing can.
        self.families = [0]

    def add(self, symbols: str, family: int, output: int) -> None:
        """Add a phrase of ``family`` (one bit)."""
        following, families = self._following, self.families
        at = 0
        for symbol in symbols:
            families[at] |= family
            way = at << _SHIFT | ord(symbol)
            found = following.get(way)
            if found is None:
                found = following[way] = len(families)
                families.append(0)
            at = found
        self.symbols.update(symbols)
        after = ending(symbols[-1])
        if after is not None:
            families[at] |= family
        ends = self.ends[after]
        ends[at] = tuple({*ends.get(at, ()), output})

    def follow(self, at: int, key: int) -> int:
        """The place behind ``at`` by the symbol with this number; 0 if there is none."""
        return self._following.get(at << _SHIFT | key, 0)

    def __len__(self) -> int:
        return len(self.families)
