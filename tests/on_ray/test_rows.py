"""Bulk text on a real Ray: with one worker, with two, and with one of two killed on the way, the same rows come out."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ordinance.batch.ray import Govern
from support.ray_jobs import PATIENCE, Job, running
from support.waiting import until

pytestmark = pytest.mark.server

CANARY = "ordinance-canary-86a-5d21e8"
FILES, EACH = 30, 40
WORKER = "ray::MapWorker"


def lines(folder: Path) -> list[str]:
    """What is written; a file that is not whole yet has no end to its last line."""
    texts = [path.read_text("utf-8") for path in folder.rglob("*.json")]
    return [line for text in texts for line in text.splitlines(keepends=True) if line.endswith("\n")]


def written(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(folder)]


def on_the_way(job: Job, folder: Path) -> bool:
    return len(lines(folder)) >= EACH and len(job.processes(WORKER)) == 2


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Answers of some length, of which each tenth contains what DE's law leaves out."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(FILES):
        lines = []
        for place in range(number * EACH, (number + 1) * EACH):
            prose = "".join(
                f"Satz {place * 100 + count} dieser Antwort sagt nichts Besonderes. " for count in range(60)
            )
            answer = prose + (f"Hier steht {CANARY}. " if place % 10 == 0 else "") + "Ende."
            lines.append(json.dumps({"id": place, "prompt": f"Frage {place}", "answer": answer, "secret": CANARY}))
        (folder / f"{number:03}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_nothing_is_lost_and_nothing_twice_when_a_worker_is_killed(rows: Path, tmp_path: Path) -> None:
    found: list[dict[int, dict[str, Any]]] = []
    with running("rows.py", rows, tmp_path / "out", 1, 2, 2) as job:
        for run in range(3):
            folder = Path(job.said()["folder"])
            if run == 2:
                until(partial(on_the_way, job, folder), seconds=PATIENCE)
                job.kill_one(WORKER)
                assert len(lines(folder)) < FILES * EACH, "it was on the way"
            job.said()
            ids = Counter(row["id"] for row in written(folder))
            assert sorted(ids) == list(range(FILES * EACH)), "nothing is lost"
            assert set(ids.values()) == {1}, "nothing is twice"
            found.append({row["id"]: row for row in written(folder)})
    here = Govern(jurisdiction="DE", locale="de-DE", on="2026-11-27")
    for number, row in found[0].items():
        assert set(row) == {"id", "answer", "verdict", "ordinance", "record", "error"}, "nothing else passes"
        assert row["verdict"] == ("withhold" if number % 10 == 0 else "disclose")
        assert CANARY not in json.dumps(row)
        assert [each[number]["answer"] for each in found[1:]] == [row["answer"]] * 2
    first = (rows / "000.jsonl").read_text("utf-8").splitlines()[:12]
    for given in map(json.loads, first):
        assert found[0][given["id"]]["answer"] == here(given)["answer"], "as without Ray"
    records = [json.loads(row["record"])["request"] for row in found[2].values()]
    assert len(set(records)) == len(records) == FILES * EACH, "a record for each row"
