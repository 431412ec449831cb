"""What one word says of the language and the script that it is in, read once and remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from ordinance.runtime.adherence.language_file import languages, neighbours
from ordinance.runtime.text.scripts import script_of

#: Scripts of which a letter is two wide: it says as much. A word of them alone is in all of them.
WIDE = frozenset({"Hani", "Hira", "Kana", "Hang"})
EAST = "East"

#: What the end and the letters of a word score, where the word itself scores 1.
_HINT = 0.5
#: Words that are remembered, alone and with their punctuation; what is longer is read each time.
_REMEMBERED, _LONGEST = 20_000, 24

_WORD = re.compile(r"[^\W\d_][^\W_]*(?:[\u0300-\u036f\u0900-\u0963\u0e31-\u0e4e]+[^\W_]*)*(?:['’](?=[^\W\d_]))?")

#: Scripts whose letters nobody mixes in a word. One letter of Greek may be a sign of a measure.
_APART = frozenset({"Latn", "Cyrl", "Grek"})


class Word(NamedTuple):
    """A word: its ``letters`` without case, the ``scripts`` of these, each once, the ``script`` of the word (``EAST``,
    or an empty string for several), how wide it is, whether it ``mixes`` scripts that nobody mixes, and what it
    ``scores`` for languages: the score, and how much of the word is known."""

    letters: str
    scripts: tuple[str, ...]
    script: str
    width: int
    mixes: bool
    scores: tuple[tuple[str, float, float], ...]


def words(text: str) -> list[Word]:
    """Return the words of a text."""
    found: list[Word] = []
    for said in text.split():
        found += _remembered_in(said) if len(said) <= _LONGEST else _words_in(said)
    return found


def _words_in(said: str) -> tuple[Word, ...]:
    """Return the words of what stands between two spaces, with the punctuation beside them."""
    found = (_remembered(word) if len(word) <= _LONGEST else _read(word) for word in _WORD.findall(said))
    return tuple(word for word in found if word.scripts)


_remembered_in = lru_cache(_REMEMBERED)(_words_in)


@cache
def script(character: str) -> str:
    """Return the script of a letter as its ISO 15924 code; an empty string for none in particular."""
    found = script_of(character)
    return "" if found in ("-", "Zinh", "Zyyy") else found


def _read(word: str) -> Word:
    letters = word.lower().replace("’", "'")
    of = ["Latn"] * len(word) if word.isascii() else [each for each in map(script, word) if each]
    scripts = tuple(dict.fromkeys(of))
    alone = EAST if WIDE.issuperset(scripts) else scripts[0] if len(scripts) == 1 else ""
    apart = _APART.intersection(scripts)
    mixes = len(apart) > 1 and ("Cyrl" in apart or of.count("Grek") > 1)
    return Word(letters, scripts, alone, sum(1 + (each in WIDE) for each in of), mixes, tuple(_scores(letters)))


_remembered = lru_cache(_REMEMBERED)(_read)


def _scores(word: str) -> Iterator[tuple[str, float, float]]:
    """Yield what a word scores: shared by the languages that have it, in full for their neighbours."""
    tables = _tables()
    of = tables.words.get(word, ())
    near = tables.near.get(word, ())
    yield from ((language, 1 / max(1, len(of)), 1.0) for language in (*of, *near))
    if of:
        return
    for length in range(2, min(6, len(word) - 2) + 1):
        ends = tables.endings.get(word[-length:], ())
        yield from ((language, _HINT / len(ends), _HINT / len(ends)) for language in ends)
    for letter in {*word}.intersection(tables.letters):
        have = tables.letters[letter]
        yield from ((language, _HINT / len(have), _HINT / len(have)) for language in have)


class _Tables(NamedTuple):
    words: Mapping[str, tuple[str, ...]]
    near: Mapping[str, tuple[str, ...]]
    endings: Mapping[str, tuple[str, ...]]
    letters: Mapping[str, tuple[str, ...]]


@cache
def _tables() -> _Tables:
    """Return the languages of each word, those of neighbours, and those of each ending and letter that decides."""
    tables: tuple[dict[str, list[str]], ...] = ({}, {}, {}, {})
    for tag, each in languages().items():
        for table, entries in zip(tables, (each.words, (), each.endings, each.letters), strict=True):
            for entry in entries:
                table.setdefault(entry, []).append(tag)
    for tag, entries in neighbours().items():
        for entry in entries:
            tables[1].setdefault(entry, []).append(tag)
    return _Tables(*({entry: tuple(of) for entry, of in table.items()} for table in tables))
