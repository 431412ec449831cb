"""Which script a sentence is written in: that of more than half of its letters (ISO 15924 codes, pinned Unicode)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ordinance.runtime.text.folding import classifier
from ordinance.runtime.text.unicode_data import SCRIPT_NAMES, SCRIPTS

#: The ISO 15924 code of a letter's script; ``-`` for what is no letter, or a letter of no script in particular.
script_of = classifier(SCRIPTS)

#: Codes by what a pack may write: the code itself or Unicode's name, in small letters.
_CODES: Mapping[str, frozenset[str]] = {
    word: frozenset({code}) for code, name in SCRIPT_NAMES.items() for word in (code.lower(), name)
} | {
    # Written with several: ISO 15924 has codes for them.
    "jpan": frozenset({"Hani", "Hira", "Kana"}),
    "kore": frozenset({"Hang", "Hani"}),
}

NAMES = frozenset(_CODES)

#: Codes that letters alone do not tell apart.
INDISTINCT = frozenset({"hans", "hant"})


def finder(name: str) -> Callable[[str], list[tuple[int, int]]]:
    """Return a function for a detector of sentences: it finds the span of a sentence written in the script ``name``,
    one of ``NAMES``, without the spaces around it."""
    codes = _CODES[name]

    def find(sentence: str) -> list[tuple[int, int]]:
        letters = [script for script in map(script_of, sentence) if script != "-"]
        if 2 * sum(script in codes for script in letters) <= len(letters):
            return []
        content = sentence.strip()
        start = sentence.index(content)
        return [(start, start + len(content))]

    return find
