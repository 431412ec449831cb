"""The folder of evidence: what is in it, and that it is what the record and the bundles say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ordinance_verify.verification import Given
from ordinance_verify.verification import verify as verified
from support.bundles import public
from support.commands import run_here
from support.evidences import FIRST, LAST, Month, at, month, open_log


@pytest.fixture(scope="module")
def folder(made: Month) -> Path:
    out = made.folder / "out"
    (made.folder / "doctor.json").write_text(
        '{"url": "http://h", "model": "m", "open": 1, "findings": [{"state": "open", "check": "c", "subject": "s", '
        '"part": "", "what": "w", "help": "h", "more": "x"}]}',
        "utf-8",
    )
    (made.folder / "bom.json").write_text('{"bomFormat": "CycloneDX", "components": [{"name": "a", "version": "1"}]}')
    objections = [{"day": day.date().isoformat(), "rule": "XA/words", "outcome": "upheld"} for day in (FIRST, LAST)]
    objections.append({**objections[0], "day": "2020-01-01"})
    (made.folder / "objections.jsonl").write_text("".join(json.dumps(each) + "\n" for each in objections))
    words = ("--doctor", "doctor.json", "--sbom", "bom.json", "--objections", "objections.jsonl", "--mark-key")
    done = made.make(out, *words, "marks.pem")
    assert (done.returncode, done.stderr) == (0, "")
    return out


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_bytes())


def test_the_manifest_lists_every_file(folder: Path) -> None:
    envelope = read(folder, "manifest")
    assert [each["keyid"] for each in envelope["signatures"]] == [hashlib.sha256(public("office")).hexdigest()]
    statement = json.loads(base64.b64decode(envelope["payload"]))
    listed = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert listed.keys() | {"manifest.json"} == there.keys()
    assert all(hashlib.sha256(there[name].read_bytes()).hexdigest() == digest for name, digest in listed.items())
    assert statement["predicate"]["from"] == FIRST.date().isoformat()


@pytest.mark.parametrize("kind", ["rule", "law", "locale", "verdict", "key", "day", "status"])
def test_counts_are_those_of_audit_query(made: Month, folder: Path, kind: str) -> None:
    span = ("--from", FIRST.isoformat(), "--to", f"{LAST.date()}T23:59:59.999")
    asked = ("query", "audit.jsonl.1", "audit.jsonl", *span, "--by", kind, "--format", "json")
    counted = json.loads(run_here("audit", *asked, cwd=made.folder).stdout)
    table = next(each for each in read(folder, "counts")["tables"] if each["by"] == [kind])
    assert read(folder, "counts")["requests"] == counted["answers"] > 0
    assert {row["kind"][0]: row["requests"] for row in table["rows"]} == {
        each[kind]: each["answers"] for each in counted["counts"]
    }


def test_it_says_what_failed_and_who_took_part(folder: Path, made: Month) -> None:
    failures = read(folder, "failures")
    assert failures["judge_faults"]["late"] == failures["judge_passed_over"]["answers"] > 0
    for name, key in (("stale", "bundle-expired"), ("lost", "records"), ("not_marked", "no_key")):
        assert failures[name][key] > 0
    assert failures["policy_not_here"] == failures["policy_not_verified"] == {}
    assert read(folder, "parts")["plugins"] == {"ordinance-example 0.2.0": read(folder, "counts")["requests"]}


def test_it_says_which_law_was_in_force_on_each_day_under_which_policy(folder: Path, made: Month) -> None:
    days = read(folder, "laws")["days"]
    assert len(days) == 30
    first, second = made.digests
    assert {digest for day in days[:15] for digest in day["requests"]} == {first}
    assert {digest for day in days[15:] for digest in day["requests"]} == {second}
    assert all(laws == ["XA/act"] for day in days for laws in day["in_force"].values())
    assert read(folder, "laws")["policies"][second]["XA/act"]["in_force"]["from"] == "2020-01-01"


def test_it_says_what_changed_and_who_signed_it(folder: Path) -> None:
    first, second = read(folder, "changes")
    assert (first["previous"], first["version"], second["version"]) == (None, 1, 2)
    changed = {"jurisdictions": ["iris", "jan"], "release": ["gerd", "hans"]}
    same = {"charter": ["dora", "emil"], "languages": ["kurt"]}
    assert (first["approved_by"], first["signed_before"]) == (changed | same, {})
    assert (second["approved_by"], second["signed_before"]) == (changed, same)
    page = (folder / "index.html").read_text("utf-8").partition("Policy 2, version 2, issued ")[2]
    assert re.findall(r"dora, emil</td>\s*<td[^>]*>(yes|no)\b", page) == ["no"]
    assert re.findall(r"(?:gerd, hans|iris, jan)</td>\s*<td[^>]*>(yes|no)\b", page) == ["yes", "yes"]
    assert {each["name"] for each in second["approved"]["files"]} == {"packs/jurisdictions/XA/lexicons/words.txt"}
    assert [each["verified"] for each in read(folder, "policies")] == [True, True]


def test_what_others_made_is_in_it(folder: Path) -> None:
    assert read(folder, "doctor")["findings"][0].keys() == {"state", "check", "subject", "part", "what", "help"}
    assert read(folder, "objections") == {"XA/words": {"upheld": 2}}
    assert (folder / "sbom.cdx.json").read_bytes().startswith(b'{"bomFormat": "CycloneDX"')
    assert len(read(folder, "keys")["record"]) == 2
    assert read(folder, "keys")["mark"]["provider"] == ""


def test_the_page_says_what_each_section_serves_and_does_not_show(folder: Path) -> None:
    page = (folder / "index.html").read_text("utf-8")
    assert '<html lang="en"' in page
    assert page.count("<dt>Serves</dt>") == page.count("<dt>Does not show</dt>") == page.count("<section") == 11
    assert "default-src 'none'" in page
    assert "@media print" in page
    assert not any(word in page for word in ("<script", 'http-equiv="refresh', "src=", "@import", "url("))


def test_records_of_other_days_are_hashes(folder: Path, made: Month) -> None:
    shown = b"".join(path.read_bytes() for path in sorted((folder / "record").iterdir()))
    days = {line[16:26].decode() for line in shown.splitlines() if line.startswith(b'{"v":1,"time":"')}
    times = {json.loads(line)["time"][:10] for line in shown.splitlines() if b'"event":"end"' in line}
    assert times <= {each["day"] for each in read(folder, "laws")["days"]}
    assert days
    assert read(folder, "record")["hashed"] > 0
    hidden = made.folder / "hidden"
    assert made.make(hidden, "--without-records").returncode == 0
    assert not [path for path in (hidden / "record").iterdir() if b'"request"' in path.read_bytes()]


def test_the_page_says_with_which_key_the_folder_was_signed(folder: Path) -> None:
    page = (folder / "index.html").read_text("utf-8")
    assert f"Signed with the key whose SHA-256 is {hashlib.sha256(public('office')).hexdigest()}" in page


def test_a_request_without_an_answer_is_neither_an_answer_nor_a_bypass(tmp_path: Path) -> None:
    made = month(tmp_path, days=range(3), prune=False)
    before = json.loads(made.make(tmp_path / "before", "--format", "json", record=["audit.jsonl"]).stdout)
    moment = FIRST + timedelta(days=3)
    with at(moment):
        server = open_log(tmp_path / "audit.jsonl", "old")
    for status, more in ((401, {}), (502, {"digest": made.digests[0]}), (200, {})):
        end = {"v": 1, "time": moment.isoformat(), "mono": 1, "request": f"{status}", "event": "end", "status": status}
        with at(moment):
            assert server.append([json.dumps({**end, **more}).encode() + b"\n"])
    with at(moment):
        server.close()
    done = made.make(tmp_path / "out", "--format", "json", record=["audit.jsonl"])
    said = json.loads(done.stdout)
    assert (said["requests"], said["answers"]) == (before["requests"] + 3, before["answers"] + 1)
    assert read(tmp_path / "out", "counts")["no_answer"] == {"401": 1, "502": 1}
    assert read(tmp_path / "out", "failures")["without_policy"] == {"answers": 1}
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert f"{said['requests']} requests ended: {said['answers']} got an answer; 2 got none" in page
    assert "in how many answers" not in page
    bypasses = page.partition("<caption>Bypasses")[2].partition("</table>")[0]
    assert "without policy" in bypasses
    assert "problems" not in bypasses
    office, old = ({hashlib.sha256(public(name)).hexdigest(): public(name)} for name in ("office", "old"))
    assert verified(tmp_path / "out", Given(office, old)).problems == []


@pytest.mark.parametrize(
    ("days", "lacks"), [(range(3, 6), "begins on {3}"), (range(-9, 3), "ends, with its last checkpoint, on {2}")]
)
def test_what_the_days_lack_is_on_the_page(tmp_path: Path, days: range, lacks: str) -> None:
    made = month(tmp_path, days=days, prune=False)
    done = made.make(tmp_path / "out", record=["audit.jsonl"])
    assert done.returncode == 0, done.stdout
    said = "The record in this folder " + re.sub(
        r"\{(\d)\}", lambda day: (FIRST + timedelta(days=int(day[1]))).date().isoformat(), lacks
    )
    assert said in done.stdout
    assert said in (tmp_path / "out" / "index.html").read_text("utf-8")


def test_a_policy_or_a_file_that_is_not_named_is_a_problem(made: Month) -> None:
    first, _ = made.digests
    done = made.make(made.folder / "less", policy=["policy-2.bundle"])
    day = (FIRST + timedelta(days=3)).date().isoformat()  # the records of three days were deleted
    assert done.returncode == 1
    assert f"error[policy-unknown] {day}: the policy {first}" in done.stdout
    assert f"name the bundle that was in force on {day} with --policy" in done.stdout
    done = made.make(made.folder / "later", "--format", "json", record=["audit.jsonl"])
    assert done.returncode == 1
    assert [each["code"] for each in json.loads(done.stdout)["problems"]] == ["record-start"]


def test_a_folder_that_an_option_took_is_asked_for(made: Month) -> None:
    words = ("evidence", "--from", "2026-11-01", "--to", "2026-11-02", "--policy", "policy-1.bundle", "out3")
    done = run_here(*words, cwd=made.folder)
    assert done.returncode == 2
    assert "OUT, the folder to write, is not named" in done.stderr
    assert "write `-- OUT`" in done.stderr


def test_what_is_wrong_is_written_and_said(made: Month, tmp_path: Path) -> None:
    for path in made.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    log = tmp_path / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"verdict":"withhold"', b'"verdict":"pass"', 1))
    spoiled = Month(tmp_path, made.answers, made.digests)
    done = spoiled.make(tmp_path / "out", "--format", "json")
    assert done.returncode == 1
    assert {each["code"] for each in json.loads(done.stdout)["problems"]} == {"record-chain", "record-checkpoint"}
    assert read(tmp_path / "out", "record")["problems"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2026-11-02", "--to", "2026-11-01", "out2"), "--from is after --to"),
        (("--from", "2026-11-01", "--to", "2026-11-01", "out2"), "no key is named"),
        (("--from", "x", "--to", "2026-11-01", "out2"), "is not a date"),
    ],
)
def test_wrong_usage_has_a_way_out(made: Month, words: tuple[str, ...], said: str) -> None:
    done = run_here("evidence", *words, "--format", "json", cwd=made.folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert json.loads(done.stdout)["ok"] is False
    assert not (made.folder / "out2").exists()


def test_a_folder_is_written_whole_or_not_at_all(made: Month, folder: Path) -> None:
    done = made.make(folder)
    assert done.returncode == 2
    assert "not an empty folder" in done.stderr
    done = made.make(made.folder / "half", "--objections", "audit.jsonl")
    assert done.returncode == 2
    assert not (made.folder / "half").exists()
    assert not [path for path in made.folder.iterdir() if path.name.startswith(".")]


@pytest.mark.server
def test_a_server_that_does_not_answer_is_not_evidence(made: Month) -> None:
    done = made.make(made.folder / "none", "--server", "http://127.0.0.1:1")
    assert done.returncode != 0
    assert "cannot be tested" in done.stderr
    assert not (made.folder / "none").exists()
