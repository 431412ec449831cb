"""Tables and lines that fit the terminal: columns below one another, and what is too wide wrapped within its column."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import TextIO

from ordinance.cli.colour import heading

_GAP = "  "
#: No column becomes narrower, in cells of the terminal.
_LEAST = 10


def columns_of(stream: TextIO) -> int | None:
    """Return how many cells a line of ``stream`` has; None if it is no terminal, whose lines may have any length."""
    if not stream.isatty():
        return None
    set_by_hand = os.environ.get("COLUMNS", "")
    if set_by_hand.isdecimal() and int(set_by_hand):
        return int(set_by_hand)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def table(
    rows: Sequence[Sequence[str]],
    stream: TextIO,
    *,
    right: Collection[int] = (),
    indent: str = "",
    headed: bool = False,
) -> list[str]:
    """Return the lines of ``rows`` as ``stream`` shows them; see `blocks`. If it is ``headed``, the first row is a
    heading."""
    head, *others = blocks(rows, stream, right=right, indent=indent)
    first = [heading(line, stream) for line in head] if headed else head
    return [*first, *(line for block in others for line in block)]


def blocks(
    rows: Sequence[Sequence[str]], stream: TextIO, *, right: Collection[int] = (), indent: str = ""
) -> list[list[str]]:
    """Return the lines of each row as ``stream`` shows them, the cells of a column below one another.

    Columns whose numbers are in ``right`` are aligned there. On a terminal that is too narrow the widest columns are
    wrapped; a file or a pipe gets each row as one line.
    """
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    if room := columns_of(stream):
        widths = _fitting(widths, room - len(indent) - len(_GAP) * (len(widths) - 1))
    return [[f"{indent}{line}" for line in _lines(row, widths, right)] for row in rows]


def cells(text: str) -> int:
    """Return how many cells of a terminal ``text`` takes: wide characters take two, marks none."""
    return sum(map(_cells_of, text))


def wrapped(text: str, width: int) -> list[str]:
    """Return ``text`` in lines of at most ``width`` cells: broken between words, within a word that is longer, and
    between wide characters, which have no spaces."""
    lines: list[str] = []
    line, taken = "", 0
    for char in text:
        if taken + _cells_of(char) > width and line:
            if char == " ":
                lines.append(line)
                line, taken = "", 0
                continue
            kept, space, rest = line.rpartition(" ")
            if not space or _cells_of(line[-1]) == 2:
                kept, rest = line, ""
            lines.append(kept.rstrip())
            line, taken = rest, cells(rest)
        line += char
        taken += _cells_of(char)
    return [*lines, line]


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _fitting(widths: Sequence[int], room: int) -> list[int]:
    """Return ``widths`` that are ``room`` together, if that goes: what is too much is taken from the widest."""
    found = list(widths)
    while sum(found) > room and max(found) > _LEAST:
        found[found.index(max(found))] -= 1
    return found


def _lines(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> Iterator[str]:
    parts = [wrapped(cell, width) if cells(cell) > width else [cell] for cell, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, parts))):
        shown = []
        for column, (lines, width) in enumerate(zip(parts, widths, strict=True)):
            cell = lines[number] if number < len(lines) else ""
            filling = " " * (width - cells(cell))
            shown.append(filling + cell if column in right else cell + filling)
        yield _GAP.join(shown).rstrip()
