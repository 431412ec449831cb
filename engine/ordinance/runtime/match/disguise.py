"""Disguises of a phrase, such as spaced, reversed, rot13 and base64: the second lane (semantics, rule 25).

Every disguise is worked out ahead of time as a form: a sequence of symbol sets that goes into the same automaton as
the phrase itself. So hold, positions, continuation and independence of cuts are those of every other match. What the
forms find, and what they cannot, is in ``docs/matching.md``.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from ordinance.runtime.match.patterns import SymbolSet
from ordinance.runtime.text import unicode_data
from ordinance.runtime.text.folding import fold, is_alphabetic, key, symbol_kind

#: A phrase is looked for spaced and in leetspeak from so many letters on, reversed and in rot13 from so many. Shorter
#: ones stand in ordinary text by chance: initials, numbers, words that are another word read backwards.
SPACED_FROM = 5
TURNED_FROM = 6
#: A disguised phrase of more characters is none: text would wait for ever for the next letter.
REACH = 1000
#: Letters of base64 that must be known; fewer stand in any longer blob by chance.
ENCODED_FROM = 7
#: A letter of a script without spaces says as much as so many of an alphabet.
_UNSPACED_WEIGHT = 3

#: Signs and digits that stand for a letter.
_DIGITS = {
    "a": "4", "b": "8", "e": "3", "g": "96", "i": "1", "l": "1", "o": "0", "q": "9", "s": "5", "t": "7", "z": "2",
}  # fmt: skip
_SIGNS = {"a": "@", "c": "(<", "e": "€", "h": "#", "i": "!|", "l": "|", "s": "$", "t": "+"}
#: Letters that pass for another in most typefaces: capital I and small l. And what folding leaves apart, because the
#: text of some language needs it.
_SWAPS = {"i": "l", "l": "I"}
_PASSING = {letter: frozenset(signs) for letter, signs in unicode_data.PASSING.items()}

#: Of these, what is no letter: flags' letters.
SPELLING = frozenset(sign for signs in _PASSING.values() for sign in signs if symbol_kind(sign) == "o")

#: What folds to nothing and says a letter to whoever decodes it (tags) or looks twice (letters above others).
_FAINT = {letter: frozenset(signs) for letter, signs in unicode_data.FAINT.items()}
#: Opens what terminals obey and do not show, and folds to nothing as well.
ESCAPE_CHARACTER = "\x1b"
#: All that folds to nothing and that a disguised phrase can see.
FAINT = frozenset[str]().union({ESCAPE_CHARACTER}, *_FAINT.values())
#: Tags stand behind it.
FIRST_TAG = "\U000e0000"

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URL = {"+": "+-", "/": "/_"}

UNDERSCORE = SymbolSet((("_", "_"),))
#: All that is no letter, digit or mark.
BETWEEN = SymbolSet((("_", "_"),), frozenset("W"))


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """What may stand between two steps of a form, any number of times: ``narrow`` behind a first step that ordinary
    text is full of, else ``wide``. Otherwise prose would wait for the next letter behind every number, and behind every
    letter with which base64 can begin."""

    wide: SymbolSet
    narrow: SymbolSet


_WHITE = SymbolSet(tuple((space, space) for space in "\t\n\r "))
#: Between the letters of a spaced phrase: all that is no letter or mark.
SPACED = Gaps(SymbolSet((("_", "_"),), frozenset("Wd")), BETWEEN)
#: In base64: white space, behind its first letter only line breaks, unless that stands where words begin.
ENCODED = Gaps(_WHITE, SymbolSet((("\n", "\n"), ("\r", "\r"))))
#: What terminals obey and do not show, behind the character that opens it: ``[0;31m``.
ESCAPE, ESCAPED, ESCAPE_END = (SymbolSet(ranges) for ranges in ((("[", "["),), (("0", ";"),), (("A", "Z"), ("m", "m"))))
ESCAPE_OPENS = SymbolSet(((ESCAPE_CHARACTER, ESCAPE_CHARACTER),))


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one symbol of a form may be: ``letters`` are letters and marks, ``digits`` digits, ``signs`` the rest.
    ``faint`` are characters that are no symbol of the text and may be one here, ``tags`` those of them that stand for
    themselves. Each is made once, and compared by identity."""

    letters: SymbolSet | None
    digits: SymbolSet | None = None
    signs: SymbolSet | None = None
    faint: SymbolSet | None = None
    tags: SymbolSet | None = None

    @property
    def word(self) -> SymbolSet | None:
        """What words are made of."""
        return _joined(self.letters, self.digits)

    @property
    def shown(self) -> SymbolSet | None:
        """What is a symbol of the text."""
        return _joined(self.word, self.signs)

    @property
    def sets(self) -> tuple[SymbolSet, ...]:
        """All sets that a network may ask for."""
        found = (self.letters, self.digits, self.signs, self.word, self.shown, self.faint, self.tags)
        return tuple(each for each in found if each is not None)


@dataclass(frozen=True, slots=True)
class Form:
    """A phrase in one disguise.

    ``first`` and ``last`` are the letters that decide whether it must begin and end where words do; empty where not.
    """

    steps: tuple[Step, ...]
    gaps: Gaps
    first: str = ""
    last: str = ""


def forms(phrase: str, canonical: Sequence[str]) -> Iterator[Form]:
    """Yield the disguises of ``phrase``, each once; ``canonical`` is what it is compared as."""
    cases = canonical if phrase.isascii() else list(dict.fromkeys([phrase, *canonical]))
    spaced = [_letters(text) for text in canonical]
    turned = [text for case in cases for text in _turned(case)]
    found = [text for text in spaced if _weight(text) >= SPACED_FROM]
    found += [text for text in map(_letters, dict.fromkeys(turned)) if _weight(text) >= TURNED_FROM]
    for text in dict.fromkeys(found):
        yield Form(_steps(text), SPACED, text[0], text[-1])
    for steps in dict.fromkeys(steps for case in cases for offset in range(3) for steps in _encoded(case, offset)):
        yield Form(steps, ENCODED)


def _turned(text: str) -> tuple[str, ...]:
    """``text`` from its end, as it is written and folded, each word of it from its end, and in rot13."""
    words = " ".join(word[::-1] for word in text.split())
    return text[::-1], fold(text)[::-1], words, codecs.encode(text, "rot13")


def _letters(text: str) -> str:
    """Return the letters, digits and marks of ``text``, folded and without case."""
    return "".join(map(_letter_of, fold(text)))


@cache
def _letter_of(symbol: str) -> str:
    return "" if symbol in BETWEEN else key(symbol)


def _weight(text: str) -> int:
    return sum(1 if symbol_kind(symbol) == "w" else _UNSPACED_WEIGHT for symbol in text if symbol_kind(symbol) != "m")


def _steps(text: str) -> tuple[Step, ...]:
    """Return what each letter may be. A text that digits alone could spell stays as it is, or numbers would be
    words."""
    leet = any(is_alphabetic(letter) and letter not in _DIGITS for letter in text)
    return tuple(_step(letter, leet) for letter in text)


@cache
def _step(letter: str, leet: bool) -> Step:
    cases = {letter, letter.upper(), letter.title(), letter.swapcase()}
    found = {each for each in cases if len(each) == 1 and key(each) == letter} | _PASSING.get(letter, frozenset())
    if leet:
        found.update(_DIGITS.get(letter, "") + _SWAPS.get(letter, "") + _SIGNS.get(letter, ""))
    signs = {each for each in found if symbol_kind(each) == "o"}
    digits = set(filter(str.isdecimal, found))
    faint = _FAINT.get(letter, frozenset())
    tags = {each for each in faint if each > FIRST_TAG}
    return Step(*map(_set, (found - signs - digits, digits, signs, faint, tags)))


@cache
def _joined(one: SymbolSet | None, other: SymbolSet | None) -> SymbolSet | None:
    if one is None or other is None:
        return one or other
    return SymbolSet(tuple(sorted(one.ranges + other.ranges)))


def _set(symbols: Iterable[str]) -> SymbolSet | None:
    """Return the set of ``symbols``; None if there is none."""
    ranges = tuple((symbol, symbol) for symbol in sorted(symbols))
    return SymbolSet(ranges) if ranges else None


def _encoded(phrase: str, offset: int) -> Iterator[tuple[Step, ...]]:
    """Yield the base64 of ``phrase`` if it begins at byte ``offset`` of a group of three: the letters that do not
    depend on the text around it. In any case of the phrase: the bit that tells capitals lies in one letter alone."""
    octets = [octet for char in phrase for octet in _octets(char)]
    ends = offset * 8 + len(octets) * 8 - 5
    steps = [_six_bits(octets, at - offset * 8) for at in range(0, ends, 6) if at >= offset * 8]
    if len(steps) >= ENCODED_FROM:
        yield tuple(steps)


@cache
def _octets(char: str) -> tuple[frozenset[int], ...]:
    """Return what each byte of ``char`` may be, in either case."""
    cases = {each.encode() for each in (char, char.lower(), char.upper())}
    alike = (case for case in cases if len(case) == len(char.encode()))
    return tuple(map(frozenset, zip(*alike, strict=True)))


def _six_bits(octets: Sequence[frozenset[int]], at: int) -> Step:
    """Return the letter of base64 for the six bits from bit ``at`` on."""
    return _letter(octets[at // 8], octets[(at + 5) // 8], at % 8)


@cache
def _letter(first: frozenset[int], last: frozenset[int], shift: int) -> Step:
    if shift <= 2:
        values = {octet >> (2 - shift) & 63 for octet in first}
    else:
        values = {(one << 8 | other) >> (10 - shift) & 63 for one, other in product(first, last)}
    letters = (_BASE64[value] for value in values)
    return Step(_set({sign for letter in letters for sign in _URL.get(letter, letter)}))
