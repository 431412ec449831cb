"""A text without faults is read once, and means what it means to the pass that can go on behind a fault."""

from __future__ import annotations

import random
from pathlib import Path
from typing import cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Token, Tree, UnexpectedInput

from ordinance.language import table
from ordinance.language.first_pass import FirstPass
from ordinance.language.parser import MAX_DEPTH, Parsed, Role, first_word, keywords, make_parser, parse
from ordinance.language.source import Source
from ordinance.loading.packs import shipped_rules
from support.checkout import CASES
from support.packs import CHARTER, JURISDICTION, LANGUAGE
from support.statute import STATUTE

LARK = make_parser()
FIRST = cast(FirstPass, table.read_first_pass(table.grammar(), table.path().read_text("utf-8")))

SAMPLES = sorted((CASES / "errors").rglob("*.ord"))

#: What spoils a pack, or does not: words, signs, what no token begins with, what only some states take.
PIECES = [
    *sorted(keywords()),
    *'{}(),"#\n§\v\x1c„',
    '"x"',
    "1",
    "1.1",
    "2026-01-01",
    "DE",
    "a_b",
    "a.b",
    "a-b-c",
    "名前",
]
PIECES += [", not\nunknown", ",or unknown", "# a comment\n", '# "\n', "((((", "))))"]


def both(text: str) -> tuple[Parsed, Parsed]:
    """What is made of a text, and what is made of it without the first pass."""
    source, role = Source(Path("x.ord"), "x.ord", text), role_of(text)
    with patch.object(FirstPass, "tree", lambda *_: None):
        alone = parse(source, role)
    return parse(source, role), alone


def role_of(text: str) -> Role:
    return "charter" if first_word(text) == "charter" else "pack"


def places(tree: Tree[Token]) -> list[tuple[str, int | None, int | None]]:
    return [(t.type, t.start_pos, t.end_pos) for t in tree.scan_values(lambda each: isinstance(each, Token))]


@pytest.mark.parametrize("path", sorted(shipped_rules().rglob("*.ord")), ids=lambda path: path.stem)
def test_what_ships_is_read_in_one_pass_as_lark_reads_it(path: Path) -> None:
    text = path.read_text("utf-8")
    tree, alone = FIRST.tree(text, role_of(text), MAX_DEPTH), LARK.parse(text, start=role_of(text))
    assert tree == alone
    assert places(tree) == places(alone)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_of_each_error_has_the_same_findings_and_meaning(path: Path) -> None:
    read, alone = both(path.read_bytes().decode("utf-8", "replace"))
    assert read == alone


@given(st.randoms(use_true_random=False), st.sampled_from([JURISDICTION, LANGUAGE, CHARTER, STATUTE]))
def test_a_spoiled_pack_has_the_same_findings_and_meaning(chance: random.Random, text: str) -> None:
    for _ in range(chance.randint(0, 3)):
        at, piece = chance.randrange(len(text)), chance.choice(PIECES)
        text = text[:at] + piece + text[at + chance.choice((0, 0, 1, 8)) :]
    read, alone = both(text)
    assert read == alone


@given(st.randoms(use_true_random=False), st.sampled_from([JURISDICTION, CHARTER, STATUTE]))
def test_it_refuses_what_lark_refuses_and_nothing_else(chance: random.Random, text: str) -> None:
    """So that no pack without a fault is read twice."""
    words = text.split(" ")
    words[chance.randrange(len(words))] = chance.choice([*PIECES, *words])
    spoiled = " ".join(words)
    tree = FIRST.tree(spoiled, role_of(text), MAX_DEPTH)
    try:
        assert tree == LARK.parse(spoiled, start=role_of(text))
    except UnexpectedInput:
        assert tree is None


def test_a_text_may_end_in_blanks_and_comments_of_any_length() -> None:
    text = LANGUAGE + "\n  # the end\n" * 20_000 + "#"
    assert FIRST.tree(text, "pack", MAX_DEPTH) == LARK.parse(text, start="pack")


def test_parentheses_are_counted() -> None:
    nested = JURISDICTION.replace("stage is draft", "((stage is draft))")
    deep = JURISDICTION.replace("(stage is draft or", "((((stage is draft)))) and (stage is draft or")
    assert FIRST.tree(nested, "pack", 3) is not None
    assert FIRST.tree(nested, "pack", 2) is None
    assert FIRST.tree(deep, "pack", 4) is not None
    assert FIRST.tree(deep, "pack", 3) is None


def test_no_tree_is_empty() -> None:
    """So that each has a first and a last token, which are its place."""
    empty, grown = set[str](), True
    while grown:
        before = len(empty)
        empty |= {rule.origin.name for rule in LARK.rules if all(part.name in empty for part in rule.expansion)}
        grown = len(empty) > before
    assert all(name.startswith("_") for name in empty)
