"""What is known of a language to witness its texts: a file of ``languages/``, such as ``de.toml``.

A term with a star stands for all words that begin (``novembr*``), end (``*lich``) or go on on both sides with it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "languages"
_UNITS = Path(__file__).parent / "units.toml"
#: What belongs to the letter before it, in the scripts of the languages that are known.
MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u200c\u200d"
)
#: What nobody sees of a text: hyphens that are not shown, joiners, marks of direction, selectors, tags.
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
_NO_LETTER = re.compile(rf"[{UNSEEN}*_]")
_APOSTROPHES = str.maketrans("’ʼ＇", "'''")
#: Per cent in two words.
_PER_CENT = ("per cent", "pour cent", "por cento", "por ciento", "per cento")
#: No term is as long; a longer word is looked at by its first and last characters alone.
_LONGEST = 40


def folded(word: str) -> str:
    """Return a word without what is form alone: case, width, ß or ss, the shape of an apostrophe, emphasis, and what
    nobody sees."""
    plain = word.casefold() if word.isascii() else unicodedata.normalize("NFKC", word).casefold()
    return _NO_LETTER.sub(
        "", plain if plain.isascii() else unicodedata.normalize("NFKC", plain).translate(_APOSTROPHES)
    )


class Lookup:
    """Which class a word belongs to, if any."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._whole: dict[str, str] = {}
        self._begins: dict[str, str] = {}
        self._ends: dict[str, str] = {}
        self._inside: dict[str, str] = {}
        self._written: set[str] = set()
        for name, terms in classes.items():
            for term in terms.split():
                written = term.strip("*").replace("_", " ")
                bare = folded(written)
                self._written |= {written, bare}
                ends, begins = term.startswith("*"), term.endswith("*")
                kept = self._inside if ends and begins else self._ends if ends else self._whole
                (self._begins if begins and not ends else kept)[bare] = name

    def of(self, word: str) -> str | None:
        """Return the class of a folded ``word``, or None."""
        if found := self._whole.get(word):
            return found
        longest = min(len(word), _LONGEST)
        for size in range(longest, 0, -1) if self._begins or self._ends else ():
            if found := self._begins.get(word[:size]) or self._ends.get(word[-size:]):
                return found
        return next((name for term, name in self._inside.items() if term in word[-_LONGEST:]), None)

    def signs(self, also: Iterable[str] = ()) -> re.Pattern[str] | None:
        """Return what finds the terms, as they are listed and folded, and ``also`` others, where no spaces are written;
        longest first."""
        terms = sorted({*self._written, *also}, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, terms))) if terms else None


@dataclass(frozen=True, slots=True)
class Language:
    """The closed classes of a language. ``names`` says by what a name shows: `capitals`, `nouns` (all nouns have
    them), `signs` (no spaces between words) or `words` (a script without capitals). ``attached`` finds the last sign of
    a run that is of politeness alone; ``alike`` are runs that say the same in another style."""

    tag: str
    names: str
    number_words: Mapping[str, str]
    number_parts: re.Pattern[str] | None
    joins: frozenset[str]
    scales: Lookup
    spaced: bool
    months: Lookup
    weekdays: Lookup
    units: Lookup
    unit_signs: re.Pattern[str] | None
    negation: Lookup
    hedges: Lookup
    signs: re.Pattern[str] | None
    address: Lookup
    attached: re.Pattern[str] | None
    alike: Mapping[str, str]
    endings: tuple[str, ...]
    predicates: tuple[str, ...]
    honorifics: tuple[str, ...]
    prefixes: tuple[str, ...]


def tags() -> tuple[str, ...]:
    """Return the languages of which something is known."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def language_of(tag: str) -> Language | None:
    """Return what is known of the language of a ``tag`` such as `de-AT`; None if nothing is."""
    path = _FOLDER / f"{re.split('[-_]', tag)[0].lower()}.toml"
    known = path.stem.isalpha() and path.is_file()
    return _read(path.stem, tomllib.loads(path.read_text("utf-8"))) if known else None


@cache
def unit_symbols() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Return what finds a symbol of a unit, and the unit of each symbol."""
    units = {sign: unit for unit, signs in tomllib.loads(_UNITS.read_text("utf-8")).items() for sign in signs.split()}
    units |= dict.fromkeys(_PER_CENT, "percent")
    found = "|".join(map(re.escape, sorted(units, key=len, reverse=True)))
    return re.compile(rf"(?:{found})(?![^\W\d_])"), units


def _read(tag: str, table: Mapping[str, Any]) -> Language:
    numbers, names = table.get("numbers", {}), table["names"]
    words = dict(each.rsplit("=", 1) for each in numbers.get("words", "").split())
    parts = sorted(map(folded, numbers.get("parts", "").split()), key=len, reverse=True)
    scales = [each.rsplit("=", 1) for each in numbers.get("scales", "").split()]
    by_zeros = {zeros: " ".join(term for term, each in scales if each == zeros) for _, zeros in scales}
    negation, hedges, units = (Lookup(table.get(name, {})) for name in ("negation", "hedges", "units"))
    where = names["by"] == "signs"
    both = Lookup({"": " ".join((*table.get("negation", {}).values(), *table.get("hedges", {}).values()))})
    return Language(
        tag,
        names["by"],
        {folded(word): value for word, value in words.items()},
        re.compile(f"(?:{'|'.join(map(re.escape, parts))})++") if parts else None,
        frozenset(numbers.get("joins", "").split()),
        Lookup(by_zeros),
        bool(numbers.get("spaced", False)),
        Lookup({f"{at:02}": terms for at, terms in enumerate(table["dates"]["months"], 1)}),
        Lookup({f"weekday {at}": terms for at, terms in enumerate(table["dates"]["weekdays"], 1)}),
        units,
        units.signs() if where else None,
        negation,
        hedges,
        both.signs(names.get("passed", "").split()) if where else None,
        Lookup({"address": names.get("address", "")}),
        _attached(names),
        dict(each.split("=") for each in names.get("alike", "").split()),
        tuple(names.get("endings", "").split()),
        tuple(unicodedata.normalize("NFD", ending) for ending in names.get("predicates", "").split()),
        tuple(unicodedata.normalize("NFD", ending) for ending in names.get("honorifics", "").split()),
        tuple(names.get("prefixes", "").split()),
    )


def _attached(names: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return what finds the last sign of a run that is of politeness alone: a verb's, by the sign behind it, or that of
    a title."""
    verbs = [f"{each[0]}(?=[{each[1:]}])" for each in names.get("attached", "").split()]
    return re.compile("|".join([*verbs, *names.get("polite", "").split()])) if verbs else None
