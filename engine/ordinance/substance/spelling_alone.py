"""Whether two texts differ in the spelling of their words alone: each word comes back with its first letter, and with
one letter in four changed at most.

It says nothing of substance; it bounds what somebody may change of whom nobody knows what they mean. `erlaubt` and
`verboten` are no protected spans, and no two spellings of a word either.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

#: Words and punctuation. What stands between digits belongs to a number, and spaces are form.
_PIECE = re.compile(r"[^\W\d_]+|(?<![0-9])[^\w\s]|[^\w\s](?![0-9])|_")
_ALIKE = str.maketrans("’‘‐‑‒–—−", "''------")
#: Of so many letters one may be another.
_ONE_IN = 4


def differ_in_spelling_alone(a: str, b: str) -> bool:
    """Return whether each word of ``b`` is that of ``a`` in the same place, perhaps in another spelling: accents, case,
    ß and ss aside, with the same first letter, and with as many changes as a quarter of the letters of the longer.
    Punctuation is the same too, and so are other signs, in any order."""
    (words, signs), (others, there) = _pieces(a), _pieces(b)
    return signs == there and len(words) == len(others) and all(map(_is_spelling, words, others))


def _pieces(text: str) -> tuple[list[str], Counter[str]]:
    """Return words and punctuation in order, and other signs, such as those of money."""
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_ALIKE)
    pieces = _PIECE.findall("".join(char for char in folded if not unicodedata.combining(char)))
    signs = Counter(piece for piece in pieces if unicodedata.category(piece[0])[0] == "S")
    return [piece for piece in pieces if piece not in signs], signs


def _is_spelling(word: str, other: str) -> bool:
    most = max(len(word), len(other)) // _ONE_IN
    near = word[0] == other[0] and abs(len(word) - len(other)) <= most
    return word == other or (near and _changes(word, other) <= most)


def _changes(a: str, b: str) -> int:
    """Return how many letters have to be put in, taken out, replaced, or changed with their neighbour (optimal string
    alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        following = [i]
        for j, other in enumerate(b, 1):
            least = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                least = min(least, before[j - 2] + 1)
            following.append(least)
        before, row = row, following
    return row[-1]
