"""Texts that people read are never empty, and show nothing but what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.packs import errors, load_on
from support.statute import HOUSE, STATUTE, write_house, write_statute


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('title "Zedland"', 'title ""', "the title of the pack"),
        ('authority "Zed Authority"', 'authority " "', "the authority of the law `act`"),
        ('amended by "Act 7 of 2025"', 'amended by ""', "what amended the law `act`"),
        ('uncertain "Only one secondary source."', 'uncertain ""', "what is uncertain about the law `rumour`"),
        ('section 1 "Words"', 'section 1 ""', "the heading of section 1"),
        ('quote rumour "…"', 'quote rumour ""', "what is quoted of `rumour`"),
        ('means   "Secrets that a badge opens."', 'means ""', "what `words` means"),
        ('not     "Badges that open nothing."', 'not ""', "what `words` does not mean"),
        ('title "Ombudsman"', 'title ""', "the title of the contact `ombud`"),
        ('hours    "10:00–24:00"', 'hours    ""', "the text for the hours of the contact `local`"),
    ],
)
def test_a_jurisdiction_says_nothing_empty(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in STATUTE
    loaded = load_on(write_statute(tmp_path, STATUTE.replace(old, new, 1)))
    assert loaded.compiled is None
    found = [item.message for item in loaded.diagnostics if item.code == "syntax"]
    assert [message.partition(" (")[0] for message in found] == [f"{told} is empty"]


@pytest.mark.parametrize(
    ("old", "told"),
    [
        ('"Kodukord"', "the title of the bylaw `conduct`"),
        ('"School council"', "who adopted the bylaw `conduct`"),
        ('"Pupils learn by solving."', "the reason of `ready_answers`"),
    ],
)
def test_nor_does_a_house(old: str, told: str, tmp_path: Path) -> None:
    loaded = load_on(write_house(tmp_path, HOUSE.replace(old, '""', 1)))
    found = [item.message for item in loaded.diagnostics if item.code == "syntax"]
    assert [message.partition(" (")[0] for message in found] == [f"{told} is empty"]


@pytest.mark.semantics(17)
@pytest.mark.parametrize("old", ['"Kodukord"', '"School council"'])
def test_no_bylaw_writes_the_sign_of_an_omission(old: str, tmp_path: Path) -> None:
    loaded = load_on(write_house(tmp_path, HOUSE.replace(old, '"⟦…⟧"', 1)))
    assert errors(loaded) == ["marker-sign"]


@pytest.mark.semantics(23)
@pytest.mark.parametrize("day", ["2036-09-01", "2020-09-01 until 2021-09-01"])
def test_a_bylaw_that_is_off_is_told_and_stops_nothing(day: str, tmp_path: Path) -> None:
    loaded = load_on(write_house(tmp_path, HOUSE.replace("2026-09-01", day)))
    assert loaded.compiled is not None
    assert "law-off" in {item.code for item in loaded.diagnostics}


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\x7f", "\x85", "\u2028", "\u2029", "\v"])
def test_no_text_holds_what_a_terminal_obeys(char: str, tmp_path: Path) -> None:
    loaded = load_on(write_statute(tmp_path, STATUTE.replace('"Ombudsman"', f'"Ombuds{char}man"')))
    assert errors(loaded) == ["control-character"]


@pytest.mark.requirement("SC-2")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("replaces line", "replaces local"),
        ("replaces line", "replaces ombud"),
        ('formerly "0900 111"', 'replaces local\n  formerly "0900 111"'),
    ],
)
def test_no_contact_replaces_itself_in_a_circle_or_one_of_another_group(old: str, new: str, tmp_path: Path) -> None:
    """Nobody would be left to call."""
    loaded = load_on(write_statute(tmp_path, STATUTE.replace(old, new)))
    assert set(errors(loaded)) == {"contact-replaces"}
