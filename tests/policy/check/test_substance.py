"""The lemma never substance: a slot has one value in every situation, or the policy does not load."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.packs import load_on

CODE = "slots-conflict"

HOUSE = """\
house {name} 1.0.0 under charter baseline 1
title "A house"
speak {{ {slots} }}
"""

STATE = """\
jurisdiction {name} 1.0.0 under charter baseline 1
title "A state"
{within}

law act {{
  title   "Act"
  article "§ 1"
  reaches place within {name}, not unknown
  in force from 2020-01-01 {until}
  source  "https://law.example/act" seen 2026-11-01
}}
speak {{ {slots} under act }}
"""


def conflicts(folder: Path, *packs: str) -> list[str]:
    for number, text in enumerate(packs):
        (folder / f"{number}.ord").write_text(text, "utf-8")
    found = load_on(folder).diagnostics
    assert {item.code for item in found if item.severity == "error"} <= {CODE}, found
    return [item.message for item in found if item.code == CODE]


@pytest.mark.semantics(15)
@pytest.mark.requirement("OB-1")
@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        ("address formal", "address informal", "any situation"),
        ("address formal", "address formal", None),
        ("address formal", "pedagogy guided", None),
        ("address formal when purpose is art", "address informal when purpose is education", None),
        ("address formal when purpose is art", "address informal when age below 18", "age 0, purpose art"),
        ("address formal unless purpose is art otherwise informal", "address informal", "purpose education"),
        ("address formal when age below 12 otherwise informal", "address informal when age below 18", "age 0"),
        ("address formal when age below 12", "address informal unless age below 12", None),
    ],
)
def test_two_houses(one: str, two: str, said: str | None, tmp_path: Path) -> None:
    told = conflicts(tmp_path, HOUSE.format(name="school", slots=one), HOUSE.format(name="office", slots=two))
    assert len(told) == (said is not None)
    assert all(message.endswith(f": {said}") for message in told)


@pytest.mark.semantics(15)
@pytest.mark.parametrize(
    ("name", "within", "until", "count"),
    [("QA-X", "within QA", "", 1), ("QA-X", "", "", 1), ("XA", "", "", 0), ("QA-X", "within QA", "until 2021-01-01", 1),
     ("QA-X", "within QA", "until 2020-01-01", 0)],
)  # fmt: skip
def test_two_laws(name: str, within: str, until: str, count: int, tmp_path: Path) -> None:
    """Laws meet where one jurisdiction lies within the other, as it says or by its code, while both are in force, in a
    place that both reach."""
    outer = STATE.format(name="QA", within="", until="", slots="reading level B1")
    inner = STATE.format(name=name, within=within, until=until, slots="reading level A2")
    if until == "until 2020-01-01":
        inner, count = inner.replace("from 2020-01-01 until 2020-01-01", "from 2019-01-01 until 2020-01-01"), 0
    told = conflicts(tmp_path, outer, inner)
    assert len(told) == count
    assert all("as an operator in QA-X, place QA-X" in message for message in told)


def test_unequal_ranks_do_not_conflict(tmp_path: Path) -> None:
    law = STATE.format(name="QA", within="", until="", slots="address formal")
    assert not conflicts(tmp_path, law, HOUSE.format(name="school", slots="address informal"))
