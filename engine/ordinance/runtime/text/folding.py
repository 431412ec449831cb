"""Folding: what a character counts as when text is matched (semantics, rule 25).

One source character gives no symbol (it is ignorable), one, or several. Matching happens on symbols; everything
that is held, released or removed is counted in source characters. Other scripts, compatibility forms and accents
fold to plain letters; ASCII never folds to other ASCII; case is kept here and dropped by who compares.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from ordinance.runtime.text.unicode_data import FOLDS, KINDS, Ranges

_HANGUL = 0xAC00


#: Bytes that are no character say nothing, and end nothing that was begun.
_FOLDS = FOLDS | {"\N{REPLACEMENT CHARACTER}": ""}


def fold_char(char: str) -> str:
    """Return the symbols that one source character stands for; empty if it is ignorable."""
    folded = _FOLDS.get(char)
    if folded is not None:
        return folded
    if "가" <= char <= "힣":
        index = ord(char) - _HANGUL
        tail = index % 28
        return chr(0x1100 + index // 588) + chr(0x1161 + index % 588 // 28) + (chr(0x11A7 + tail) if tail else "")
    return char


class _Folded(dict[int, str]):
    """What characters fold to, for ``str.translate``; fills as they are met."""

    def __missing__(self, number: int) -> str:
        found = self[number] = fold_char(chr(number))
        return found


class _Compared(dict[int, str]):
    """The same without case."""

    def __missing__(self, number: int) -> str:
        found = self[number] = "".join([key(symbol) for symbol in fold_char(chr(number))])
        return found


_FOLDED = _Folded()
_COMPARED = _Compared()


def fold(text: str) -> str:
    """Return the symbols that ``text`` stands for."""
    return text.translate(_FOLDED)


def compared(text: str) -> str:
    """Return the symbols that ``text`` stands for, each without its case."""
    return text.translate(_COMPARED)


def as_phrase(text: str) -> str:
    """Return ``text`` as a phrase is compared: its symbols without case, and one space between words."""
    return " ".join(compared(text).split())


def key(symbol: str) -> str:
    """Return a symbol without its case: what phrases compare."""
    lowered = symbol.casefold()
    return lowered if len(lowered) == 1 else symbol


def classifier(ranges: Ranges) -> Callable[[str], str]:
    """Return a look-up in one of the range tables of ``unicode_data``, memoised by character."""
    starts, values = ranges
    known: dict[str, str] = {}

    def look_up(char: str) -> str:
        value = known.get(char)
        if value is None:
            value = values[bisect_right(starts, ord(char)) - 1]
            known[char] = value
        return value

    return look_up


#: ``w`` for what makes up words in scripts with word boundaries, ``m`` for a mark that is part of its letter,
#: ``o`` for the rest.
symbol_kind = classifier(KINDS)


def is_alphabetic(symbol: str) -> bool:
    """Return whether ``symbol`` is a letter of a script whose words have boundaries; digits and Han, kana and Thai
    letters are not."""
    return symbol.isalpha() and symbol_kind(symbol) == "w"
