"""``ordinance replay`` from outside: two policies, the same traffic, and what became of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.commands import run, run_here
from support.packs import JURISDICTION, write_charter, write_jurisdiction

LINES: list[Any] = [
    {"id": "plain", "answer": "Berlin is the capital.", "locale": "en"},
    {"id": "code", "answer": "Take x123. Bye.", "locale": "en", "situation": {"stage": "draft"}},
    {"id": "told", "messages": [{"role": "user", "content": "Hi."}], "answer": "Hello.", "conversation": "c"},
]


WITH_DE = ("--with", "DE")


@pytest.fixture
def traffic(tmp_path: Path) -> Path:
    file = tmp_path / "traffic.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return file


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return policy(tmp_path / "old", JURISDICTION)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The same policy, which looks for other codes."""
    text = JURISDICTION.replace("X[0-9]{3}", "Y[0-9]{3}").replace("see x123", "see y123").replace("x123", "y123")
    return policy(tmp_path / "new", text)


def policy(folder: Path, text: str) -> Path:
    write_charter(folder / "charter")
    write_jurisdiction(folder / "XA", text)
    return folder


def replay(traffic: Path, old: Path, new: Path, *flags: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    return run_here("replay", traffic, "--old", old, "--new", new, "--jurisdiction", "XA", *flags, given=given)


def test_the_same_policy_changes_nothing(traffic: Path, old: Path) -> None:
    done = replay(traffic, old, old, "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["lines"], found["same"], found["changes"]) == (3, 3, [])
    assert found["old"] == found["new"]
    assert found["rules"]["XA/words"] == {"old": 1, "new": 1}
    done = replay(Path("-"), old, old, given=traffic.read_bytes())
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0, "3 lines, 0 looser, 0 stricter, 0 different, 3 the same, 0 unusable",
    )  # fmt: skip


def test_a_rule_that_is_gone_makes_its_line_looser(traffic: Path, old: Path, new: Path) -> None:
    done = replay(traffic, old, new, "--format", "json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    (change,) = found["changes"]
    assert (change["line"], change["id"], change["kind"]) == (2, "code", "looser")
    assert change["verdict"] == {"old": "withhold", "new": "pass"}
    assert change["rules"] == {"gone": ["XA/words"], "added": []}
    back = replay(traffic, new, old)
    assert back.returncode == 0, "stricter is no failure"
    assert back.stdout.splitlines()[0] == 'stricter   line 2 ("code"): pass → withhold  +XA/words'


def test_a_pack_that_ships_is_in_both_policies(traffic: Path, old: Path, new: Path) -> None:
    alone, joined = (json.loads(replay(traffic, old, new, *more, "--format", "json").stdout) for more in ((), WITH_DE))
    assert alone["changes"] == joined["changes"], "what differs is the same"
    assert not {alone[side] for side in ("old", "new")} & {joined[side] for side in ("old", "new")}
    refused = replay(traffic, old, new, "--with", "none")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "'none'" in refused.stderr


def test_no_text_of_a_line_is_in_the_report(traffic: Path, old: Path, new: Path) -> None:
    for form in ("text", "json", "html"):
        done = replay(traffic, old, new, "--format", form)
        assert "code" in done.stdout
        assert not {"x123", "Berlin", "capital"} & set(done.stdout.replace(".", " ").split())
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert "<script" not in done.stdout


def test_a_line_that_cannot_be_used_is_named_and_the_others_are_compared(tmp_path: Path, old: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    file.write_text('{"answer": "One."}\nno JSON\n\n{"answer": "Two."}\n')
    done = replay(file, old, old, "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["unusable"] == 1
    assert json.loads(done.stdout)["same"] == 2
    assert done.stderr.startswith("ordinance: line 2 cannot be used: the line is not JSON")


@pytest.mark.server
def test_as_a_process(traffic: Path, tmp_path: Path, old: Path) -> None:
    done = run("replay", str(tmp_path / "none"), "--old", str(old), "--new", str(old))
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
    done = run("replay", str(traffic), "--old", str(old), "--new", str(tmp_path / "none"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
