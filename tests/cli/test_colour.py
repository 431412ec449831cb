"""Colours: on a terminal alone, and never where ``NO_COLOR`` asks for none."""

from __future__ import annotations

import io

import pytest

from ordinance.cli.colour import coloured

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
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_shows_code_place_and_help_in_colour() -> None:
    lines = coloured(FOUND, Terminal()).splitlines()
    assert (
        lines[0] == "packs/DE.ord:3:9: \x1b[1;31merror[unknown-word]\x1b[0m: 'refues' is not a word of this language."
    )
    assert lines[1] == FOUND.splitlines()[1]
    assert lines[2] == "      |   \x1b[1;31m^^^^^^\x1b[0m"
    assert lines[3] == "  \x1b[36mhelp:\x1b[0m Write refuse."


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_nobody_gets_colours_who_wants_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert coloured(FOUND, Terminal()) == FOUND


def test_a_file_gets_none() -> None:
    assert coloured(FOUND, io.StringIO()) == FOUND
