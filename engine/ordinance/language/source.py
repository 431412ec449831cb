"""A pack's text, and places in it."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path

#: A section's heading, or a closing brace in the first column, behind which there is none.
_SECTION = re.compile(r'^(?:[ \t]*section[ \t]+([0-9.]+)[ \t]+("[^"\n]*")|\})', re.MULTILINE)

#: What a section quotes of a law, what a rule begins with, and the law that it stands under.
_LAWS = re.compile(
    r'^[ \t]*(?:quote[ \t]+(?P<quoted>\w+)[ \t]+(?:\{\s*[\w-]+[ \t]+)?(?P<words>"[^"\n]*")'
    r"|(?P<rule>(?:red[ \t]+line|guarantee|withhold|mask|say|mark|provide|limit|decline)[ \t]+[0-9])"
    r"|under[ \t]+(?P<under>\w+))",
    re.MULTILINE,
)


@dataclass(frozen=True, eq=False)
class Source:
    """One file as it was read: ``name`` is how people see it, ``text`` has LF line ends and no byte-order mark."""

    path: Path
    name: str
    text: str = field(repr=False)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """The offset at which each line begins."""
        return tuple(accumulate((len(line) + 1 for line in self.text.split("\n")[:-1]), initial=0))

    @cached_property
    def _headings(self) -> tuple[tuple[int, str], ...]:
        """The lines on which sections begin or end, with the heading that counts from there on."""
        sections = _SECTION.finditer(self.text) if "section" in self.text else ()
        return tuple((bisect_right(self._starts, at.start()), f"{at[1]} {at[2]}" if at[1] else "") for at in sections)

    @cached_property
    def _quoted(self) -> tuple[tuple[int, str], ...]:
        """The lines on which sections and rules begin, with what is quoted for what follows."""
        return tuple(sorted(dict(self._quotes()).items())) if "quote" in self.text else ()

    def line(self, number: int) -> str:
        """Return line ``number``, counted from 1, without its end; empty past the last."""
        return self.text[slice(*self._bounds(number))]

    def width(self, number: int) -> int:
        """Return the number of characters in line ``number``, without its end."""
        start, end = self._bounds(number)
        return end - start

    def window(self, number: int, column: int, width: int) -> tuple[str, int]:
        """Return at most ``width`` characters of line ``number`` around ``column``, and the column in them."""
        first, end = self._bounds(number)
        start = max(first, min(first + column - 1 - width // 2, end - width))
        return self.text[start : min(end, start + width)], first + column - start

    def _bounds(self, number: int) -> tuple[int, int]:
        """Return the offsets at which line ``number`` begins and ends."""
        if not 0 < number <= len(self._starts):
            return len(self.text), len(self.text)
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self._starts[number - 1], end

    def heading(self, number: int) -> str:
        """Return the heading of the section that contains line ``number`` (``1 "§ 86a StGB"``), or an empty string.

        Reads the layout and not the tree, so that it works in a file that does not parse.
        """
        before = bisect_right(self._headings, number, key=lambda heading: heading[0])
        return self._headings[before - 1][1] if before else ""

    def quoted(self, number: int) -> str:
        """Return the quotation, in the section of line ``number``, of the law that the rule there is under, with the
        law's name (``stgb_86a "…"``); or an empty string. Reads the layout, as ``heading`` does."""
        before = bisect_right(self._quoted, number, key=lambda quoted: quoted[0])
        return self._quoted[before - 1][1] if before and self.heading(number) else ""

    def _quotes(self) -> Iterator[tuple[int, str]]:
        """Yield, for each line on which a section or a rule begins, the law that is quoted for what follows."""
        quotes: dict[str, str] = {}
        rule, section = 0, ""
        for found in _LAWS.finditer(self.text):
            line = bisect_right(self._starts, found.start())
            if self.heading(line) != section:
                quotes, section = {}, self.heading(line)
            if found["quoted"]:
                quotes[found["quoted"]] = found["words"]
                yield line, ""
            elif found["rule"]:
                rule = line
                yield line, ""
            elif rule and found["under"] in quotes:
                yield rule, f"{found['under']} {quotes[found['under']]}"
                rule = 0

    def span(self, start: int, end: int) -> Span:
        """Return the place from offset ``start`` to offset ``end`` of the text, at most to the end of the line."""
        starts = self._starts
        line = bisect_right(starts, start)
        before = starts[line - 1] - 1
        limit = starts[line] - 1 if line < len(starts) else len(self.text)
        return Span(self, line, start - before, line, min(end, limit) - before)

    def phrases(self) -> Iterator[tuple[str, Span]]:
        """Yield the phrases of a lexicon, one a line; empty lines and lines that begin with ``#`` are skipped. Those of
        a spreadsheet are in its columns `phrase` and `endings`."""
        if self.path.suffix == ".csv":
            yield from self._rows()
            return
        for number, line in enumerate(self.text.split("\n"), 1):
            phrase = line.strip()
            if phrase and not phrase.startswith("#"):
                column = line.index(phrase) + 1
                yield phrase, Span(self, number, column, number, column + len(phrase))

    def _rows(self) -> Iterator[tuple[str, Span]]:
        """Yield the phrases of a spreadsheet with its endings in braces, as a line of a lexicon has them."""
        reader = spreadsheet(self.text, self.text.split("\n"), skipinitialspace=True)
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        for row in reader:
            phrase, number = (row.get("phrase") or "").strip(), reader.line_num
            cell = (row.get("endings") or "").strip()
            endings = [each.strip() for each in cell.split(",") if each.strip()]
            if phrase:
                written = f"{phrase}{{,{','.join(endings)}}}" if endings else phrase
                if cell.startswith("{"):  # in braces, as after a phrase of a text file
                    written = phrase + cell
                yield written, Span(self, number, 1, number, self.width(number) + 1)

    def whole(self) -> Span:
        """Return the first line, as the place of a finding about the whole file."""
        return Span(self, 1, 1, 1, max(2, self.width(1) + 1))


def spreadsheet(text: str, lines: Iterable[str], *, skipinitialspace: bool = False) -> csv.DictReader[str]:
    """Return the rows of a spreadsheet's ``text``, which has these ``lines``, whichever sign is between its columns. A
    field may be as long as the text: a quotation mark that nobody closed is no reason to stop. A line end of other
    systems within a line is a space."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    sign = max(",;\t", key=text.partition("\n")[0].count)
    plain = (line.replace("\r\n", "\n").replace("\r", " ") for line in lines)
    return csv.DictReader(plain, delimiter=sign, skipinitialspace=skipinitialspace)


@dataclass(frozen=True, slots=True)
class Span:
    """From (line, column) to (end_line, end_column), which is excluded; all counted from 1, in characters."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int
