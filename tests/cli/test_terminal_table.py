"""Tables: as they are in a file, and wrapped where a terminal is too narrow; a wide character takes two cells."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.cli.terminal_table import cells, columns_of, table, wrapped

ROWS = [
    ("rule", "held", "what is taken out"),
    ("DE/symbols", "0.4", "a word of a lexicon that is quite long"),
    ("JP/記号", "12.0", "日本語の文章はとても長いので折り返されます"),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    return Terminal()


def test_a_file_gets_each_row_as_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    lines = table(ROWS, io.StringIO(), right={1})
    assert lines[0] == "rule        held  what is taken out"
    assert lines[1] == "DE/symbols   0.4  a word of a lexicon that is quite long"
    assert lines[2].startswith("JP/記号     12.0  日本語")
    assert len(lines) == len(ROWS)


def test_a_terminal_gets_lines_that_fit(narrow: Terminal) -> None:
    assert table(ROWS, narrow, right={1}) == [
        "rule        held  what is taken out",
        "DE/symbols   0.4  a word of a lexicon",
        "                  that is quite long",
        "JP/記号     12.0  日本語の文章はとても長",
        "                  いので折り返されます",
    ]


def test_a_heading_is_bold_where_colours_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "CLICOLOR"):
        monkeypatch.delenv(name, raising=False)
    head, *others = table(ROWS, Terminal(), headed=True)
    assert head.startswith("\x1b[1mrule")
    assert "\x1b" not in "".join(others)


def test_a_stream_that_is_no_terminal_has_no_width() -> None:
    assert columns_of(io.StringIO()) is None


TEXTS = st.text(st.sampled_from("ab -–語記ｶéé́ "), max_size=60)


@given(TEXTS, st.integers(2, 30))
def test_no_line_is_wider_and_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cells(line) <= width for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4), st.integers(36, 100))
def test_no_table_is_wider_than_its_terminal(rows: list[tuple[str, str, str]], width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        patch.setenv("NO_COLOR", "1")
        assert all(cells(line) <= width for line in table(rows, Terminal()))
