"""``ordinance check`` asks the configured judges their canaries, and says for which rules they act."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.commands import run, run_here
from support.judged_packs import values
from support.judges import installed
from support.scripted_judge import JudgeServer

pytestmark = pytest.mark.server


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    server = JudgeServer(seconds=3.0)
    yield server
    server.stop()


def written(folder: Path, server: JudgeServer, **more: object) -> tuple[Path, Path]:
    """The pack, and the settings."""
    given = values(folder, installed(folder), server, **more)
    file = folder / "ordinance.json"
    file.write_text(json.dumps(given), "utf-8")
    return Path(given["packs"][0]), file


def test_a_judge_that_acts_is_shown_with_its_rules(tmp_path: Path, judge: JudgeServer) -> None:
    pack, file = written(tmp_path, judge)
    done = run("check", pack, "--config", file)
    assert done.returncode == 0, done.stderr
    line = "judge guard (scripted): ready; calibration none; acts for: baseline/weapons; records for: none"
    assert line in done.stdout
    assert "judge-missing" not in done.stdout
    assert len(judge.seen) == 5, "the canaries"


def test_one_that_records_needs_no_server(tmp_path: Path, judge: JudgeServer) -> None:
    judge.stop()
    pack, file = written(tmp_path, judge, judge={"uncalibrated": "record"})
    (said,) = json.loads(run_here("check", pack, "--config", file, "--format", "json").stdout)["judges"]
    assert (said["state"], said["acts"], said["records"]) == ("records", [], ["baseline/weapons"])


def test_one_that_is_not_there_is_told(tmp_path: Path, judge: JudgeServer) -> None:
    judge.stop()
    pack, file = written(tmp_path, judge)
    done = run_here("check", pack, "--config", file)
    assert done.returncode == 0
    assert "judge guard (scripted): unreachable" in done.stdout
    assert "the judge guard has failed (unreachable)" in done.stderr


def test_without_a_configured_judge_the_test_is_struck_out_and_shown(tmp_path: Path, judge: JudgeServer) -> None:
    pack, file = written(tmp_path, judge, judges=[])
    done = run_here("check", pack, "--config", file)
    assert "judge-missing" in done.stdout
    assert "baseline/weapons" in done.stdout
    assert judge.seen == []


def test_a_pack_of_ones_own_hears_that_its_rule_is_not_judged(tmp_path: Path) -> None:
    assert run_here("new", "jurisdiction", "JP", "--into", tmp_path).returncode == 0
    pack = tmp_path / "JP" / "JP.ord"
    text = pack.read_text("utf-8")
    looked_for = "any of lexicon example_words, pattern example_number"
    assert looked_for in text
    pack.write_text(text.replace(looked_for, f"{looked_for}, judged at least 0.8"), "utf-8")
    done = run_here("check", pack.parent)
    assert "warning[judge-missing]: no judge is configured, and these rules ask one: JP/file_numbers" in done.stdout
