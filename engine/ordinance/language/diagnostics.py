"""What is wrong with a pack, where, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from ordinance.language.codes import CATALOGUE, Severity
from ordinance.language.source import Span

#: Findings on one file that are listed one by one.
MOST = 200

#: Characters of a line that are shown, and of a message.
_WIDTH, _LONGEST = 140, 600

#: What `did_you_mean` looks at: characters of a word, and candidates.
_LONGEST_WORD, _MOST_CANDIDATES = 60, 1000


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. Lines and columns count from 1, in characters; the end column is excluded.

    ``law`` are the words of law that the section quotes for the rule in which the finding is, with the law's name.
    ``excerpt`` is the line, or as much of a long one as is shown; the place begins at its ``excerpt_column``.
    """

    code: str
    severity: Severity
    message: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    help: str
    law: str = ""
    excerpt: str = ""
    excerpt_column: int = 1

    def as_dict(self) -> dict[str, object]:
        """Return the finding as ``--format json`` prints it."""
        fields = asdict(self)
        del fields["excerpt"], fields["excerpt_column"]
        return {**fields, "lesson": lesson(self.code)}

    @property
    def unreadable(self) -> bool:
        """Whether the file could not be read as text at all."""
        return CATALOGUE[self.code].unreadable


def diagnose(code: str, span: Span, message: str, help: str = "") -> Diagnostic:
    """Make a finding at ``span``. Its severity, and its ``help`` if none is given, come from the catalogue."""
    entry = CATALOGUE[code]
    heading = span.source.heading(span.line)
    message = f"{message} (section {heading})" if heading else message
    excerpt, column = span.source.window(span.line, span.column, _WIDTH)
    return Diagnostic(
        code,
        entry.severity,
        _shortened(message),
        span.source.name,
        span.line,
        span.column,
        span.end_line,
        span.end_column,
        _shortened(help or entry.help),
        _shortened(span.source.quoted(span.line)),
        excerpt,
        column,
    )


def _shortened(text: str) -> str:
    """``text`` without its middle where it quotes a word as long as a book."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half:]}"


def about_file(code: str, file: str, message: str, help: str = "") -> Diagnostic:
    """Make a finding about a ``file`` that has no text to show."""
    entry = CATALOGUE[code]
    return Diagnostic(code, entry.severity, message, file, 1, 1, 1, 1, help or entry.help)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """``Did you mean `x`?``, or an empty string where nothing is near."""
    near = nearest(word, candidates)
    return f"Did you mean `{near}`?" if near else ""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that ``word`` may be a typing error for; None if there is none, or the search would take too
    long."""
    known = set(candidates)
    if len(word) > _LONGEST_WORD or len(known) > _MOST_CANDIDATES:
        return None
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)), None)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file and place, each once; without those that only say what is missing, where it may be hidden."""
    found = sorted(set(diagnostics), key=lambda d: (d.file, d.line, d.column, d.code, d.message))
    if any(d.code in _HIDING or d.unreadable for d in found):
        found = [d for d in found if not CATALOGUE[d.code].absence]
    return tuple(found)


def capped(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """At most ``MOST`` findings on each file, errors before warnings, and one more where that leaves some out."""
    files: dict[str, list[Diagnostic]] = {}
    for item in diagnostics:
        files.setdefault(item.file, []).append(item)
    told: list[Diagnostic] = []
    for found in files.values():
        chosen = sorted(found, key=lambda item: item.severity)[:MOST]
        told += in_order(chosen)
        if left := len(found) - len(chosen):
            last = chosen[-1]
            message = f"{left} more findings in this file are not listed"
            entry = CATALOGUE["too-many"]
            place = (last.line, last.column, last.end_line, last.end_column)
            told.append(Diagnostic("too-many", entry.severity, message, last.file, *place, entry.help))
    return tuple(told)


#: A terminal would obey these; what stands for them takes as much room.
_SEEN = dict.fromkeys(
    (*range(9), *range(10, 32), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    "\N{REPLACEMENT CHARACTER}",
)


def lesson(code: str) -> str:
    """Return the command that shows the page of a code."""
    return f"ordinance lesson {code}"


def more_on(diagnostics: Sequence[Diagnostic]) -> str:
    """Write the line below findings that says where to read more; empty if there are none."""
    codes = dict.fromkeys(item.code for item in sorted(diagnostics, key=lambda item: item.severity))
    if not codes:
        return ""
    which = "explains it" if len(codes) == 1 else "explains the first of them; the others by their codes"
    return f"`{lesson(next(iter(codes)))}` {which}."


def render(diagnostic: Diagnostic) -> str:
    """Write a finding for people: place, code and message; the line with the place underlined; the advice."""
    d = diagnostic
    lines = [f"{d.file}:{d.line}:{d.column}: {d.severity}[{d.code}]: {d.message}"]
    if d.excerpt.strip():
        shown, column = d.excerpt, d.excerpt_column
        end = column + d.end_column - d.column if d.end_line == d.line else len(shown) + 1
        indent = "".join("\t" if char == "\t" else " " for char in shown[: column - 1])
        underline = "^" * max(1, min(end, len(shown) + 1) - column)
        gutter = f"{d.line:>5} | "
        lines += [gutter + shown, " " * (len(gutter) - 2) + "| " + indent + underline]
    if d.law:
        lines.append(f"  law: {d.law}")
    if d.help:
        lines.append(f"  help: {d.help}")
    return "\n".join(line.translate(_SEEN) for line in lines)


#: Findings behind which something else may be hidden: a part that was not understood, a pack that does not belong.
_HIDING = frozenset(
    {"syntax", "unknown-word", "unfinished-text", "mixed-and-or", "too-deep", "wrong-kind", "not-yet", "empty-pack"}
    | {"charter-second", "charter-differs", "pack-twice"}
)
