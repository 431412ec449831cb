"""`ordinance-verify`, where there is nothing but it: evidence of a month, and every way of editing it."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ordinance.record.links import new_chain
from ordinance.record.segment import Segment
from ordinance.record.series import next_checkpoint
from ordinance.trust import strict_json
from ordinance.trust.detached import Signer
from ordinance_verify.command import main
from ordinance_verify.folder import compare
from ordinance_verify.policies import read_root
from ordinance_verify.problems import CODES, Report
from ordinance_verify.record import Chains
from ordinance_verify.verification import Given
from ordinance_verify.verification import verify as verified
from support.bundles import ROOT, key, make_root, public, public_pem, sign_root, write_keys
from support.edits import INSIDE, WAYS, content, count_again, edited, sign_again
from support.evidences import FIRST, LAST, VERIFIER, Month, month, verify

#: How many edits are tried.
EDITS = int(os.environ.get("EVIDENCE_EDITS", "1000"))
SIGNED_EDITS = EDITS // 16

KEYS = {name: {sha256(public(name)).hexdigest(): public(name)} for name in ("office", "old", "new", "marks")}
GIVEN = Given(KEYS["office"], KEYS["old"] | KEYS["new"], read_root(ROOT, "root"))
#: What whoever signs the evidence says, and nothing in the folder shows.
SAID = {"index.html", "manifest.json", "doctor.json", "objections.json", "sbom.cdx.json", "keys.json", "record.json",
        "laws.json", "policies.json"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(made: Month) -> Path:
    assert made.make(made.folder / "out" / "evidence").returncode == 2  # no folder to write it in
    (made.folder / "out").mkdir()
    done = made.make(made.folder / "out" / "evidence")
    assert done.returncode == 0, done.stderr
    return made.folder / "out" / "evidence"


def codes(report: Report) -> set[str]:
    found = {each.code for each in report.problems}
    assert found <= CODES.keys()
    return found


@pytest.mark.server
def test_it_verifies_where_nothing_of_ordinance_can_be_imported(made: Month, folder: Path) -> None:
    done = verify(folder, made.folder, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["ok"], said["problems"]) == (True, [])
    assert said["notes"] == [{"code": "record-hidden", "where": "record"}]
    assert (said["days"], said["checkpoint"] > 20) == ([FIRST.date().isoformat(), LAST.date().isoformat()], True)
    with edited(folder, WAYS[0], Random(1)) as changed:
        assert changed
        done = verify(folder, made.folder, "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem.keys() == {"code", "where"}


def test_it_imports_the_standard_library_and_cryptography() -> None:
    allowed = sys.stdlib_module_names | {"cryptography", "ordinance_verify"}
    for path in (VERIFIER / "ordinance_verify").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.partition(".")[0] not in allowed], path


@pytest.mark.slow
def test_every_edit_is_found(folder: Path) -> None:
    """By somebody without a key: 1,000 of 1,000, each from its own seed."""
    tried: Counter[str] = Counter()
    missed = []
    before = content(folder)
    for seed in range(EDITS):
        chance = Random(seed)
        way = chance.choice(WAYS)
        with edited(folder, way, chance, before) as changed:
            report = verified(folder, GIVEN)
            if changed:
                tried[way.__name__] += 1
                if not codes(report):
                    missed.append((seed, way.__name__))
    assert missed == []
    assert tried.total() > 0.97 * EDITS, tried
    assert tried.keys() == {way.__name__ for way in WAYS}
    assert verified(folder, GIVEN).problems == []


@pytest.mark.slow
def test_edits_that_the_office_signs_are_found_too(folder: Path) -> None:
    """By whoever has the key of the evidence, and neither that of the record nor those of the policy."""
    missed, tried, before = [], 0, content(folder)
    for seed in range(SIGNED_EDITS):
        chance = Random(seed)
        way = chance.choice(INSIDE)
        with edited(folder, way, chance, before) as changed:
            if changed <= SAID or "manifest.json" in changed:
                continue
            tried += 1
            sign_again(folder)
            if not codes(verified(folder, GIVEN)):
                missed.append((seed, way.__name__, sorted(changed)))
    assert missed == []
    assert tried > SIGNED_EDITS / 4


#: What somebody with the key of the evidence would like to hide, and what is found.
FORGERIES = {
    "an answer fewer in the counts": ("counts.json", b'"answers":', b'"answers":1', "section-differs"),
    "a request without an answer": ("counts.json", b'"no_answer":{', b'"no_answer":{"401":1', "section-differs"),
    "a count that is no number": ("counts.json", b'"requests":1}', b'"requests":true}', "section-differs"),
    "a failure fewer": ("failures.json", b'"late":', b'"late":1', "section-differs"),
    "another law in force": ("laws.json", b'["XA/act"]', b"[]", "section-differs"),
    "a policy nobody knows": ("policies.json", b'"digest":"', b'"digest":"0', "section-form"),
    "another signer": ("changes.json", b"gerd", b"otto", "section-differs"),
    "a plugin that did not take part": ("parts.json", b"ordinance-example", b"ordinance-xample", "section-differs"),
    "another pack": ("policies.json", b'"name":"XA"', b'"name":"XB"', "section-differs"),
    "a phrase fewer": (
        "policy/2/packs/jurisdictions/XA/lexicons/words.txt",
        b"a further phrase\n",
        b"",
        "policy-digest",
    ),
    "another key of the record": ("keys.json", b'"public":"', b'"public":"0', "section-form"),
    "fewer records": ("record.json", b'"records":', b'"records":1', "section-differs"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_by_whoever_signs_has_a_code(folder: Path, name: str) -> None:
    file, old, new, code = FORGERIES[name]

    def forge(folder: Path, _: Random) -> None:
        data = (folder / file).read_bytes()
        assert old in data
        (folder / file).write_bytes(data.replace(old, new, 1))
        sign_again(folder)

    with edited(folder, forge, Random(0)):
        assert code in codes(verified(folder, GIVEN))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"seal": None}, "policy-digest"),
        ({"bundle": False}, "section-form"),
        ({"verified": "yes"}, "section-form"),
        ({"digest": "0" * 64}, "section-form"),
        ({"problems": [{"code": "bundle-expired", "where": "x"}]}, "policy-wrong"),
        ({"statements": []}, "section-differs"),
    ],
)
def test_what_is_said_of_a_policy_is_held_against_its_files(folder: Path, change: dict[str, Any], code: str) -> None:
    def forge(folder: Path, _: Random) -> None:
        told = json.loads((folder / "policies.json").read_bytes())
        told[1] |= change
        (folder / "policies.json").write_bytes(strict_json.encode(told))
        sign_again(folder)

    with edited(folder, forge, Random(0)):
        assert code in codes(verified(folder, GIVEN))


def test_nobody_can_be_said_to_have_approved_what_they_did_not(folder: Path) -> None:
    def forge(folder: Path, _: Random) -> None:
        told = json.loads((folder / "changes.json").read_bytes())
        told[1]["approved_by"] |= told[1]["signed_before"]
        told[1]["signed_before"] = {}
        (folder / "changes.json").write_bytes(strict_json.encode(told))
        sign_again(folder)

    with edited(folder, forge, Random(0)):
        assert codes(verified(folder, GIVEN)) == {"section-differs"}


@pytest.mark.parametrize("words", [(), ("--without-records",)])
@pytest.mark.parametrize("days", [range(3, 6), range(31, 34)])
def test_a_record_that_begins_after_the_first_day_is_noted(tmp_path: Path, days: range, words: tuple[str, ...]) -> None:
    made = month(tmp_path, days=days, prune=False)
    assert made.make(tmp_path / "out", *words, record=["audit.jsonl"]).returncode == 0
    report = verified(tmp_path / "out", GIVEN)
    begins = (FIRST + timedelta(days=days[0])).date()
    assert report.problems == []
    assert [each.what for each in report.notes if each.code == "record-start"] == [
        f"the record in this folder begins on {begins} at 01:00:00 UTC: nothing before is shown"
    ]
    day_before = begins - timedelta(days=1)
    assert codes(verified(tmp_path / "out", replace(GIVEN, begun=begins))) == set()
    assert codes(verified(tmp_path / "out", replace(GIVEN, begun=day_before))) == {"record-start"}


def test_what_the_folder_says_of_its_begin_is_held_against_the_record(folder: Path) -> None:
    def forge(folder: Path, _: Random) -> None:
        told = json.loads((folder / "record.json").read_bytes())
        (folder / "record.json").write_bytes(strict_json.encode({**told, "begins": "2020-01-01T00:00:00Z"}))
        sign_again(folder)

    with edited(folder, forge, Random(0)):
        assert codes(verified(folder, GIVEN)) == {"section-differs"}


def test_a_record_that_is_shown_as_a_hash_to_hide_it_is_found(folder: Path) -> None:
    def hide(folder: Path, _: Random) -> None:
        path = folder / "record" / "2.jsonl"
        lines = path.read_bytes().splitlines()
        at = next(n for n in range(len(lines) // 3, len(lines)) if b'"event":"end"' in lines[n])
        lines[at] = without(lines[at], b'"hashed"')
        path.write_bytes(b"\n".join(lines) + b"\n")
        sign_again(folder)

    with edited(folder, hide, Random(0)):
        found = codes(verified(folder, GIVEN))
    assert {"record-hidden", "section-differs"} <= found
    assert "record-chain" not in found


@pytest.mark.parametrize("name", ["laws.json", "record/2.jsonl", "policy/1/policy.json"])
def test_what_is_changed_while_it_is_verified_is_found(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was compared with the manifest, and before it is read for what it says."""

    def compared(*words: Any) -> Any:
        found = compare(*words)
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data.replace(b'"title":"', b'"title":"Another '))
        if name != "laws.json":
            (folder / name).write_bytes(data + b"\n")
        return found

    def nothing(folder: Path, _: Random) -> None:
        monkeypatch.setattr("ordinance_verify.verification.compare", compared)

    with edited(folder, nothing, Random(0)):
        assert "file-changed" in codes(verified(folder, GIVEN))


def test_records_that_a_server_could_not_sign_any_more_are_noted(tmp_path: Path) -> None:
    """At the end of a file that was moved away: whoever signs the evidence could leave them out, or make them up."""
    write_keys(tmp_path, "old")
    signer, first, second = Signer(tmp_path / "old.pem"), new_chain(), new_chain()
    record, _ = first.after(b'{"v":1,"time":"2026-11-01T10:00:00+00:00","event":"begin"}')
    one = next_checkpoint(b"", Segment(), first, signer, opens=first.chain)
    two = next_checkpoint(one, Segment(), second, signer, opens=second.chain, gap=True)
    for lines, noted in (([one, record], True), ([one], False)):
        report = Report()
        span = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
        chains = Chains(KEYS["old"], *span, lambda *_: None, report, whole=True)
        for number, each in enumerate((lines, [two])):
            path = tmp_path / f"{number}.jsonl"
            path.write_bytes(b"".join(each))
            chains.file(path, path.name, sha256(path.read_bytes()).hexdigest())
        chains.end(0)
        assert report.problems == []
        assert ("record-unsigned" in {each.code for each in report.notes}) is noted


def without(line: bytes, event: bytes) -> bytes:
    """Return what is left of a record when the line for an ``event`` stands in its place."""
    body, _unused, chain = line.rpartition(b',"chain":{')
    salt = bytes.fromhex(json.loads(b"{" + chain[:-1])["salt"])
    digest = sha256(salt + body + b"}").hexdigest().encode()
    return b'{"v":1,"event":%b,"hash":"%b","chain":{%b}}' % (event, digest, chain.partition(b',"salt"')[0])


@pytest.mark.parametrize("number", [1, 2])
def test_a_record_that_is_said_to_have_been_deleted_with_others_is_found(folder: Path, number: int) -> None:
    """The deletion is one that somebody with the record's key signed; some of its records are outside these days."""

    def hide(folder: Path, _: Random) -> None:
        path = folder / "record" / f"{number}.jsonl"
        lines = path.read_bytes().splitlines()
        deletion = json.loads(lines[0])["id"].encode()
        at = next(n for n in range(len(lines) // 3, len(lines)) if b'"event":"end"' in lines[n])
        lines[at] = without(lines[at], b'"deleted","deletion":"%b"' % deletion)
        path.write_bytes(b"\n".join(lines) + b"\n")
        count_again(folder)

    with edited(folder, hide, Random(0)):
        assert codes(verified(folder, GIVEN)) == {"record-deletion"}


@pytest.mark.parametrize("file", ["record/1.jsonl", "record/2.jsonl"])
def test_a_record_that_begins_later_or_ends_earlier_is_found(folder: Path, file: str) -> None:
    def shorten(folder: Path, _: Random) -> None:
        path = folder / file
        lines = path.read_bytes().splitlines(keepends=True)
        signs = [n for n, line in enumerate(lines) if b'"event":"checkpoint"' in line]
        path.write_bytes(b"".join(lines[signs[9] :] if "1" in file else lines[: signs[9] + 1]))
        sign_again(folder)

    with edited(folder, shorten, Random(0)):
        found = codes(verified(folder, GIVEN))
    assert ("record-start" if "1" in file else "section-differs") in found


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Given(KEYS["new"], KEYS["old"] | KEYS["new"]), "manifest-signature"),
        (Given(KEYS["office"], KEYS["new"]), "record-signature"),
        (Given(KEYS["office"], KEYS["office"]), "record-signature"),
        (Given(GIVEN.keys, GIVEN.record, None, public("marks")), "mark-key"),
        (Given(GIVEN.keys, GIVEN.record, None, None, 100_000), "record-end"),
        (Given(GIVEN.keys, GIVEN.record, read_root(sign_root(make_root(), "anna"), "r")), "policy-signatures"),
        (
            Given(GIVEN.keys, GIVEN.record, read_root(sign_root(make_root(least={"release": 2}), "anna", "ben"), "r")),
            "policy-root",
        ),
    ],
)
def test_keys_and_roots_are_those_of_whoever_verifies(folder: Path, given: Given, code: str) -> None:
    assert code in codes(verified(folder, given))


def test_hashes_alone_verify_and_nothing_is_said_to_be_counted(made: Month, folder: Path) -> None:
    hidden = made.folder / "out" / "hidden"
    assert made.make(hidden, "--without-records").returncode == 0
    report = verified(hidden, GIVEN)
    assert report.problems == []
    assert {each.code for each in report.notes} == {"counts-unverified"}


def test_what_it_says_of_every_problem_is_in_its_manual() -> None:
    manual = (VERIFIER / "README.md").read_text("utf-8")
    for code, means in CODES.items():
        assert f"| `{code}` | {means} |" in manual


def run(folder: Path, *words: str | Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main([str(folder), *map(str, words)])
    shown = capsys.readouterr()
    assert shown.err == ""
    return code, shown.out


def test_what_cannot_be_read_is_exit_code_2(made: Month, folder: Path, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    office = ("--key", made.folder / "office.pub", "--format", "json")
    for place in (tmp_path / "nowhere", tmp_path, folder / "index.html"):
        code, said = run(place, *office, capsys=capsys)
        assert (code, json.loads(said)["problems"][0]["code"]) == (2, "folder-unreadable")
    for name in ("office.pem", "root.json", "nothing"):
        code, said = run(folder, "--key", made.folder / name, capsys=capsys)
        assert (code, "error[key-unreadable]" in said) == (2, True)
    code, said = run(folder, *office, "--root", made.folder / "office.pub", capsys=capsys)
    assert code == 2
    (tmp_path / "rsa.pub").write_bytes(public_pem("office").replace(b"MCow", b"MCox"))
    assert run(folder, "--key", tmp_path / "rsa.pub", capsys=capsys)[0] == 2
    assert key("office")
    for day in ("2026-13-01", "x"):
        with pytest.raises(SystemExit):
            main([str(folder), "--key", "k", "--begun", day])
    assert "is not a day such as 2026-11-01" in capsys.readouterr().err
