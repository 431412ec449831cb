"""Disguises of a phrase, such as spaced, reversed, rot13 and base64: the second lane (semantics, rule 25).

Every disguise is worked out ahead of time as a form: a sequence of symbol sets that goes into the same automaton as
the phrase itself. So hold, positions, continuation and independence of cuts are those of every other match. What the
forms find, and what they cannot, is in ``docs/matching.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from itertools import chain, product
from typing import NamedTuple, overload

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

    @property
    def sets(self) -> tuple[SymbolSet, SymbolSet]:
        """All sets that a network may ask for."""
        return self.wide, self.narrow


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
    themselves. ``word`` is what words are made of, ``shown`` all that is a symbol of the text. Each is made once, and
    compared by identity."""

    letters: SymbolSet | None
    digits: SymbolSet | None
    signs: SymbolSet | None
    faint: SymbolSet | None
    tags: SymbolSet | None
    word: SymbolSet | None
    shown: SymbolSet | None

    @property
    def sets(self) -> tuple[SymbolSet, ...]:
        """All sets that a network may ask for."""
        found = (self.letters, self.digits, self.signs, self.word, self.shown, self.faint, self.tags)
        return tuple(each for each in found if each is not None)


class Form(NamedTuple):
    """A phrase in one disguise.

    ``first`` and ``last`` are the letters that decide whether it must begin and end where words do; empty where not.
    """

    steps: Sequence[Step]
    gaps: Gaps
    first: str = ""
    last: str = ""


def forms(phrase: str, canonical: Sequence[str]) -> Iterator[Form]:
    """Yield the disguises of ``phrase``, each once; ``canonical`` is what it is compared as."""
    cases = canonical if phrase.isascii() else list(dict.fromkeys([phrase, *canonical]))
    spaced = [_letters(text) for text in canonical]
    turned = [text for case in cases for text in turned_of(case)]
    found = [text for text in spaced if _weight(text) >= SPACED_FROM]
    found += [text for text in map(_letters, dict.fromkeys(turned)) if _weight(text) >= TURNED_FROM]
    for text in dict.fromkeys(found):
        yield Form(_steps(text), SPACED, text[0], text[-1])
    for octets in dict.fromkeys(tuple(chain.from_iterable(map(_octets, case))) for case in cases):
        bits = tuple(map(_bits, octets, (*octets[1:], None)))
        for letters in (_Base64(bits, offset) for offset in range(3)):
            if len(letters) >= ENCODED_FROM:
                yield Form(letters, ENCODED)


def distinct(forms: Iterable[Form]) -> frozenset[Step]:
    """Return every step of ``forms``, and perhaps others of base64."""
    steps: set[Step] = set()
    bits: set[_Bits] = set()
    for form in forms:
        if isinstance(form.steps, _Base64):
            bits.update(form.steps.bits)
        else:
            steps.update(form.steps)
    return frozenset(steps.union(*(letters for each in bits for letters in each.begun)))


def turned_of(text: str) -> tuple[str, ...]:
    """Return ``text`` from its end, as it is written and folded, each word of it from its end, and in rot13."""
    words = " ".join([word[::-1] for word in text.split()])
    return text[::-1], fold(text)[::-1], words, _rot13(text)


def _rot13(text: str) -> str:
    """Return ``text`` with each letter of the Latin alphabet for the one half the alphabet away."""
    return text.translate(_ROT13)


def _letters(text: str) -> str:
    """Return the letters, digits and marks of ``text``, folded and without case."""
    if text.isascii():
        return text.translate(_ASCII_LETTERS)
    return "".join(map(_letter_of, fold(text)))


@cache
def _letter_of(symbol: str) -> str:
    return "" if symbol in BETWEEN else key(symbol)


_ASCII_LETTERS = {number: _letter_of(chr(number)) for number in range(128)}
_ROT13 = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)


def _weight(text: str) -> int:
    if text.isascii():  # letters and digits
        return len(text)
    return sum(1 if symbol_kind(symbol) == "w" else _UNSPACED_WEIGHT for symbol in text if symbol_kind(symbol) != "m")


def _steps(text: str) -> tuple[Step, ...]:
    """Return what each letter may be. A text that digits alone could spell stays as it is, or numbers would be
    words."""
    leet = any(is_alphabetic(letter) and letter not in _DIGITS for letter in set(text))
    step = _LEET_STEPS if leet else _PLAIN_STEPS
    return tuple([step[letter] for letter in text])


class _Steps(dict[str, Step]):
    """What a letter may be, made once for each that was asked for."""

    def __init__(self, leet: bool) -> None:
        self._leet = leet

    def __missing__(self, letter: str) -> Step:
        return self.setdefault(letter, _step(letter, self._leet))


_LEET_STEPS, _PLAIN_STEPS = _Steps(leet=True), _Steps(leet=False)


def _step(letter: str, leet: bool) -> Step:
    cases = {letter, letter.upper(), letter.title(), letter.swapcase()}
    found = {each for each in cases if len(each) == 1 and key(each) == letter} | _PASSING.get(letter, frozenset())
    if leet:
        found.update(_DIGITS.get(letter, "") + _SWAPS.get(letter, "") + _SIGNS.get(letter, ""))
    signs = {each for each in found if symbol_kind(each) == "o"}
    digits = set(filter(str.isdecimal, found))
    faint = _FAINT.get(letter, frozenset())
    tags = {each for each in faint if each > FIRST_TAG}
    return _made(found - signs - digits, digits, signs, faint, tags)


_NO_SYMBOLS = frozenset[str]()


def _made(
    letters: AbstractSet[str],
    digits: AbstractSet[str] = _NO_SYMBOLS,
    signs: AbstractSet[str] = _NO_SYMBOLS,
    faint: AbstractSet[str] = _NO_SYMBOLS,
    tags: AbstractSet[str] = _NO_SYMBOLS,
) -> Step:
    word = letters | digits
    return Step(*map(_set, (letters, digits, signs, faint, tags, word, word | signs)))


def _set(symbols: AbstractSet[str]) -> SymbolSet | None:
    """Return the set of ``symbols``; None if there is none."""
    ranges = tuple((symbol, symbol) for symbol in sorted(symbols))
    return SymbolSet(ranges) if ranges else None


@dataclass(frozen=True, slots=True, eq=False)
class _Bits:
    """The letters of base64 whose six bits begin in one byte, by where that stands in a group of three. Each is made
    once, and compared by identity."""

    begun: tuple[tuple[Step, ...], tuple[Step, ...], tuple[Step, ...]]


@cache
def _bits(octet: frozenset[int], after: frozenset[int] | None) -> _Bits:
    """Return the letters that begin in ``octet``; only those that end in it too if nothing is ``after`` it."""
    whole, third = (_letter(octet, octet, 0),), (_letter(octet, octet, 2),)
    if after is None:
        return _Bits((whole, (), third))
    return _Bits(((*whole, _letter(octet, after, 6)), (_letter(octet, after, 4),), third))


class _Base64(Sequence[Step]):
    """The base64 of some bytes, of which the first is that of a group of three at ``offset``: the letters that do not
    depend on the text around it. In any case of the phrase: the bit that tells capitals lies in one letter alone. Few
    are ever met, so that they are written out when one behind the second is asked for."""

    __slots__ = ("_length", "_offset", "_written", "bits")

    def __init__(self, bits: tuple[_Bits, ...], offset: int) -> None:
        self.bits = bits
        self._offset = offset
        self._length = (8 * len(bits) - _BITS_BEFORE[offset]) // 6
        self._written: tuple[Step, ...] | None = None

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, number: int) -> Step: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[Step]: ...

    def __getitem__(self, number: int | slice) -> Step | Sequence[Step]:
        if self._written is None:
            if isinstance(number, int) and 0 <= number < min(2, self._length):
                return self._write(2)[number]
            self._written = self._write(len(self.bits))
        return self._written[number]

    def _write(self, octets: int) -> tuple[Step, ...]:
        """Return the letters that begin in so many bytes; at least one begins in each but the last."""
        parts = enumerate(self.bits[:octets], self._offset)
        return tuple([step for at, bits in parts for step in bits.begun[at % 3]])


#: The bits of the first byte that belong to a letter which begins before it, by where it stands in a group of three.
_BITS_BEFORE = (0, 4, 2)


@cache
def _octets(char: str) -> tuple[frozenset[int], ...]:
    """Return what each byte of ``char`` may be, in either case."""
    cases = {each.encode() for each in (char, char.lower(), char.upper())}
    alike = (case for case in cases if len(case) == len(char.encode()))
    return tuple(map(frozenset, zip(*alike, strict=True)))


@cache
def _letter(first: frozenset[int], last: frozenset[int], shift: int) -> Step:
    """Return the letter of base64 for the six bits from bit ``shift`` of ``first`` on, which may end in ``last``."""
    if shift <= 2:
        values = {octet >> (2 - shift) & 63 for octet in first}
    else:
        values = {(one << 8 | other) >> (10 - shift) & 63 for one, other in product(first, last)}
    return _letter_of_bits(frozenset(values))


@cache
def _letter_of_bits(values: frozenset[int]) -> Step:
    letters = (_BASE64[value] for value in values)
    return _made({sign for letter in letters for sign in _URL.get(letter, letter)})
