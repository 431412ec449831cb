"""Shouting, seen by sentences; the codes of shelves, found on a stream; and stamps, by a pattern alone."""

from __future__ import annotations

import re

from ordinance.plugin import Asked, Candidates, Expressions, Passage, Pattern, Segments, Span, hookimpl

_SHOUTING = re.compile(r"[A-Z]{4,}!")
_SHELF = Pattern(r"SHELF-[0-9]{4}")
_STAMP = Pattern(r"STAMP [0-9]{2}[A-Z]{2}")

#: A match of ``_SHOUTING`` is at most this long, or it is not the shouting of a person.
LONGEST = 200


def find_shouting(passage: Passage) -> list[Span]:
    """Return where words in capitals end in an exclamation mark. Capitals are lost by folding, so this reads the text
    as it was written, without what is invisible in it."""
    spans = []
    for match in _SHOUTING.finditer(_plain(passage)):
        start, end = match.span()
        if end - start <= LONGEST:
            spans.append(passage.span(start, end))
    return spans


def _plain(passage: Passage) -> str:
    """Return the folded text with the case in which it was written."""
    written = (passage.text[start] for start in passage.offsets[:-1])
    return "".join(
        plain.upper() if plain.isalpha() and shown.isupper() else plain
        for plain, shown in zip(passage.folded, written, strict=True)
    )


def is_shelf(passage: Passage) -> bool:
    """Return whether the four digits of a shelf's code have a sum that ends in 0: the last one is a check digit."""
    return sum(int(character) for character in passage.folded if character.isdigit()) % 10 == 0


@hookimpl
def detector(asked: Asked) -> Expressions | Candidates | Segments | None:
    """Return how ``asked`` is found. The three kinds of answer are those that a detector may give."""
    if asked.name == "example.shouting":
        return Segments(find_shouting, overlap=LONGEST)
    if asked.name == "example.shelves":
        return Candidates((_SHELF,), is_shelf)
    if asked.name == "example.stamps":
        return Expressions(patterns=(_STAMP,))
    return None
