"""How far statutes have been read: what ``check``, ``print`` and ``diff`` say of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ordinance.authoring.comparison import diff
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.wording import Wording, words_in
from ordinance.authoring.statutes import statutes
from ordinance.cli.main import main
from ordinance.loading.load import Loaded
from support.packs import TODAY, load_on
from support.statute import STATUTE, write_statute

RECORDED = """
law act_2 {
  title   "Act"
  article "section 2"
  records { en "It defines words." de "Nur Begriffe." }
  source  "https://law.example/act" seen 2026-11-01
}
law act_9 {
  title   "Act"
  article "sections 9 to 20"
  records "Fees and forms."
  source  "https://law.example/act" not read
}
"""
READ = STATUTE.replace("\nlabel words", f"{RECORDED}\nlabel words", 1).replace(
    'zone  "Europe/Berlin"', 'zone  "Europe/Berlin"\nrecords "One act of many."'
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_on(write_statute(tmp_path_factory.mktemp("packs"), READ))


def states(loaded: Loaded) -> dict[str, list[tuple[str, str]]]:
    assert loaded.policy is not None
    return {
        each.title.text: [(section.article.text, section.state) for section in each.sections]
        for each in statutes(loaded.policy)
        if each.unit.name == "XZ"
    }


def test_each_section_is_encoded_left_out_or_not_read(loaded: Loaded) -> None:
    assert states(loaded) == {
        "Act": [("section 1", "encoded"), ("section 2", "left out"), ("sections 9 to 20", "not read")],
        "Rumour": [("section 2", "encoded")],
    }


def test_a_law_that_supports_only_an_exception_or_a_slot_is_encoded(tmp_path: Path) -> None:
    text = READ.replace("law rumour {", "law other {").replace("under   rumour", "under   act")
    text = text.replace("quote rumour", "quote act").replace("except  study under act", "except  study under other")
    text = text.replace('uncertain "Only one secondary source."', "")
    assert states(load_on(write_statute(tmp_path, text)))["Rumour"] == [("section 2", "encoded")]


def test_check_counts_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_statute(tmp_path, READ))
    assert main(["check", path, "--on", str(TODAY)]) == 0
    shown = capsys.readouterr().out
    assert "XZ: Act: 1 encoded, 1 left out, 1 not read" in shown
    assert "XZ records: One act of many." in shown
    assert main(["check", path, "--on", str(TODAY), "--format", "json"]) == 0
    act, _ = json.loads(capsys.readouterr().out)["statutes"]
    assert act["sections"][2] == {
        "law": "act_9", "article": "sections 9 to 20", "state": "not_read", "why": "Fees and forms.", "seen": None,
        "rules": [],
    }  # fmt: skip
    assert "1.2" in act["sections"][0]["rules"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["read, and left out", "It defines words.", "not read"]),
        ("de", ["gelesen und ausgelassen", "Nur Begriffe."]),
    ],
)
def test_the_register_lists_them_in_its_language(loaded: Loaded, language: str, said: list[str]) -> None:
    assert loaded.policy is not None
    document = register(loaded.plan, loaded.policy, Wording.of(language, words_in(language), loaded.policy), TODAY)
    text = to_markdown(document)
    assert all(each in text for each in said)
    assert "One act of many." in text


def test_a_difference_says_what_has_come_further(loaded: Loaded, tmp_path: Path) -> None:
    text = READ.replace('"https://law.example/act" not read', '"https://law.example/act" seen 2026-11-02')
    text = text.replace("One act of many.", "Two acts of many.")
    newer = load_on(write_statute(tmp_path / "newer", text))
    assert loaded.policy is not None
    assert newer.policy is not None
    said = [change.what for change in diff(loaded.policy, newer.policy).changes]
    assert "Act sections 9 to 20 was not read: Fees and forms. and is left out: Fees and forms." in said
    assert "the law of the place was recorded: One act of many. and is recorded: Two acts of many." in said


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("under   act\n    telling gone", "under   act, act_2\n    telling gone", "law-recorded", "`act_2`"),
        ("except  study under act", "except  study under act_9", "law-recorded", "`act_9`"),
        ("reading level B1 when condition minors under act", "reading level B1 when condition minors under act_2",
         "law-recorded", "nothing can stand under it"),
        ("seen 2026-11-01\n}\nlaw act_9", "seen 2020-11-01\n}\nlaw act_9", "date-stale", "`act_2`"),
        ('"https://law.example/act" not read', '"http://law.example/act" not read', "source-invalid", "https"),
        ('records "Fees and forms."', 'records ""', "syntax", "what is recorded of the law `act_9` is empty"),
        ("law act_9", "law act_2", "name-twice", "already defined"),
        ('records "Fees and forms."', "reaches age below 18 in force from 2024-01-01", "syntax", "`seen`"),
    ],
)  # fmt: skip
def test_what_can_be_wrong(old: str, new: str, code: str, said: str, tmp_path: Path) -> None:
    assert old in READ
    found = [
        each for each in load_on(write_statute(tmp_path, READ.replace(old, new, 1))).diagnostics if each.code == code
    ]
    assert any(said in f"{each.message} {each.help}" for each in found), found
