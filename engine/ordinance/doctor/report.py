"""Findings for people and for programs: what is open first, then what was not tried, then what is well."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from ordinance.doctor.findings import Finding, State

_TITLES = {State.OPEN: "OPEN", State.UNTRIED: "NOT TRIED", State.WELL: "OK"}
_WIDTH = 110
#: Parts of one finding that are named; more are counted.
_MOST_PARTS = 80
_DOOR = re.compile(r"([A-Z]+) (/\S*)")


def as_json(url: str, model: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings one by one, and how many there are of each state."""
    return {
        "url": url,
        "model": model,
        **{state.value: sum(each.state is state for each in findings) for state in State},
        "findings": [
            {
                "state": each.state.value, "check": each.check, "subject": each.subject, "part": each.part,
                "what": each.what, "help": each.help,
            }
            for state in State for each in findings if each.state is state
        ],
    }  # fmt: skip


def as_text(url: str, findings: Sequence[Finding]) -> str:
    """Write the findings as a table, with similar findings on one line."""
    lines = [f"ordinance doctor: {url}"]
    for state in State:
        groups = _grouped(each for each in findings if each.state is state)
        if groups:
            lines += ["", f"{_TITLES[state]} ({sum(map(len, groups.values()))})"]
            for group in groups.values():
                lines += _lines(group)
    counts = {state: sum(each.state is state for each in findings) for state in State}
    verdict = f"{counts[State.OPEN]} open" if counts[State.OPEN] else "nothing is open"
    lines += ["", f"{verdict}; {counts[State.UNTRIED]} not tried; {counts[State.WELL]} ok"]
    return "\n".join(lines)


def _grouped(findings: Iterator[Finding]) -> dict[tuple[str, ...], list[Finding]]:
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.check, each.subject, each.what, each.help), []).append(each)
    return groups


def _lines(group: list[Finding]) -> Iterator[str]:
    first = group[0]
    parts = [] if first.state is State.WELL else _joined([each.part for each in group if each.part])
    times = f" ({len(group)})" if len(group) > 1 and not parts else ""
    yield from _wrapped(f"{first.check}: {first.subject}: {first.what}{times}", "  ")
    if parts:
        more = f" and {len(parts) - _MOST_PARTS} more" if len(parts) > _MOST_PARTS else ""
        yield from _wrapped("; ".join(parts[:_MOST_PARTS]) + more, "    ")
    if first.help:
        yield from _wrapped(f"→ {first.help}", "    ")


def _joined(parts: list[str]) -> list[str]:
    """Doors at one path are one part, with their methods."""
    methods: dict[str, list[str]] = {}
    for part in parts:
        found = _DOOR.fullmatch(part)
        if found is None:
            return parts
        methods.setdefault(found[2], []).append(found[1])
    return [f"{path} ({', '.join(found)})" for path, found in methods.items()]


def _wrapped(text: str, indent: str) -> list[str]:
    """Wrap ``text``. A server's own text may contain characters that a terminal obeys; they are shown as `�`."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return textwrap.wrap(shown, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip
