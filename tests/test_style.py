"""What people read is plain English: the pages, the help of each command, the settings, and first lines of docstrings.

``docs/style.md`` has the rules. This test looks for the habits that came back most often; each has what to write.
"""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordinance.cli.main import COMMANDS, _parser
from ordinance.settings.page import page as settings_page

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

#: A habit, and what to write instead.
HABITS = {
    r"\b(is|are|was|were) told\b": "reports, says, or a notice says so",
    r"\bwhat is told\b": "the notice",
    r"\bholds? (no|what|half)\b": "contains",
    r"(?<!there )\b(is|are) no (?!longer\b|more\b|less\b|fewer\b|larger\b)": "is not a …",
    r"\bstands? (in|at|there|here|above|below|beside|behind|before|within)\b": "is in, is at",
    r"\bfor today\b": "as today's date",
    r"\bexit codes?: 0 well\b|\bwell:|\bnever well\b": "success, ok",
    r"\b(he|him|his|himself|she|her|hers)\b": "they",
    r"\bNone given\b": "Default:",
    r"\b(looked|looks|look) at in\b|\bfor ever\b|\bbelongs? into\b": "the standard phrase",
    r"\bas far as\b": "if, to the extent that",
    r"\bshall\b": "must, will",
}

#: The page that quotes the habits, and the norm: its numbered sentences are cited and not reworded.
EXEMPT = {"style.md", "semantics.md"}


def found(text: str) -> list[str]:
    """Return each place in ``text`` with a habit, and what to write instead; code and quotations do not count."""
    prose = re.sub(
        r"```.*?```|`[^`\n]*`|^>.*$|\"[^\"\n]{1,200}\"|\]\([^)]*\)", "", text, flags=re.DOTALL | re.MULTILINE
    )
    prose = " ".join(prose.split())
    places = []
    for habit, instead in HABITS.items():
        for match in re.finditer(habit, prose, re.IGNORECASE):
            around = prose[max(0, match.start() - 40) : match.end() + 40]
            places.append(f"'{match[0]}' (write: {instead}) in: … {around} …")
    return places


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in EXEMPT], ids=lambda page: page.name)
def test_pages_are_plain_english(page: Path) -> None:
    assert found(page.read_text("utf-8")) == []


def helps() -> Iterator[tuple[str, str]]:
    """Yield the name and the help of ``ordinance`` and of each command."""
    yield "ordinance", _parser("", None)[0].format_help()
    for name, _ in COMMANDS:
        subparsers = argparse.ArgumentParser().add_subparsers()
        importlib.import_module(f"ordinance.cli.{name.replace('-', '_')}").add(subparsers)
        yield name, subparsers.choices[name].format_help()


def test_help_is_plain_english() -> None:
    assert {name: found(text) for name, text in helps() if found(text)} == {}


def test_settings_are_described_in_plain_english() -> None:
    assert found(settings_page()) == []


def test_the_habits_are_found() -> None:
    """A guard that cannot fail guards nothing."""
    for bad in (
        "What is wrong is told.", "It holds no text.", "Take this day for today.", "exit codes: 0 well, 1 wrong",
        "A user loses his own.", "That is no address.", "It stands in the log.", "None given: all.", "Wait for ever.",
    ):  # fmt: skip
        assert len(found(bad)) == 1, bad
    for good in ("There is no file.", "It is no longer there.", "Text holds until it is closed.", '`is told`, "he"'):
        assert found(good) == [], good
