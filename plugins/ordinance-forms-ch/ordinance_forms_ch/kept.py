"""What no form of this plugin changes: code, links, addresses, and the text of quotations.

Whether a mark opens or closes is told by what stands beside it, never by counting marks from the beginning: the
engine shows a form a piece of a text, and the same characters must be read the same in each piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable

#: How many characters around one decide what becomes of it.
REACH = 200

#: What is longer is not recognised as kept.
_LONGEST = 180
_OPENS = r"(?<![^\s(\[–—/*])"
#: Quotations, by the marks that open and close them. What was said contains neither mark.
QUOTATIONS = (
    re.compile(rf"„(?P<said>[^„“”\n]{{1,{_LONGEST}}})[“”]"),
    re.compile(rf"{_OPENS}»(?P<said>(?!\s)[^»«\n]{{1,{_LONGEST}}}(?<!\s))«(?!\w)"),
    re.compile(rf'{_OPENS}"(?P<said>(?!\s)[^"\n]{{1,{_LONGEST}}}(?<!\s))"(?!\w)'),
)
_SWISS = re.compile(rf"{_OPENS}«(?!\s)[^»«\n]{{1,{_LONGEST}}}(?<!\s)»")
_CODE = re.compile(rf"{_OPENS}`{{1,3}}[^`\n]{{1,{_LONGEST}}}`{{1,3}}")
#: A word with a sign in it that words do not have: an address, a path, the name of a file or of a variable.
_ADDRESS = re.compile(
    rf"(?<!\S)\S{{0,{_LONGEST // 2}}}(?:://|www\.|[@\\_#={{}}<>]|/\w\S{{0,40}}/|\w\.[a-zß]{{2}})"
    rf"\S{{0,{_LONGEST // 2}}}(?!\S)"
)
_KEPT = (_CODE, _ADDRESS, _SWISS, *QUOTATIONS)


def kept_spans(text: str) -> list[tuple[int, int]]:
    """Return where code, addresses and quotations lie, with their marks."""
    return [match.span() for pattern in _KEPT for match in pattern.finditer(text)]


def replaced(text: str, pattern: re.Pattern[str], written: Callable[[re.Match[str]], str]) -> str:
    """Return ``text`` with each match of ``pattern`` as ``written`` gives it, unless a part of it is kept."""
    kept = kept_spans(text)

    def decide(match: re.Match[str]) -> str:
        is_free = all(end <= match.start() or match.end() <= start for start, end in kept)
        return written(match) if is_free else match[0]

    return pattern.sub(decide, text)
