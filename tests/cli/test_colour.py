"""Colours: on a terminal alone, and never where ``NO_COLOR`` asks for none."""

from __future__ import annotations

import io

import pytest

from ordinance.cli.colour import coloured
from ordinance.cli.main import main

FOUND = """\
packs/DE.ord:3:9: error[unknown-word]: 'refues' is not a word of this language.
    3 |   refues "x"
      |   ^^^^^^
  help: Write refuse."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)


def test_a_terminal_shows_code_place_and_help_in_colour() -> None:
    lines = coloured(FOUND, Terminal()).splitlines()
    assert (
        lines[0] == "packs/DE.ord:3:9: \x1b[1;31merror[unknown-word]\x1b[0m: 'refues' is not a word of this language."
    )
    assert lines[1] == FOUND.splitlines()[1]
    assert lines[2] == "      |   \x1b[1;31m^^^^^^\x1b[0m"
    assert lines[3] == "  \x1b[36mhelp:\x1b[0m Write refuse."


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")])
def test_nobody_gets_colours_who_wants_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert coloured(FOUND, Terminal()) == FOUND


def test_a_file_gets_none() -> None:
    assert coloured(FOUND, io.StringIO()) == FOUND


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_who_forces_colours_gets_them_in_a_file_unless_none_are_wanted(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "0")
    assert coloured(FOUND, io.StringIO()) == FOUND
    monkeypatch.setenv(name, "1")
    assert "\x1b[1;31merror[unknown-word]\x1b[0m" in coloured(FOUND, io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured(FOUND, io.StringIO()) == FOUND


def test_a_failed_example_and_what_is_open_are_red() -> None:
    assert coloured("XA.ord:4:5: failed: XA/words: …", Terminal()) == "XA.ord:4:5: \x1b[1;31mfailed:\x1b[0m XA/words: …"
    assert coloured("OPEN (2)", Terminal()) == "\x1b[1;31mOPEN (2)\x1b[0m"


def test_json_has_none_even_where_they_are_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["check", "nowhere.ord", "--format", "json"]) == 2
    assert "\x1b" not in capsys.readouterr().out
    assert main(["check", "nowhere.ord"]) == 2
    assert "\x1b" in capsys.readouterr().out


def test_what_to_do_first_has_headings_and_the_same_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    plain = capsys.readouterr().out
    assert "ordinance serve --embedded --jurisdiction DE" in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[1m" in shown
    assert shown.replace("\x1b[1m", "").replace("\x1b[0m", "") == plain
