"""Lines of a laid-out pack: columns that neighbours share, comments beside words, long lines broken."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Columns of a line; only a text that is longer by itself goes beyond.
WIDTH = 120

#: Words before which a long line may be broken.
_BREAKS = frozenset({"and", "or", "given", "under", "when", "about", "until", "unless", "otherwise", "telling"})

_CONTINUED = 4


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a line of its own; ``blank`` says that an empty line stands above it."""

    text: str
    blank: bool


@dataclass(slots=True)
class Piece:
    """A word with the comments ``before`` it, each on its own line, and the one ``after`` it on the same line.

    ``blank`` says that an empty line stands between the last comment above and the word.
    """

    text: str
    before: tuple[Comment, ...] = ()
    blank: bool = False
    after: str = ""


@dataclass(slots=True)
class Line:
    """Words on one line. ``columns`` are the pieces that begin at a column of the lines with the same ``group``;
    ``blank`` puts an empty line above; comments above stand ``comments_in`` further to the right. A ``loose`` line
    makes room in its first column for others and does not take it."""

    indent: int
    pieces: list[Piece]
    columns: tuple[int, ...] = ()
    group: int = 0
    blank: bool = False
    comments_in: int = 0
    loose: bool = False
    padding: dict[int, int] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        return self.indent + width(_joined(self.pieces, {})) <= WIDTH


def write(lines: Sequence[Line], rest: Sequence[Comment]) -> str:
    """Write ``lines``, and the comments after the last one."""
    _align(lines)
    out: list[str] = []
    for line in lines:
        first = not out or out[-1].endswith("{")
        _write_line(line, out, first)
    for comment in rest:
        if comment.blank:
            out.append("")
        out.append(comment.text)
    return "\n".join(out) + "\n"


def _align(lines: Sequence[Line]) -> None:
    """Give the pieces before each column the blanks that bring all lines of a group to it."""
    widths: dict[tuple[int, int], int] = {}
    for line in lines:
        for number, cell in enumerate(_cells(line)):
            place = line.group, number
            widths[place] = max(widths.get(place, 0), cell)
    for line in lines:
        for number, (column, cell) in enumerate(zip(line.columns, _cells(line), strict=True)):
            line.padding[column] = 0 if line.loose and number == 0 else widths[line.group, number] - cell


def _cells(line: Line) -> list[int]:
    """Return how wide what stands before each column of ``line`` is."""
    starts = (0, *line.columns)
    return [width(_joined(line.pieces[a:b], {})) for a, b in zip(starts, line.columns, strict=False)]


def _write_line(line: Line, out: list[str], first: bool) -> None:
    _comments(line.pieces[0], line.indent + line.comments_in, out, blank=line.blank, first=first)
    parts = _broken(line)
    for number, (indent, pieces, padding) in enumerate(parts):
        if number and pieces[0].before:
            out += [" " * indent + comment.text for comment in pieces[0].before]
        text = " " * indent + _joined(pieces, padding)
        out.append(f"{text}  {pieces[-1].after}" if pieces[-1].after else text)


def _comments(piece: Piece, indent: int, out: list[str], *, blank: bool, first: bool) -> None:
    """Write the comments above the first word of a line, and the empty lines around them."""
    wanted = blank and not first
    for comment in piece.before:
        if (wanted or comment.blank) and out and not first:
            out.append("")
        out.append(" " * indent + comment.text)
        wanted, first = False, False
    if wanted or (piece.before and piece.blank and piece.text != "}"):
        out.append("")


def _broken(line: Line) -> list[tuple[int, list[Piece], dict[int, int]]]:
    """Break a line into parts: a new one must begin after a comment in it, and may begin where the line is too long."""
    padded = {id(line.pieces[column]): blanks for column, blanks in line.padding.items()}
    start = line.columns[-1] if line.columns else 0
    head = _joined(line.pieces[: start + 1], _padding(line.pieces[: start + 1], padded)) if start else ""
    continued = line.indent + (width(head) - width(line.pieces[start].text) if start else _CONTINUED)
    parts: list[list[Piece]] = [[]]
    for number, piece in enumerate(line.pieces):
        forced = bool(parts[-1]) and bool(parts[-1][-1].after or piece.before)
        if forced or (parts[-1] and _too_long(line, parts, number, padded, continued)):
            parts.append([])
        parts[-1].append(piece)
    return [
        (continued if number else line.indent, pieces, _padding(pieces, padded)) for number, pieces in enumerate(parts)
    ]


def _too_long(line: Line, parts: list[list[Piece]], at: int, padded: dict[int, int], continued: int) -> bool:
    """Return whether the words from ``at`` up to the next place for a break would leave the page; only where one is
    here."""
    pieces = line.pieces
    if not _may_break(pieces, at):
        return False
    end = at + 1
    while end < len(pieces) and not _may_break(pieces, end) and not pieces[end - 1].after:
        end += 1
    whole = parts[-1] + pieces[at:end]
    indent = line.indent if len(parts) == 1 else continued
    return indent + width(_joined(whole, _padding(whole, padded))) > WIDTH


def _may_break(pieces: Sequence[Piece], at: int) -> bool:
    before, piece = pieces[at - 1].text, pieces[at].text
    return before == "," or piece in _BREAKS or (before.startswith('"') and piece.startswith('"'))


def _padding(pieces: Sequence[Piece], padded: dict[int, int]) -> dict[int, int]:
    return {number: padded[id(piece)] for number, piece in enumerate(pieces) if number and id(piece) in padded}


def _joined(pieces: Sequence[Piece], padding: dict[int, int]) -> str:
    text = ""
    for number, piece in enumerate(pieces):
        tight = piece.text.startswith((",", ")")) or text.endswith("(") or (text.endswith("{") and piece.text == "}")
        text += ("" if tight or not number else " ") + " " * padding.get(number, 0) + piece.text
    return text


def width(text: str) -> int:
    """Return the number of columns that ``text`` takes on a screen: two for wide characters, none for marks."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    none = sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)
    return len(text) + wide - none
