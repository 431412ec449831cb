"""``ordinance audit``: exit codes, JSON, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support.commands import run, run_here
from support.records import opened, record, write

WITHHELD = {
    "rules": ["DE/symbols"], "effects": {"DE/symbols": "withhold"}, "laws": {"DE/symbols": ["§ 86a Abs. 1 StGB"]},
    "verdict": "withhold", "jurisdiction": "DE",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    file = opened(tmp_path / "log")
    write(file, *(record(n, key="school" if n % 3 == 0 else "desk", **WITHHELD) for n in range(10)))
    file.close()
    (tmp_path / "ordinance.yaml").write_text("audit: {path: log, key_file: record.pem}\n", "utf-8")
    return tmp_path


def audit(folder: Path, *words: str) -> tuple[int, str, str]:
    done = run_here("audit", *words, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_a_record_is_verified_by_its_public_key_alone(folder: Path) -> None:
    code, said, _ = audit(folder, "verify", "log", "--signed-by", "record.pub")
    assert (code, said.splitlines()[-1]) == (0, "the record is verified")
    code, said, _ = audit(folder, "verify", "--config", "ordinance.yaml", "--format", "json")
    assert code == 0
    report = json.loads(said)
    assert (report["ok"], report["problems"], report["records"]) == (True, [], 10)


def test_an_edit_has_a_code_and_a_place(folder: Path) -> None:
    log = folder / "log"
    log.write_bytes(log.read_bytes().replace(b'"n":4,"key":"desk"', b'"n":4,"key":"dusk"'))
    code, said, _ = audit(folder, "verify", "log", "--signed-by", "record.pub", "--format", "json")
    assert code == 1
    report = json.loads(said)
    assert not report["ok"]
    assert report["problems"][0] == {"code": "record-chain", "where": "log:6"}
    assert b'"dusk"' in log.read_bytes().splitlines()[5]
    code, said, _ = audit(folder, "verify", "log", "--signed-by", "record.pub")
    assert "error[record-chain] log:6: " in said


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "nowhere", "--signed-by", "record.pub"),
        ("verify", "log", "--signed-by", "log"),
        ("verify", ".", "--signed-by", "record.pub"),
        ("verify", "log/x", "--signed-by", "record.pub"),
    ],
)
def test_what_cannot_be_read_is_neither_right_nor_wrong(folder: Path, words: tuple[str, ...]) -> None:
    code, said, errors = audit(folder, *words, "--format", "json")
    assert code == 2
    assert json.loads(said)["ok"] is False
    assert "error[unreadable]" in errors


def test_answers_under_a_law_by_key_are_one_command(folder: Path) -> None:
    words = (
        "query",
        "log",
        "--law",
        "§ 86a",
        "--left-out",
        "--from",
        "2026-11-27",
        "--to",
        "2026-11-28",
        "--by",
        "key",
    )
    code, said, _ = audit(folder, *words)
    assert (code, said) == (0, " 6  desk\n 4  school\n10  answers\n")
    report = json.loads(audit(folder, *words, "--format", "json")[1])
    assert report == {"answers": 10, "counts": [{"key": "desk", "answers": 6}, {"key": "school", "answers": 4}]}
    assert audit(folder, "query", "log", "--last", "7d", "--verdict", "refuse")[1] == "0  answers\n"
    listed = audit(folder, "query", "log", "--key", "school", "--list")[1].splitlines()
    assert [json.loads(line)["n"] for line in listed] == [0, 3, 6, 9]
    assert not [line for line in listed if "salt" in line]


def test_a_time_that_no_calendar_has_is_no_defect(folder: Path) -> None:
    code, _, errors = audit(folder, "query", "log", "--last", "999999d")
    assert (code, "error[usage]" in errors) == (2, True)
    with (folder / "log").open("a") as file:
        file.write('{"v":1,"time":"0001-01-01T00:00:00+14:00","event":"end"}\n')
    assert audit(folder, "query", "log", "--by", "day")[1] == "10  2026-11-27\n10  answers\n"


def test_a_chart_is_drawn(folder: Path) -> None:
    code, said, _ = audit(folder, "report", "log", "--by", "key", "--out", "chart.svg")
    assert (code, said.splitlines()[-1]) == (0, "10  answers")
    drawn = ElementTree.fromstring((folder / "chart.svg").read_text("utf-8"))
    assert [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}desc")] == ["desk: 6; school: 4"]


def test_records_are_deleted_and_the_record_is_still_verified(folder: Path) -> None:
    code, said, _ = audit(folder, "prune", "--config", "ordinance.yaml", "--key", "school")
    assert (code, said) == (0, "log: 4 records deleted\n")
    assert audit(folder, "verify", "log", "--signed-by", "record.pub")[0] == 0
    code, _, errors = audit(folder, "prune", "log", "--sign-with", "record.pem")
    assert code == 2
    assert "what to delete is not named" in errors


@pytest.mark.server
def test_a_process_of_its_own_says_the_same(folder: Path) -> None:
    done = run("audit", "verify", "log", "--signed-by", "record.pub", cwd=folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the record is verified")
