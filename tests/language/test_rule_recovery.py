"""Several errors in one rule come in one run, and each is reported once."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from ordinance.language.diagnostics import Diagnostic
from ordinance.language.parser import Role, parse
from ordinance.language.source import Source
from support.packs import CHARTER, load_on
from support.statute import HOUSE, STATUTE, write_statute

PACKS: dict[str, tuple[Role, str]] = {
    "statute": ("jurisdiction", STATUTE), "house": ("house", HOUSE), "charter": ("charter", CHARTER),
}  # fmt: skip
WORDS = (
    "means", "not", "when", "except", "scope", "under", "telling", "told", "as", "at", "on", "reason", "contacts",
    "protects", "provide", "refuse", "example", "alike",
)  # fmt: skip


def found(role: Role, text: str) -> list[Diagnostic]:
    return list(parse(Source(Path("x.ord"), "x.ord", text), role).diagnostics)


def clauses(text: str) -> list[int]:
    """The numbers of the lines of rules that begin with a clause's word."""
    lines = text.split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("section"))
    found = [
        number
        for number, line in enumerate(lines)
        if number > start and line.startswith("    ") and line.split()[:1] and line.split()[0] in WORDS
    ]
    return found[:24]  # a charter is long, and says the same over and over


def misspelt(text: str, *numbers: int) -> str:
    lines = text.split("\n")
    for number in numbers:
        word = lines[number].split()[0]
        lines[number] = lines[number].replace(word, f"{word[0]}zq{word[1:]}", 1)
    return "\n".join(lines)


@pytest.mark.parametrize("name", PACKS)
def test_one_mistake_is_one_finding(name: str) -> None:
    """Whichever clause of whichever rule it is."""
    role, text = PACKS[name]
    assert found(role, text) == []
    for number in clauses(text):
        assert [item.line for item in found(role, misspelt(text, number))] == [number + 1], text.split("\n")[number]


@pytest.mark.parametrize("name", PACKS)
def test_two_mistakes_in_one_rule_are_two_findings(name: str) -> None:
    role, text = PACKS[name]
    lines = clauses(text)
    for one, two in combinations(lines, 2):
        if two - one > 2:
            continue
        assert [item.line for item in found(role, misspelt(text, one, two))] == [one + 1, two + 1], (one, two)


@pytest.mark.parametrize("name", PACKS)
def test_a_clause_that_is_missing_is_one_finding(name: str) -> None:
    """It is told where the next one stands, or the rule ends; clauses that may be missing are none."""
    role, text = PACKS[name]
    lines = text.split("\n")
    for number in clauses(text):
        left = "\n".join([*lines[:number], *lines[number + 1 :]])
        assert len(found(role, left)) <= 1, lines[number]


def test_clauses_in_another_order_are_one_finding() -> None:
    old = "    scope   sentence at most 1000\n    under   act\n    telling omitted about words"
    new = "    under   act\n    scope   sentence at most 1000\n    telling omitted about words"
    assert old in STATUTE
    (item,) = found("jurisdiction", STATUTE.replace(old, new, 1))
    assert "found `under` where" in item.message


def test_a_text_in_languages_that_is_broken_hides_nothing_behind_it() -> None:
    old = '    reason  "Pupils learn by solving."\n    under   conduct\n    telling omitted'
    new = '    reason  {\n      en "Pupils learn."\n      de Schueler\n    }\n    under   conduct\n    tellin omitted'
    text = HOUSE.replace(old, new, 1)
    assert text != HOUSE
    assert [text.split("\n")[item.line - 1].split()[0] for item in found("house", text)] == ["de", "tellin"]


def test_nothing_that_was_made_up_reaches_the_tree() -> None:
    """The rule with the mistake is not in the tree, the others are."""
    number = next(n for n in clauses(STATUTE) if "scope" in STATUTE.split("\n")[n])
    parsed = parse(Source(Path("x.ord"), "x.ord", misspelt(STATUTE, number)), "jurisdiction")
    whole = parse(Source(Path("x.ord"), "x.ord", STATUTE), "jurisdiction")
    assert parsed.pack is not None
    assert whole.pack is not None
    names = [rule.name.text for rule in whole.pack.rules]
    assert [rule.name.text for rule in parsed.pack.rules] == [name for name in names if name != "words"]


def test_meaning_is_checked_in_the_same_run(tmp_path: Path) -> None:
    """Several errors of one rule that are none of form come together."""
    text = STATUTE.replace("under   act\n    telling gone about words", "under   actt\n    telling gon about wrds", 1)
    text = text.replace("has any of lexicon words, judged", "has any of lexicon wrods, judged", 1)
    codes = [
        item.message for item in load_on(write_statute(tmp_path, text)).diagnostics if item.code == "name-undefined"
    ]
    assert len(codes) == 4, codes
