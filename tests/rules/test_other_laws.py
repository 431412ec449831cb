"""Three real laws that no sample knew, written as packs from their text without a change to the grammar.

Poland: omissions, an amendment's date, and an exception that stands behind one paragraph of three. Utah: a disclosure
that returns after seven days. Ontario: a province's law that reaches employers, wherever users are.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ordinance.cli.main import main
from support.checkout import CASES

FOLDER = CASES / "laws"
LAWS = sorted(FOLDER.glob("*.ord"))
CITED = {
    "CA-ON": "Employment Standards Act, 2000 s. 8.4 (Ontario)",
    "PL": "Kodeks karny art. 256 § 3 (Polska)",
    "US-UT": "Utah Code § 13-72a-203 (State of Utah)",
}
ON = ("--on", "2026-11-24")

every_law = pytest.mark.parametrize("path", LAWS, ids=lambda path: path.stem)
Output = pytest.CaptureFixture[str]


def said(capsys: Output, *words: str) -> str:
    """What a command of an author prints; it ends well."""
    code = main(words)
    printed = capsys.readouterr()
    assert not code, printed.out + printed.err
    return printed.out


def test_each_law_has_its_expectation() -> None:
    assert [path.stem for path in LAWS] == sorted(CITED)


@pytest.mark.requirement("LAW-2")
@pytest.mark.requirement("LAW-4")
@every_law
def test_a_law_checks_without_a_finding_and_is_laid_out(path: Path, capsys: Output) -> None:
    assert said(capsys, "check", str(path), *ON).startswith("0 errors, 0 warnings;")
    said(capsys, "fmt", "--check", str(path))


@every_law
def test_every_branch_of_a_law_is_shown_by_an_example_that_holds(path: Path, capsys: Output) -> None:
    """On the day of each example, whatever day it is."""
    told = json.loads(said(capsys, "test", str(path), "--format", "json"))
    assert told["examples"]
    assert not told["failed"]
    assert not told["off"]
    for rule in told["rules"].values():
        assert rule["fires"]
        assert rule["quiet"]
        assert not rule["coverage"]["missing"]
        assert not rule["languages"]["missing"]


@every_law
@pytest.mark.parametrize("language", ["de", "en", "et"])
def test_a_law_is_printed_for_the_public(path: Path, language: str, capsys: Output) -> None:
    """With every citation and filled notices, and without a phrase that a rule looks for."""
    page = said(capsys, "print", str(path), "--language", language, "--format", "markdown", *ON)
    assert CITED[path.stem] in page
    assert "{" not in page
    assert "canary" not in page
    assert "faszyzm" not in page


@pytest.mark.parametrize(
    ("name", "given", "text", "outcome"),
    [
        ("PL", ("purpose=art",), "Znak: ordinance-canary-256-9f8e7d.", {"PL/symbols": "excepted"}),
        ("PL", ("purpose=art",), "Niech żyje faszyzm!", {"PL/ideologies": "fired"}),
        ("PL", ("activity=collecting",), "Znak: ordinance-canary-256-9f8e7d.", {"PL/symbols": "excepted"}),
        ("US-UT", ("service=mental_health",), "Good morning.", {"US-UT/not_human": "fired"}),
        ("US-UT", (), "Good morning.", {"US-UT/not_human": "out_of_scope"}),
        ("CA-ON", ("writing=job_posting", "employees=from_25", "place=US"), "Canadian experience required.",
         {"CA-ON/canadian_experience": "fired", "CA-ON/screening": "out_of_scope"}),
    ],
)  # fmt: skip
def test_a_law_reaches_whom_it_says(
    name: str, given: tuple[str, ...], text: str, outcome: dict[str, str], capsys: Output
) -> None:
    facts = [word for fact in given for word in ("--given", fact)]
    place = ("--pack", str(FOLDER / f"{name}.ord"), "--jurisdiction", name, "--turn", "1")
    told = json.loads(said(capsys, "explain", text, *place, *facts, *ON, "--format", "json"))
    outcomes = {rule["rule"]: rule["outcome"] for rule in told["rules"]}
    assert outcomes | outcome == outcomes
