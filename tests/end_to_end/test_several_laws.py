"""A rule under two laws acts where one of them does, and is told under those that apply."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ordinance.authoring.applicability import standing
from ordinance.authoring.comparison import diff
from ordinance.loading.load import Loaded
from ordinance.runtime.session import Session
from ordinance.runtime.situation import rules_in_force, situate
from support.packs import load_on
from support.statute import STATUTE, write_statute

LATER = """
law later {
  title   "Later Act"
  article "section 7"
  reaches seat within XZ and deployment is school, not unknown
  in force from 2026-06-01
  authority "Later Office"
  appeal  ombud
  source  "https://law.example/later" seen 2026-11-01
}
"""
BOTH = STATUTE.replace("\nlabel words", f"{LATER}\nlabel words", 1).replace(
    "under   act\n    telling gone", "under   act, later\n    telling gone"
)
ACT, LATER_ACT = ("Act", "section 1", "XZ"), ("Later Act", "section 7", "XZ")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_on(write_statute(tmp_path_factory.mktemp("packs"), BOTH))


@pytest.mark.semantics(1)
@pytest.mark.parametrize(
    ("place", "seat", "on", "laws"),
    [
        ("XZ", "XZ", date(2026, 11, 1), [ACT, LATER_ACT]),
        ("XZ", "XZ", date(2026, 5, 31), [ACT]),
        ("XZ", "EE", date(2026, 11, 1), [ACT]),
        ("EE", "XZ", date(2026, 11, 1), [LATER_ACT]),
        ("EE", "XZ", date(2026, 5, 31), []),
    ],
)
def test_it_is_told_under_the_laws_that_apply(
    loaded: Loaded, place: str, seat: str, on: date, laws: list[tuple[str, str, str]]
) -> None:
    """In the notice, in metadata and in nothing else."""
    attested = {"place": place, "seat": seat, "deployment": "school"}
    session = Session(loaded.plan, situate(loaded.plan, jurisdiction="XZ", attested=attested, on=on), "en")
    stream = session.stream()
    said = stream.feed("A badge secret.") + stream.close()
    assert ("badge secret" in said) is not bool(laws)
    causes = [cause.law for notice in session.outcome().notices for cause in notice.causes if cause.rule == "XZ/words"]
    assert causes == laws
    metadata = [each for notice in session.metadata()["notices"] for each in notice["causes"]]
    assert [tuple(each["law"].values()) for each in metadata if each["rule"] == "XZ/words"] == laws
    for law in (ACT, LATER_ACT):
        assert (f"{law[0]} {law[1]} (Zedland)" in said) is (law in laws)
    assert ("Later Office" in said) is (LATER_ACT in laws)


def test_the_rule_in_force_is_the_same_value_in_situations_that_are_alike(loaded: Loaded) -> None:
    """Or each request would make its automata anew."""

    def rule(seat: str) -> object:
        facts = {"seat": seat, "deployment": "school"}
        situation = situate(loaded.plan, jurisdiction="XZ", attested=facts, on=date(2026, 11, 1))
        return next(rule for rule in rules_in_force(loaded.plan, situation) if rule.id == "XZ/words")

    assert rule("EE") is rule("DE")
    assert rule("EE") is not rule("XZ")


def test_explain_says_why_none_of_its_laws_applies(loaded: Loaded) -> None:
    rule = next(rule for rule in loaded.plan.rules if rule.id == "XZ/words")
    facts = {"place": "EE", "seat": "XZ", "deployment": "school"}
    situation = situate(loaded.plan, jurisdiction="XZ", attested=facts, on=date(2026, 5, 31))
    found = standing(rule, loaded.plan, situation)
    assert found.state == "out of scope"
    assert (
        "Act section 1 (XZ) reaches place within XZ; Later Act section 7 (XZ) is in force from 2026-06-01" in found.why
    )


def test_a_difference_names_both(loaded: Loaded, tmp_path: Path) -> None:
    older = load_on(write_statute(tmp_path, STATUTE))
    assert older.policy is not None
    assert loaded.policy is not None
    said = [change.what for change in diff(older.policy, loaded.policy).changes if change.rule == "XZ/words"]
    assert "it is in force where it was not" in said
    assert "its law was Act section 1 (XZ) and is Act section 1 (XZ) and Later Act section 7 (XZ)" in said


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("under   act, later", "under   act, act", "name-twice", "already under `act`"),
        ("under   act, later", "under   act, latter", "name-undefined", "Did you mean `later`?"),
        ("under   act, later", "under   act, rumour", "law-uncertain", "`rumour` is uncertain"),
        ("under   act, later", "under   act later", "unknown-word", "`later`"),
        ('  authority "Later Office"\n', "", "notice-unresolved", "{authority}"),
        ("deployment is school, not unknown", "deployment is school and age below 0, not unknown", "never-fires",
         "can never fire under `later`"),
    ],
)  # fmt: skip
def test_what_can_be_wrong(old: str, new: str, code: str, said: str, tmp_path: Path) -> None:
    assert old in BOTH
    found = [
        each for each in load_on(write_statute(tmp_path, BOTH.replace(old, new, 1))).diagnostics if each.code == code
    ]
    assert any(said in f"{each.message} {each.help}" for each in found), found
