"""Spelling of a region: ß as ss, words of the same meaning that are spelled otherwise, and quotation marks (semantics,
rule 42)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from ordinance.runtime.forms.form import Form, Quotes
from ordinance.runtime.forms.style_file import style

_FILE = Path(__file__).with_name("spellings.toml")
_WITHOUT_SHARP_S = frozenset({"de-CH", "de-LI"})
#: What a word does not stand behind in prose: these belong to addresses and to code.
_BEFORE = r"@./\\:=&?#$%+~"
_WORD_BEFORE = re.compile(rf"[\w{_BEFORE}-]*\Z")
_NO_PROSE_BEFORE = re.compile(rf"[{_BEFORE}]|[^\W_]_")
#: And what it does not stand before, perhaps with words that hyphens add to it.
_AFTER = r"[@/\\=&]|[.:]\w|\(\)|_\w"
_ENDS = rf"(?![^\W_]|{_AFTER}|-[\w-]*(?:{_AFTER}))"


def quotes_of(tag: str) -> Quotes | None:
    """Return how quotations are written for a ``tag``; None where nobody says."""
    opening, _, closing = style("quotes", tag).partition("|")
    return Quotes(opening, closing) if opening and closing else None


def spelling(tag: str) -> Iterator[Form]:
    """Yield the forms of the spelling of a ``tag``."""
    if tag in _WITHOUT_SHARP_S:
        yield _sharp_s()
    pairs = _pairs().get(tag)
    if pairs:
        yield _words(pairs)


def _sharp_s() -> Form:
    """Return the form that writes ss for ß, up to the end of the word. ss never becomes ß."""
    table = tomllib.loads(_FILE.read_text("utf-8"))["sharp_s"]
    stems, names = tuple(table["stems"].split()), frozenset(table["names"].split())

    def rewritten(before: str, unit: str) -> str | None:
        found = _WORD_BEFORE.search(before)
        begun = found[0] if found else ""
        if _NO_PROSE_BEFORE.search(begun):
            return None
        word = begun.rpartition("-")[2] + unit
        if word[0].isupper() and (word in names or not any(stem in word.lower() for stem in stems)):
            return None
        capitals = word.replace("ß", "").isupper() and len(word) > 2
        return unit.replace("ß", "SS" if capitals else "ss").replace("ẞ", "SS")

    unit = re.compile(rf"[ßẞ][^\W_]{{0,40}}{_ENDS}")
    return Form("spelling", 48, re.compile("[ßẞ]"), re.compile(r"[\w-]+[.:(]?\Z"), unit, rewritten, proven=True)


def _words(pairs: Mapping[str, str]) -> Form:
    """Return the form that spells words as ``pairs`` do. A word with a capital may be a name, so it stays."""
    letter = "[^\\W\\d_]"
    unit = re.compile(rf"{letter}+(?!['’-]){_ENDS}")
    start = re.compile(rf"(?<![\w{_BEFORE}'’-])[{''.join(sorted({word[0] for word in pairs}))}]")
    begun = re.compile(rf"{_begun(pairs)}[.:(_]?\Z")
    return Form("spelling", 40, start, begun, unit, lambda _, word: pairs.get(word), proven=True)


def _begun(words: Iterable[str]) -> str:
    """Return a pattern of what may become one of ``words``."""
    heads: dict[str, list[str]] = {}
    for word in words:
        if word:
            heads.setdefault(word[0], []).append(word[1:])
    inner = "|".join(head + _begun(rest) for head, rest in sorted(heads.items()))
    return f"(?:{inner})?" if inner else ""


@cache
def _pairs() -> Mapping[str, Mapping[str, str]]:
    """Return, for each tag, how a word of the other spelling is written."""
    found: dict[str, dict[str, str]] = {}
    for line in tomllib.loads(_FILE.read_text("utf-8"))["variants"]:
        one, other = line["tags"]
        for pair in line["words"].split():
            first, second = pair.split(":")
            found.setdefault(one, {})[second] = first
            found.setdefault(other, {})[first] = second
    return found
