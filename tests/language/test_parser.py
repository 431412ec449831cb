"""The grammar holds no conflict, packs become trees, and every seeded fault is told once."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token, Tree

from ordinance.language.ast import Pack, Withhold
from ordinance.language.diagnostics import MOST
from ordinance.language.parser import MAX_DEPTH, Role, first_word, make_parser, parse, tree_of
from ordinance.language.source import Source
from ordinance.loading.bounds import PACK_LIMIT
from ordinance.loading.packs import shipped_rules
from support.packs import CHARTER, JURISDICTION, LANGUAGE


def parsed(text: str, role: Role = "pack") -> tuple[Pack | None, list[tuple[str, int]]]:
    result = parse(Source(Path("x.ord"), "x.ord", text), role)
    return result.pack, [(item.code, item.line) for item in result.diagnostics]


def test_the_grammar_has_no_conflict() -> None:
    assert make_parser(strict=True).terminals


def test_every_terminal_has_a_name() -> None:
    assert not [terminal.name for terminal in make_parser().terminals if terminal.name.startswith("__")]


@pytest.mark.parametrize("word", ["RED", "GUARANTEE", "REFUSE", "PROTECTS"])
@pytest.mark.requirement("RL-1")
@pytest.mark.requirement("CC-5")
def test_no_production_of_a_pack_leads_to_a_red_line(word: str) -> None:
    """What cannot be written need not be forbidden: from ``pack`` these terminals cannot be reached."""
    rules = make_parser().rules
    reached, queue = {"pack"}, ["pack"]
    while queue:
        name = queue.pop()
        for rule in rules:
            if rule.origin.name == name:
                new = {symbol.name for symbol in rule.expansion} - reached
                reached |= new
                queue += new
    assert "WITHHOLD" in reached
    assert word not in reached


@pytest.mark.parametrize("path", sorted(shipped_rules().rglob("*.ord")), ids=lambda path: path.stem)
def test_every_shipped_pack_parses(path: Path) -> None:
    text = path.read_text("utf-8")
    pack, found = parsed(text, "charter" if first_word(text) == "charter" else "pack")
    assert pack is not None
    assert not found


@pytest.mark.parametrize("text", [CHARTER, JURISDICTION, LANGUAGE], ids=["charter", "jurisdiction", "language"])
def test_the_tree_is_what_the_grammar_alone_makes_of_the_text(text: str) -> None:
    role: Role = "charter" if first_word(text) == "charter" else "pack"
    alone = make_parser().parse(text, start=role)
    tree = tree_of(Source(Path("x.ord"), "x.ord", text), role)
    assert tree == alone
    assert places(tree) == places(alone)


def places(tree: Tree[Token]) -> list[tuple[str, int | None, int | None]]:
    return [
        (each.type, each.start_pos, each.end_pos) for each in tree.scan_values(lambda each: isinstance(each, Token))
    ]


@pytest.mark.parametrize(("text", "role"), [(JURISDICTION, "pack"), (LANGUAGE, "pack"), (CHARTER, "charter")])
def test_nodes_know_where_they_stand(text: str, role: Role) -> None:
    pack, found = parsed(text, role)
    assert pack is not None
    assert not found
    lines = text.split("\n")
    for rule in pack.rules:
        span = rule.name.span
        assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == rule.name.text


def test_values_may_be_spelled_like_keywords() -> None:
    text = JURISDICTION.replace("one of draft, final", "one of when, under").replace("stage is draft", "stage is when")
    pack, found = parsed(text)
    assert pack is not None
    assert not found


def test_names_of_every_script() -> None:
    text = JURISDICTION.replace("lexicon words", "lexicon शब्द").replace("topic talk", "topic பேச்சு")
    pack, found = parsed(text.replace("topic   talk", "topic பேச்சு"))
    assert pack is not None
    assert not found


def test_conditions_keep_their_shape() -> None:
    pack, _ = parsed(JURISDICTION)
    assert pack is not None
    rule = pack.rules[0]
    assert isinstance(rule, Withhold)
    assert [use.kind for use in rule.when.uses] == ["lexicon", "pattern", "topic"]
    assert len(rule.situations) == 1
    assert (rule.scope.unit, str(rule.scope.bound)) == ("sentence", "200")


def test_a_role_is_not_chosen_by_the_first_word() -> None:
    assert parsed(CHARTER, "pack")[1][0][0] == "wrong-kind"
    assert parsed(JURISDICTION, "charter")[1][0][0] == "wrong-kind"


def test_nesting_is_bounded() -> None:
    def nested(depth: int) -> str:
        condition = "(" * depth + "stage is draft" + ")" * depth
        return JURISDICTION.replace("(stage is draft or stage is unknown)", condition)

    assert not parsed(nested(MAX_DEPTH))[1]
    assert [code for code, _ in parsed(nested(MAX_DEPTH + 1))[1]] == ["too-deep"]
    assert [code for code, _ in parsed(nested(100_000))[1]] == ["too-deep"]


#: Faults of syntax in a rule: what is replaced, and by what.
FAULTS = [
    ("when    answer", "whn     answer"),
    ("answer has lexicon", "answer hs lexicon"),
    ("scope   span", "scope   paragraph"),
    ("under   act\n", ""),
    ("telling gone about secrets", "telling gone"),
    ('"nothing"', '"nothing'),
    ("scope   span\n    under   act", "under   act\n    scope   span"),
    ("withhold", "withold"),
    ("withhold", "mask"),
    ("withhold", "red line"),
    ("example quiet", "example silent"),
    ("{\n", "\n"),
    ("has lexicon words", "has lexicon %words"),
    ("when    answer", "when    thoughts"),
    ("answer has lexicon words", "answer has lexicon words and purpose is art or purpose is general"),
]

RULE = """\
  withhold 1.{number} rule_{number} {{
    when    answer has lexicon words
    scope   span
    under   act
    telling gone about secrets
    example fires answer "secret words"
    example quiet answer "nothing"
  }}
"""


@given(st.lists(st.none() | st.integers(0, len(FAULTS) - 1), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_every_seeded_fault_is_told_once(faults: list[int | None]) -> None:
    """Each faulty rule has exactly one finding, in its own lines; sound rules have none."""
    head, _, rest = JURISDICTION.partition('section 1 "Words" {\n')
    tail = rest[rest.index("\ncontact") :]
    rules = [RULE.format(number=number) for number in range(1, len(faults) + 1)]
    spoiled = [rule if f is None else rule.replace(*FAULTS[f], 1) for rule, f in zip(rules, faults, strict=True)]
    text = head + 'section 1 "Words" {\n' + "".join(spoiled) + "}\n" + tail
    _, found = parsed(text)
    line = head.count("\n") + 2
    for rule, fault in zip(spoiled, faults, strict=True):
        end = line + rule.count("\n")
        inside = [code for code, at in found if line <= at < end]
        assert len(inside) == (fault is not None), (fault, inside)
        line = end
    assert len(found) == sum(fault is not None for fault in faults)


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_findings_and_no_traceback(text: str) -> None:
    for role in ("charter", "pack"):
        pack, found = parsed(text, "charter" if role == "charter" else "pack")
        assert pack is not None or found


@given(st.randoms(use_true_random=False), st.sampled_from([JURISDICTION, LANGUAGE, CHARTER]))
@settings(max_examples=100, deadline=None)
def test_any_spoiled_pack_gives_findings_and_no_traceback(source: random.Random, text: str) -> None:
    words = text.split(" ")
    for _ in range(source.randrange(1, 6)):
        words[source.randrange(len(words))] = source.choice(["", "{", "}", "(", '"', "when", "„", "label", "\n", "1.1"])
    parsed(" ".join(words), "charter" if text is CHARTER else "pack")


def test_a_missing_brace_is_told_where_it_is_missed() -> None:
    _, found = parsed(JURISDICTION.replace('"Nothing to see."\n  }', '"Nothing to see."'))
    line = JURISDICTION.split("\n").index("  say 1.2 often {")
    assert found == [("syntax", line)]


def test_an_unfinished_pack_is_told_at_its_end() -> None:
    _, found = parsed(JURISDICTION[: JURISDICTION.index("\ncontact")].rstrip().removesuffix("}"))
    assert [code for code, _ in found] == ["syntax"]


def test_a_broken_header_hides_no_other_fault() -> None:
    text = JURISDICTION.replace("under charter baseline 1", "under baseline").replace(
        "scope   sentence", "scope   line"
    )
    _, found = parsed(text)
    assert [code for code, _ in found] == ["unknown-word", "syntax"]
    assert found[0][1] == 1


HEADER = "jurisdiction ZZ 1.0.0 under charter baseline 1\n"

#: Nonsense of which each kind once took time that grew with the square of its length.
NONSENSE = [
    "\v", "\r", "a\r", "\u00a0", "\u00a0\n", "\u202e", "\u2028", "a ", "a\n", "{", "}\n", "„", "„a“ ", '"',
    "$\n", "law ",
    "law x {\n", "contakt x\n", "sektion\n", 'section 1 "x" {\n', "withhold 1.1 a {\n",
]  # fmt: skip


@pytest.mark.parametrize("piece", NONSENSE, ids=ascii)
def test_a_pack_of_nonsense_is_answered_in_seconds(piece: str) -> None:
    text = HEADER + piece * (PACK_LIMIT // len(piece.encode()))
    start = time.process_time()
    _, found = parsed(text)
    assert time.process_time() - start < 10
    assert 0 < len(found) <= 2 * MOST + 1


def test_what_was_not_looked_at_is_told() -> None:
    for text in ("a\u00a0b\n" * 1000, "contakt x\n" * 1000, "}\n" * 10_000):
        _, found = parsed(HEADER + text)
        assert [code for code, _ in found].count("too-many") == 1
    _, found = parsed(HEADER + "}\n" * 900 + "contakt x\n")
    assert [code for code, _ in found] == ["syntax", "unknown-word"]


def test_recovery_passes_over_the_rest_of_a_line_and_no_more() -> None:
    _, found = parsed(HEADER + '{ "a # {" law x\nlabel { \n# law\nnotice }\n')
    assert [line for _, line in found] == [2, 3, 5]


@pytest.mark.parametrize(
    ("old", "new", "place", "advice"),
    [
        ("from 2020-01-01", "from 1 January 2024", "1", "as in 2024-01-01"),
        ("from 2020-01-01", "from January 1, 2024", "January", "as in 2024-01-01"),
        ("from 2020-01-01", "from 2024–01–01", "2024", "as in 2024-01-01"),
        ("from 2020-01-01", "from 1.1.2024", "1.1.2024", "as in 2024-01-01"),
        ("XA 1.0.0 under", "XA under", "under", "A version such as 2026.11.0"),
        ('title   "Testland"', "title Badges Act", "Badges", "Put the text in quotes"),
        ("one of education, research", "one of education and research", "and", "Write a comma: `…, research`."),
        ("one of education, research", "one of a, education or\n research", "or", "Write a comma: `…, research`."),
        ("section 1", "chapter 1", "chapter", "Did you mean `section`?"),
    ],
)
def test_what_people_write_otherwise_is_told_how_to_write_it(old: str, new: str, place: str, advice: str) -> None:
    assert old in JURISDICTION
    text = JURISDICTION.replace(old, new, 1)
    found = parse(Source(Path("x.ord"), "x.ord", text), "pack").diagnostics[0]
    assert text.split("\n")[found.line - 1][found.column - 1 : found.end_column - 1] == place
    assert advice in found.help
