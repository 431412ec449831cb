"""The pages of the packs that ship are those that the packs make."""

from __future__ import annotations

import re

import pytest

from support.checkout import ROOT, RULES
from support.pack_pages import pages

FOLDER = ROOT / "docs" / "packs"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages()


def test_every_pack_of_a_place_or_a_house_has_its_page_and_it_is_current(made: dict[str, str]) -> None:
    packs = {path.stem for kind in ("jurisdictions", "houses") for path in (RULES / kind).rglob("*.ord")}
    assert {name.removesuffix(".md") for name in made} == packs | {"README"}
    assert {path.name for path in FOLDER.iterdir()} == set(made)
    assert [name for name, text in made.items() if (FOLDER / name).read_text("utf-8") != text] == [], "run `make docs`"


@pytest.mark.requirement("LAW-1")
def test_a_page_says_what_became_of_each_law_when_it_was_read_and_what_to_ask(made: dict[str, str]) -> None:
    assert "| from 1975-01-01 | <https://www.gesetze-im-internet.de/stgb/__86a.html> | 2026-11-01 |" in made["DE.md"]
    assert "| left out: Repealed from 14 May 2024. |" in made["DE.md"]
    assert "| not read | not encoded: Its standards for content are broad" in made["AE.md"]
    assert "amended by Regulation (EU) 2026/1744 on 2026-07-27" in made["EU.md"]
    assert "from 2026-12-02 (transition)" in made["EU.md"]
    assert "is your service a companion chatbot" in made["US-CA.md"]
    assert "Its law as a whole: not read." in made["PL.md"]


@pytest.mark.requirement("TR-7")
def test_a_page_says_what_people_see_and_no_phrase_that_a_rule_looks_for(made: dict[str, str]) -> None:
    assert "speaks at first answer of day, and every 3 hours: “Artificial intelligence answers here" in made["US-NY.md"]
    assert "Scope: span. Of 100 characters of plain prose it takes out 0, and 0.4 wait on average" in made["DE.md"]
    text = "".join(made.values())
    for lexicon in RULES.rglob("lexicons/*.txt"):
        phrases = [
            line for line in lexicon.read_text("utf-8").split("\n") if line and line[0] != "#" and "{" not in line
        ]
        assert not [phrase for phrase in phrases if phrase in text]


def test_every_pack_says_who_has_reviewed_its_texts() -> None:
    packs = sorted(RULES.rglob("*.ord"))
    heads = {pack.name: pack.read_text("utf-8").partition(" 1\n")[0].replace("\n# ", " ") for pack in packs}
    said = re.compile(r"[Nn]ot (?:been )?reviewed by a native|[Rr]eviewed by \w+")
    assert len(packs) > 35
    assert [name for name, head in heads.items() if not said.search(head)] == []
