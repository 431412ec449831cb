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
#: Letters of their own: `hatte` is no spelling of `hätte`, nor `ano` of `año`. Some are written as two.
_OWN = re.compile("([äöüåñãõ])")
_IN_TWO = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
#: An accent on the last letter, where it says who did it and when (`habló`); the sign that stands for it below.
_LAST_ACCENT = re.compile("(?<=[a-z])[\u0300-\u0302](?![^\\W\\d_]|[\u0300-\u036f])")
_ACCENT = "\u02b9"
#: What a word may begin with, and the opposite that begins with the same letter.
_OPPOSITES = (
    ("hyper", "hypo"), ("hiper", "hipo"), ("iper", "ipo"), ("hüper", "hüpo"), ("inter", "intra"), ("inter", "intro"),
    ("macro", "micro"), ("makro", "mikro"), ("pre", "pro"), ("prä", "pro"), ("super", "sub"), ("mono", "multi"),
)  # fmt: skip


def differ_in_spelling_alone(a: str, b: str) -> bool:
    """Return whether each word of ``b`` is that of ``a`` in the same place, perhaps in another spelling: case, ß or ss,
    and most accents aside, with the same first letter, with as many changes as a quarter of the letters of the longer,
    and without a prefix that becomes its opposite. Punctuation is the same too, and so are other signs, in any order.
    """
    (words, signs), (others, there) = _pieces(a), _pieces(b)
    return signs == there and len(words) == len(others) and all(map(_is_spelling, words, others))


def _pieces(text: str) -> tuple[list[str], Counter[str]]:
    """Return words and punctuation in order, and other signs, such as those of money."""
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_ALIKE)
    composed = unicodedata.normalize("NFC", _LAST_ACCENT.sub(_ACCENT, folded))
    pieces = _PIECE.findall("".join(map(_plain, composed)))
    signs = Counter(piece for piece in pieces if unicodedata.category(piece[0])[0] == "S")
    return [piece for piece in pieces if piece not in signs], signs


def _plain(char: str) -> str:
    """Return a letter without its accents, unless it is one of its own with them."""
    if char.isascii() or _OWN.match(char):
        return char
    return "".join(each for each in unicodedata.normalize("NFD", char) if not unicodedata.combining(each))


def _is_spelling(word: str, other: str) -> bool:
    if word == other:
        return True
    if word.endswith(_ACCENT) != other.endswith(_ACCENT) or _become_opposites(word, other):
        return False
    parts, others = _OWN.split(word), _OWN.split(other)
    if parts[1::2] != others[1::2]:
        return word.translate(_IN_TWO) == other.translate(_IN_TWO)
    most = max(len(word), len(other)) // _ONE_IN
    near = word[0] == other[0] and abs(len(word) - len(other)) <= most
    return near and sum(map(_changes, parts[::2], others[::2])) <= most


def _become_opposites(word: str, other: str) -> bool:
    pairs = ((one, two) for pair in _OPPOSITES for one, two in (pair, pair[::-1]))
    return any(word.startswith(one) and other.startswith(two) for one, two in pairs)


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
