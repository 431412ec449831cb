"""What is wrong with a pack, where, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from ordinance.language.catalogue import CATALOGUE, Severity
from ordinance.language.source import Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. Lines and columns count from 1, in characters; the end column is excluded."""

    code: str
    severity: Severity
    message: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    help: str
    excerpt: str = ""

    def as_dict(self) -> dict[str, object]:
        """The finding as ``--format json`` prints it."""
        fields = asdict(self)
        del fields["excerpt"]
        return fields

    @property
    def unreadable(self) -> bool:
        """Whether the file could not be read as text at all."""
        return CATALOGUE[self.code].unreadable


def diagnose(code: str, span: Span, message: str, help: str = "") -> Diagnostic:
    """A finding at ``span``; its severity, and its advice where none is given, stand in the catalogue."""
    entry = CATALOGUE[code]
    heading = span.source.heading(span.line)
    return Diagnostic(
        code,
        entry.severity,
        f"{message} (section {heading})" if heading else message,
        span.source.name,
        span.line,
        span.column,
        span.end_line,
        span.end_column,
        help or entry.help,
        span.source.line(span.line),
    )


def about_file(code: str, file: str, message: str, help: str = "") -> Diagnostic:
    """A finding about a file of which there is no text to show."""
    entry = CATALOGUE[code]
    return Diagnostic(code, entry.severity, message, file, 1, 1, 1, 1, help or entry.help)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """``Did you mean `x`?``, or an empty string where nothing is near."""
    near = nearest(word, candidates)
    return f"Did you mean `{near}`?" if near else ""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` may be a slip for."""
    return next(iter(difflib.get_close_matches(word, sorted(set(candidates)), n=1, cutoff=0.6)), None)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file and place, each once; without those that only say what is missing, where it may be hidden."""
    found = sorted(set(diagnostics), key=lambda d: (d.file, d.line, d.column, d.code, d.message))
    if any(d.code in _HIDING or d.unreadable for d in found):
        found = [d for d in found if not CATALOGUE[d.code].absence]
    return tuple(found)


def render(diagnostic: Diagnostic) -> str:
    """The finding for people: place, code and message; the line with the place underlined; the advice."""
    d = diagnostic
    lines = [f"{d.file}:{d.line}:{d.column}: {d.severity}[{d.code}]: {d.message}"]
    if d.excerpt.strip():
        shown, column = _window(d.excerpt, d.column)
        end = column + d.end_column - d.column if d.end_line == d.line else len(shown) + 1
        indent = "".join("\t" if char == "\t" else " " for char in shown[: column - 1])
        underline = "^" * max(1, min(end, len(shown) + 1) - column)
        gutter = f"{d.line:>5} | "
        lines += [gutter + shown, " " * (len(gutter) - 2) + "| " + indent + underline]
    if d.help:
        lines.append(f"  help: {d.help}")
    return "\n".join(lines)


def _window(line: str, column: int, width: int = 140) -> tuple[str, int]:
    """At most ``width`` characters of a long line round ``column``, and the column in them."""
    if len(line) <= width:
        return line, column
    start = max(0, min(column - 1 - width // 2, len(line) - width))
    return line[start : start + width], column - start


#: Findings behind which something else may be hidden: a part that was not understood, a pack that does not belong.
_HIDING = frozenset(
    {"syntax", "unknown-word", "unfinished-text", "mixed-and-or", "too-deep", "wrong-kind", "not-yet", "empty-pack"}
    | {"charter-second", "charter-differs", "pack-twice"}
)
