"""All phrases of a set of rules in one tree, in flat tables: ten thousand phrases have some 150,000 places, and as
objects they would cost each garbage collection more than the matching.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ordinance.runtime.match.patterns import Assertion
from ordinance.runtime.text.folding import is_alphabetic, symbol_kind

#: A place and a symbol as one number; what lies behind a place, in a phrase, stands above the place too.
SHIFT = 21
PLACE = (1 << SHIFT) - 1
#: Stands for a symbol that no phrase has.
NO_KEY = (1 << SHIFT) - 1
#: What leads to a place: a letter, digit or mark of one, a space, an emphasis sign, or something else.
BEHIND_OTHER, BEHIND_WORD, BEHIND_SPACE, BEHIND_SIGN = range(4)


def beginning(first: str) -> Assertion | None:
    """Return what must precede a phrase that begins with ``first``."""
    return Assertion.BOUNDARY if is_alphabetic(first) else None


def ending(last: str) -> Assertion | None:
    """Return what must follow a phrase that ends in ``last``."""
    if is_alphabetic(last):
        return Assertion.BOUNDARY
    return None if last.isascii() else Assertion.NO_MARK


@cache
def _leading(symbol: str) -> int:
    if symbol in "*_`~":
        return BEHIND_SIGN
    if symbol == " ":
        return BEHIND_SPACE
    return BEHIND_OTHER if symbol_kind(symbol) == "o" else BEHIND_WORD


def _shared(one: str, other: str) -> int:
    """Return with how many symbols both begin."""
    shared = 0
    for symbol, same in zip(one, other, strict=False):
        if symbol != same:
            break
        shared += 1
    return shared


class Trie:
    """Phrases as canonical symbols, each with the number of what it reports. Place 0 is where every phrase begins.

    ``symbols`` are all that phrases have. ``following`` is where a place and a symbol (``place << SHIFT | symbol``)
    lead. ``ends`` are, by what must follow them, the phrases that end at a place; ``awaited`` are the places at which
    one ends if the right thing follows. ``behind`` is what leads to a place. Of the families (bits) that wait at a
    place, 0 if nothing can come, ``families`` are all, ``onward`` those that wait for a symbol and not for the end of a
    word, ``by_word`` those that wait for one that words are made of.
    """

    def __init__(self) -> None:
        self.symbols: set[str] = set()
        self.ends: dict[Assertion | None, dict[int, tuple[int, ...]]] = {
            None: {},
            Assertion.BOUNDARY: {},
            Assertion.NO_MARK: {},
        }
        self.following: dict[int, int] = {}
        self.awaited: set[int] = set()
        self._bounded: dict[int, int] = {}
        self.families = [0]
        self.onward = [0]
        self.by_word = [0]
        self.behind = bytearray(1)

    def add(self, phrases: Iterable[str], family: int, output: int) -> None:
        """Add ``phrases`` of ``family`` (one bit); in order, so that what each has in common with the one before it is
        not walked again."""
        path, before = [0], ""
        for symbols in sorted(phrases):
            shared = _shared(before, symbols)
            del path[shared + 1 :]
            self._extend(path, symbols[shared:], family)
            self._end(path[-1], symbols[-1], family, output)
            self.symbols.update(symbols[shared:])
            before = symbols

    def _extend(self, path: list[int], symbols: str, family: int) -> None:
        """Let ``symbols`` follow the last place of ``path``, and append where they lead."""
        following, families, onward = self.following, self.families, self.onward
        at = path[-1]
        for number, symbol in enumerate(symbols):
            families[at] |= family
            onward[at] |= family
            if _leading(symbol) == BEHIND_WORD:
                self.by_word[at] |= family
            found = following.get(at << SHIFT | ord(symbol))
            if found is None:
                self._grow(path, symbols[number:], family)
                return
            at = found
            path.append(at)

    def _grow(self, path: list[int], symbols: str, family: int) -> None:
        """Let ``symbols``, the first of which does not follow the last place of ``path`` yet, lead to new places."""
        new = range(len(self.families), len(self.families) + len(symbols))
        ways = [before << SHIFT | ord(symbol) for before, symbol in zip((path[-1], *new), symbols, strict=False)]
        self.following.update(zip(ways, new, strict=True))
        leading = [_leading(symbol) for symbol in symbols]
        waiting = [family] * (len(symbols) - 1)
        self.families += waiting
        self.onward += waiting
        self.by_word += [family if each == BEHIND_WORD else 0 for each in leading[1:]]
        for last in (self.families, self.onward, self.by_word):
            last.append(0)
        self.behind += bytes(leading)
        path += new

    def _end(self, at: int, last: str, family: int, output: int) -> None:
        """Let a phrase end at a place to which its symbol ``last`` leads."""
        after = ending(last)
        if after is not None:
            self.families[at] |= family
            self.awaited.add(at)
        if after is Assertion.BOUNDARY:
            self._bounded[at] = self._bounded.get(at, 0) | family
        ends = self.ends[after]
        ends[at] = tuple({*ends.get(at, ()), output})

    def follow(self, at: int, key: int) -> int:
        """Return the place after ``at`` by the symbol with number ``key``; 0 if there is none."""
        return self.following.get(at << SHIFT | key, 0)

    def bounded(self, at: int) -> int:
        """Return the families with a phrase that ends at this place if the word does."""
        return self._bounded.get(at, 0)

    def __len__(self) -> int:
        return len(self.families)
