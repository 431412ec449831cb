"""The names of one pack: defined once, spelled well, and used."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Generic, TypeVar

import langcodes
import regex
from langcodes.data_dicts import TERRITORY_REPLACEMENTS

from ordinance.language.ast import Word
from ordinance.language.diagnostics import Diagnostic, diagnose, nearest
from ordinance.policy.vocabulary import JURISDICTION

T = TypeVar("T")
Report = Callable[[Diagnostic], None]

#: Digits of a number in a pack; more make no sense of an age, a turn or a bound.
_MOST_DIGITS = 9

#: The code that the European Union writes for a country in place of that of ISO 3166.
_ALSO_WRITTEN = {"el": "GR"}

#: Scripts in which people write names today.
_SCRIPTS = (
    "Latin", "Greek", "Cyrillic", "Armenian", "Georgian", "Hebrew", "Arabic", "Syriac", "Thaana",
    "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam",
    "Sinhala", "Thai", "Lao", "Tibetan", "Myanmar", "Khmer", "Mongolian", "Ethiopic", "Cherokee",
    "Canadian_Aboriginal", "Tifinagh", "Nko", "Vai", "Adlam", "Han", "Hiragana", "Katakana", "Bopomofo",
    "Hangul", "Yi",
)  # fmt: skip
#: Letters of which the script is remembered, and tags of which the usual form is.
_LETTERS, _TAGS = 8192, 512

#: Scripts that are written together, Latin beside each (AIシステム, LINE相談): Japanese, Korean, and Chinese with its
#: phonetic letters (UTS 39, highly restrictive).
_TOGETHER = (
    {"Latin", "Han", "Hiragana", "Katakana"},
    {"Latin", "Han", "Hangul"},
    {"Latin", "Han", "Bopomofo"},
)

#: Words that begin a declaration or a clause, or join two: a name spelled like one would mislead a reader.
_RESERVED = frozenset({
    "about", "adapter", "address", "alike", "and", "article", "as", "at", "before", "both", "bylaw", "charter",
    "condition", "contact", "detector", "dimension", "endings", "example", "except", "given", "guarantee", "has",
    "hours", "house", "identifier", "in", "is", "jurisdiction", "label", "language", "law", "lexicon", "limit", "mark",
    "mask", "means", "not", "notice", "or", "otherwise", "pattern", "prompt", "protects", "provide", "quote", "reaches",
    "reason", "red", "refuse", "rewrite", "say", "scope", "section", "seen", "speak", "spoken", "telling", "title",
    "topic", "under", "unknown", "unless", "until", "when", "withhold", "within", "without", "zone",
})  # fmt: skip


class Names(Generic[T]):
    """The names of one ``kind`` that a pack defines, with what each stands for."""

    def __init__(self, kind: str, report: Report) -> None:
        self.kind = kind
        self._report = report
        self._items: dict[str, tuple[Word, T]] = {}
        self._used: set[str] = set()

    def define(self, name: Word, item: T) -> None:
        """Take a definition; a second one of the same name is a finding and is left out."""
        check_name(name, self._report)
        if first := self._items.get(name.text):
            message = f"the {self.kind} `{name}` is already defined on line {first[0].span.line}"
            self._report(diagnose("name-twice", name.span, message))
            return
        self._items[name.text] = (name, item)

    def get(self, name: Word) -> T | None:
        """Return what ``name`` means; None, with a finding, if the pack does not define it."""
        found = self._items.get(name.text)
        if found is None:
            near = nearest(name.text, self._items)
            self._used.add(near or "")
            advice = f"Did you mean `{near}`?" if near else f"Define it in this pack: {self.kind} {name} …"
            self._report(diagnose("name-undefined", name.span, f"no {self.kind} is called `{name}` here", advice))
            return None
        self._used.add(name.text)
        return found[1]

    def find(self, name: str) -> T | None:
        """Return what ``name`` means if it is defined here, and count it as used; else None."""
        self._used.add(name)
        found = self._items.get(name)
        return found[1] if found else None

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def items(self) -> Mapping[str, T]:
        """All definitions, in the order of the file."""
        return {name: item for name, (_, item) in self._items.items()}

    def report_unused(self) -> None:
        """Report each name that nothing in the policy uses."""
        for name, (word, _) in self._items.items():
            if name not in self._used:
                self._report(diagnose("name-unused", word.span, f"nothing uses the {self.kind} `{name}`"))


def check_name(name: Word, report: Report) -> None:
    """Check the spelling of a name: one script, no hyphen, no keyword, in Unicode's composed form."""
    text = name.text
    if text in _RESERVED:
        report(diagnose("name-keyword", name.span, f"`{text}` is a word of the language"))
    elif "-" in text:
        advice = f"Write `{text.replace('-', '_')}`."
        report(diagnose("name-invalid", name.span, f"the name `{text}` contains a hyphen", advice))
    elif not text.isidentifier() or unicodedata.normalize("NFC", text) != text:
        report(diagnose("name-invalid", name.span, f"the name `{text}` is not in Unicode's composed form (NFC)"))
    else:
        if len(scripts := scripts_of(text)) > 1:
            mixed = " and ".join(scripts)
            report(diagnose("name-invalid", name.span, f"the name `{text}` mixes {mixed} letters"))


def check_tag(tag: Word, report: Report) -> None:
    """Report a ``tag`` that is not a language tag in its usual form, like `et`; nobody would read its text."""
    usual = _usual(tag.text)
    if usual != tag.text:
        advice = f"Write `{usual}`." if usual else ""
        report(diagnose("tag-invalid", tag.span, f"`{tag}` is not a language tag in its usual form", advice))


@lru_cache(maxsize=_TAGS)
def _usual(tag: str) -> str:
    """Return a language tag in its usual form; an empty string if it is none."""
    return langcodes.standardize_tag(tag) if langcodes.tag_is_valid(tag) else ""


def scripts_of(text: str) -> list[str]:
    """Return the scripts of the letters in ``text``; at most one if people write them together."""
    if text.isascii():
        return []
    numbers = {_script(letter) for letter in set(text)} - {len(_SCRIPTS)}
    found = [_SCRIPTS[number] for number in sorted(numbers)]
    return found[:1] if any(together.issuperset(found) for together in _TOGETHER) else found


@lru_cache(maxsize=_LETTERS)
def _script(letter: str) -> int:
    """Return the number of the script of ``letter`` in ``_SCRIPTS``; their count for a sign of none of them."""
    found = _any_script().match(letter)
    return len(_SCRIPTS) if found is None or found.lastindex is None else found.lastindex - 1


@cache
def _any_script() -> regex.Pattern[str]:
    """Return what matches a letter of each script in a group of its own."""
    return regex.compile("|".join(rf"(\p{{Script={script}}})" for script in _SCRIPTS))


def check_numbers(numbers: Iterable[tuple[Word, str]], report: Report) -> None:
    """Report numbers that are given twice or malformed; each comes with its section.

    An empty section means that the number is a section's own.
    """
    seen: dict[str, int] = {}
    for number, section in numbers:
        form = rf"{re.escape(section)}\.[1-9][0-9]*" if section else r"[1-9][0-9]*"
        if not re.fullmatch(form, number.text):
            wanted = f"{section}.1, {section}.2 …" if section else "1, 2, 3 …"
            report(
                diagnose(
                    "number-form",
                    number.span,
                    f"the number `{number}` does not have the required form",
                    f"Write {wanted}",
                )
            )
        elif first := seen.get(number.text):
            report(diagnose("number-twice", number.span, f"the number {number} is already used on line {first}"))
        seen.setdefault(number.text, number.span.line)


def whole(text: str) -> int | None:
    """Parse a whole number of at most nine digits; None if ``text`` is not one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None


def is_code(text: str) -> bool:
    """Whether ``text`` is spelled like a jurisdiction's code: ``EU``, ``DE``, ``DE-BY``, ``US-CA``."""
    return JURISDICTION.fullmatch(text) is not None


def iso_code(text: str) -> str:
    """Return the code of ISO 3166 that people mean by another for the same place: ``GB`` for ``UK``, ``KR`` for ``KOR``
    or ``410``, ``KR-11`` for ``KOR-11``; empty if ``text`` is the usual one or nobody knows."""
    place, hyphen, part = text.partition("-")
    meant = _ALSO_WRITTEN.get(place.lower()) or TERRITORY_REPLACEMENTS.get(place.lower(), "")
    return f"{meant}{hyphen}{part}" if meant and meant != place and is_code(meant) else ""
