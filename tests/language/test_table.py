"""The parser's tables that ship are those of the grammar that ships."""

from __future__ import annotations

import json
import re

import lark
import pytest

from ordinance.language import parser, table
from support.packs import CHARTER
from support.statute import STATUTE

#: How wide a pattern without an end is: versions of Python say it in different numbers.
UNBOUNDED = re.compile(r"\b[0-9]{10,}\b")


def test_the_tables_are_those_of_the_grammar() -> None:
    """``python -m ordinance.language.table`` writes them anew."""
    kept = table.path().read_text("utf-8")
    assert table.read(table.grammar(), kept) is not None
    if json.loads(kept)["lark"] == lark.__version__:
        assert UNBOUNDED.sub("", kept) == UNBOUNDED.sub("", table.write(table.grammar()))


@pytest.mark.parametrize(("text", "start"), [(STATUTE, "pack"), (CHARTER, "charter")])
def test_a_parser_from_tables_reads_as_one_that_was_built(text: str, start: str) -> None:
    ready = table.read(table.grammar(), table.path().read_text("utf-8"))
    assert ready is not None
    assert ready.parse(text, start=start) == parser.make_parser().parse(text, start=start)


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"grammar": "x"}', '{"grammar": null, "data": {}, "memo": {}}'])
def test_tables_of_something_else_are_not_used(kept: str) -> None:
    assert table.read(table.grammar(), kept) is None
    assert table.read_first_pass(table.grammar(), kept) is None


def test_tables_of_another_grammar_are_not_used() -> None:
    kept = table.path().read_text("utf-8")
    broken = kept.replace('"states"', '"stats"')
    for read in (table.read, table.read_first_pass):
        assert read(table.grammar() + "\n", kept) is None
        assert read(table.grammar(), broken) is None
