"""``ordinance audit``: exit codes, JSON, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ordinance.serve.record.chained_file import chained_file
from ordinance.serve.record.logfile import LogFile
from ordinance.settings.reporting import AuditSettings
from support.bundles import write_keys
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


def test_it_is_said_that_no_head_file_would_show_a_cut_at_a_checkpoint(folder: Path) -> None:
    words = ("verify", "log", "--signed-by", "record.pub")
    assert json.loads(audit(folder, *words, "--format", "json")[1])["notes"] == []
    (folder / "log.head").unlink()
    lines = (folder / "log").read_bytes().splitlines(keepends=True)
    ends = [n for n, line in enumerate(lines) if b'"event":"checkpoint"' in line]
    (folder / "log").write_bytes(b"".join(lines[: ends[1] + 1]))
    code, said, _ = audit(folder, *words)
    assert (code, said.splitlines()[-1]) == (0, "the record is verified")
    assert "note[note-head] log.head: it is missing or empty, so a cut at a checkpoint is not found" in said
    report = json.loads(audit(folder, *words, "--format", "json")[1])
    assert (report["ok"], report["notes"]) == (True, [{"code": "note-head", "where": "log.head"}])
    assert json.loads(audit(folder, *words, "--partial", "--format", "json")[1])["notes"] == []


def test_with_a_key_that_is_not_the_records_each_finding_has_a_place(folder: Path) -> None:
    write_keys(folder, "office")
    code, said, _ = audit(folder, "verify", "log", "--signed-by", "office.pub", "--format", "json")
    report = json.loads(said)
    assert (code, [each["code"] for each in report["breaks"]]) == (1, ["break-unsigned"])
    assert all(each["where"] for each in report["problems"] + report["breaks"])


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


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_key_that_does_not_sign_the_record_deletes_nothing(folder: Path, more: tuple[str, ...]) -> None:
    write_keys(folder, "office")
    before = (folder / "log").read_bytes()
    code, said, errors = audit(folder, "prune", "log", "--key", "school", "--sign-with", "office.pem", *more)
    assert (code, said) == (2, "")
    assert "error[usage]: nothing was deleted: the key" in errors
    assert "Name the private key of the last checkpoint" in errors
    assert (folder / "log").read_bytes() == before
    assert audit(folder, "verify", "log", "--signed-by", "record.pub")[0] == 0


def test_after_a_change_of_the_key_the_last_checkpoint_says_which_one_deletes(folder: Path) -> None:
    write_keys(folder, "office")
    (folder / "log").rename(folder / "log.1")
    settings = AuditSettings(path=folder / "log", key_file=folder / "office.pem")
    file = chained_file(LogFile(folder / "log"), folder / "log", folder / "office.pem", settings)
    write(file, record(1, key="school"))
    file.close()
    words = ("prune", "log.1", "log", "--key", "school", "--sign-with")
    code, _, errors = audit(folder, *words, "record.pem")
    assert (code, "does not sign this record" in errors) == (2, True)
    assert audit(folder, "prune", "log.1", *words[3:], "office.pem")[0] == 2  # the newest file is not named
    code, said, _ = audit(folder, *words, "office.pem")
    assert (code, said) == (0, "log.1: 4 records deleted\nlog: 1 records deleted\n")
    keys = ("--signed-by", "record.pub", "--signed-by", "office.pub")
    assert audit(folder, "verify", "log.1", "log", *keys)[0] == 0


def test_a_file_that_was_just_begun_has_the_key_of_its_head_file(folder: Path) -> None:
    lines = (folder / "log").read_bytes().splitlines(keepends=True)
    (folder / "log").write_bytes(b"".join(line for line in lines if b'"event":"checkpoint"' not in line))
    write_keys(folder, "office")
    words = ("prune", "log", "--key", "school", "--sign-with")
    assert audit(folder, *words, "office.pem")[0] == 2
    assert audit(folder, *words, "record.pem")[0] == 0
    (folder / "log.head").unlink()
    code, _, errors = audit(folder, "prune", "log", "--key", "desk", "--sign-with", "record.pem")
    assert (code, "no checkpoint shows" in errors) == (2, True)


def test_what_would_go_is_said_and_nothing_is_changed(folder: Path) -> None:
    before = (folder / "log").read_bytes()
    words = ("prune", "log", "--key", "school", "--dry-run")
    assert audit(folder, *words)[:2] == (0, "log: 4 records would be deleted\n")
    code, said, _ = audit(folder, *words, "--sign-with", "record.pem", "--format", "json")
    assert (code, json.loads(said)) == (0, {"would_delete": {"log": 4}})
    assert (folder / "log").read_bytes() == before


@pytest.mark.server
def test_a_process_of_its_own_says_the_same(folder: Path) -> None:
    done = run("audit", "verify", "log", "--signed-by", "record.pub", cwd=folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the record is verified")
