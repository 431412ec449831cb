"""All phrases of a set of rules in one tree, in flat tables: ten thousand phrases have some 150,000 places, and as
objects they would cost each garbage collection more than the matching.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from threading import Lock

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


#: A phrase as canonical symbols, its family (a bit), and the number of what it reports.
_Entry = tuple[str, int, int]


class Trie:
    """Phrases as canonical symbols, each with the number of what it reports. Place 0 is where every phrase begins. What
    follows a place is worked out when a text leads there, for few places are ever met.

    ``symbols`` are all that phrases have, ``first`` those with which they begin. ``ends`` are, by what must follow
    them, the phrases that end at a place; ``awaited`` are the places at which one ends if the right thing follows.
    ``behind`` is what leads to a place. Of the families (bits) that wait at a place, 0 if nothing can come,
    ``families`` are all, ``onward`` those that wait for a symbol and not for the end of a word, ``by_word`` those that
    wait for one that words are made of.
    """

    def __init__(self) -> None:
        self.symbols: set[str] = set()
        self.first: set[str] = set()
        self.ends: dict[Assertion | None, dict[int, tuple[int, ...]]] = {
            None: {},
            Assertion.BOUNDARY: {},
            Assertion.NO_MARK: {},
        }
        self.awaited: set[int] = set()
        self._bounded: dict[int, int] = {}
        self.families = [0]
        self.onward = [0]
        self.by_word = [0]
        self.behind = bytearray(1)
        self._following: dict[int, int] = {}
        self._beyond: dict[int, tuple[int, list[_Entry]]] = {0: (0, [])}
        self._growing = Lock()

    def add(self, phrases: Iterable[str], family: int, output: int) -> None:
        """Add ``phrases`` of ``family`` (one bit), before any place is followed."""
        entries = [(symbols, family, output) for symbols in phrases]
        self._beyond[0][1].extend(entries)
        for symbols, _, _ in entries:
            self.symbols.update(symbols)
            self.first.add(symbols[0])

    def follow(self, at: int, key: int) -> int:
        """Return the place after ``at`` by the symbol with number ``key``; 0 if there is none."""
        if at in self._beyond and key != NO_KEY:
            self._grow(at)
        return self._following.get(at << SHIFT | key, 0)

    def _grow(self, at: int) -> None:
        """Add the places after ``at``. Sessions may run in several threads."""
        with self._growing:
            depth, entries = self._beyond.get(at, (0, []))
            alike: dict[str, list[_Entry]] = {}
            for entry in entries:
                alike.setdefault(entry[0][depth], []).append(entry)
            for symbol, begun in alike.items():
                self._following[at << SHIFT | ord(symbol)] = self._add_place(symbol, depth + 1, begun)
            self._beyond.pop(at, None)

    def _add_place(self, symbol: str, depth: int, entries: list[_Entry]) -> int:
        """Add a place to which ``symbol`` leads, where ``entries`` have ``depth`` symbols behind them."""
        at = len(self.families)
        longer = [entry for entry in entries if len(entry[0]) > depth]
        onward = by_word = 0
        for symbols, family, _ in longer:
            onward |= family
            if _leading(symbols[depth]) == BEHIND_WORD:
                by_word |= family
        self.families.append(onward)
        self.onward.append(onward)
        self.by_word.append(by_word)
        self.behind.append(_leading(symbol))
        if longer:
            self._beyond[at] = depth, longer
        if len(longer) < len(entries):
            for symbols, family, output in entries:
                if len(symbols) == depth:
                    self._end(at, symbol, family, output)
        return at

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

    def bounded(self, at: int) -> int:
        """Return the families with a phrase that ends at this place if the word does."""
        return self._bounded.get(at, 0)

    def __len__(self) -> int:
        return len(self.families)
