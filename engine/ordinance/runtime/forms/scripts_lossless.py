"""Serbian from Cyrillic to Latin letters, where the way back is the same word again (semantics, rule 42)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ordinance.runtime.forms.form import Form

_FILE = Path(__file__).with_name("scripts.toml")
_LETTERS: dict[str, str] = dict(pair.split(":") for pair in tomllib.loads(_FILE.read_text("utf-8"))["sr-Latn"].split())
#: Two letters that are one in Latin: `инјекција` would come back as another word, so it stays.
_TWO_FOR_ONE = re.compile("[нлНЛ][јЈ]|[дД][жЖ]")


def in_latin(word: str) -> str | None:
    """Return a Serbian ``word`` in Latin letters; None where nobody could write it back in Cyrillic ones."""
    if _TWO_FOR_ONE.search(word) or not all(letter.lower() in _LETTERS for letter in word):
        return None
    capitals = len(word) > 1 and word.isupper()
    return "".join(_letter(letter, capitals=capitals) for letter in word)


def _letter(letter: str, *, capitals: bool) -> str:
    latin = _LETTERS[letter.lower()]
    return latin if letter.islower() else latin.upper() if capitals else latin.capitalize()


def serbian_in_latin() -> Form:
    """Return the form: whole words of Serbian letters."""
    start, unit = re.compile(r"(?<!\w)[\u0400-\u04ff]"), re.compile(r"[\u0400-\u04ff]+(?![\w@/]|\.\w)")
    return Form(
        "script", 48, start, re.compile(r"[\u0400-\u04ff]+\.?\Z"), unit, lambda _, word: in_latin(word), lossless=True
    )
