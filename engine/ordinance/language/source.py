"""A pack's text, and places in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_SECTION = re.compile(r'^([ \t]*)section[ \t]+([0-9.]+)[ \t]+"([^"\n]*)"')


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One file as it was read: ``name`` is how people see it, ``text`` has LF line ends and no byte-order mark."""

    path: Path
    name: str
    text: str = field(repr=False)

    def line(self, number: int) -> str:
        """Line ``number``, counted from 1, without its end; empty past the last."""
        lines = self.text.split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def heading(self, number: int) -> str:
        """The heading of the section that line ``number`` stands in (``1 "§ 86a StGB"``), or an empty string.

        Read from the layout and not from the tree, so that it works in a file that does not parse.
        """
        for line in reversed(self.text.split("\n")[:number]):
            if found := _SECTION.match(line):
                return f'{found[2]} "{found[3]}"'
            if line.startswith("}"):
                return ""
        return ""

    def phrases(self) -> Iterator[tuple[str, Span]]:
        """The phrases of a lexicon, one a line; empty lines and lines that begin with ``#`` are none."""
        for number, line in enumerate(self.text.split("\n"), 1):
            phrase = line.strip()
            if phrase and not phrase.startswith("#"):
                column = line.index(phrase) + 1
                yield phrase, Span(self, number, column, number, column + len(phrase))

    def whole(self) -> Span:
        """The first line: for what concerns the file and no place in it."""
        return Span(self, 1, 1, 1, max(2, len(self.line(1)) + 1))


@dataclass(frozen=True, slots=True)
class Span:
    """From (line, column) to (end_line, end_column), which is excluded; all counted from 1, in characters."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int
