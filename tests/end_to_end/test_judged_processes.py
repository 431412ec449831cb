"""A judge behind server processes: it comes, changes and goes by SIGHUP in each worker, stops and comes back, or serves
another model."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.commands import Served
from support.judged_packs import FIRES, values
from support.judges import installed
from support.outside import until
from support.scripted_judge import JudgeServer
from support.serving import ScriptedUpstream, say

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.requirement("RL-1")]

#: So many answers say how all workers are.
SEVERAL = 4


@pytest.fixture
def judges() -> Iterator[tuple[JudgeServer, JudgeServer]]:
    pair = JudgeServer(seconds=20.0), JudgeServer(seconds=20.0)
    yield pair
    for each in pair:
        each.stop()


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("judge"))


def write(folder: Path, plugin: Path, server: JudgeServer, **more: Any) -> Path:
    file = folder / "ordinance.json"
    file.write_text(json.dumps(values(folder, plugin, server, audit=str(folder / "log"), **more)), "utf-8")
    return file


def kinds(served: Served, said: str) -> list[str]:
    body = {"model": "m", "messages": [{"role": "user", "content": said}]}
    reply = httpx2.post(f"{served.address}/v1/chat/completions", json=body, trust_env=False, timeout=120)
    return [each["kind"] for each in reply.json()["ordinance"]["notices"]]


def all_say(served: Served, said: str, *wanted: str) -> bool:
    return all(kinds(served, said)[: len(wanted) or None] == [*wanted] for _ in range(SEVERAL))


def ready(served: Served) -> tuple[int, Any]:
    reply = httpx2.get(f"{served.address}/ready", trust_env=False, timeout=60)
    return reply.status_code, reply.json()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_judge_comes_and_changes_with_a_signal(
    upstream: ScriptedUpstream, judges: tuple[JudgeServer, JudgeServer], plugin: Path, tmp_path: Path, workers: str
) -> None:
    upstream.script = say("A fine day.")
    first, second = judges
    config = write(tmp_path, plugin, first, judges=[])
    served = Served("--upstream", upstream.url, "--config", config, "--workers", workers)
    asked = f"Tell me {FIRES}."
    try:
        assert all_say(served, asked)
        write(tmp_path, plugin, first)
        served.signal(signal.SIGHUP)
        until(lambda: all_say(served, asked, "red_line"))
        assert all_say(served, "How are you?")

        write(tmp_path, plugin, second)
        served.signal(signal.SIGHUP)
        until(lambda: len(second.seen) >= 5 * int(workers), "the new judge's canaries")
        until(lambda: all_say(served, asked, "red_line"))
        first.stop()
        assert all_say(served, f"And {FIRES}?", "red_line")
        assert all_say(served, "How are you now?"), "the first judge is not missed"

        write(tmp_path, plugin, second, entry={"by": "nobody.judge"})
        served.signal(signal.SIGHUP)
        until(lambda: all(ready(served)[1]["stale"] for _ in range(SEVERAL)))
        assert all_say(served, asked, "red_line"), "the last good judge stays"
    finally:
        _, errors = served.stop()
    assert "nobody.judge" in errors
    assert "Traceback" not in errors


def test_a_judge_that_stops_and_comes_back_or_serves_another_model(
    upstream: ScriptedUpstream, judges: tuple[JudgeServer, JudgeServer], plugin: Path, tmp_path: Path
) -> None:
    upstream.script = say("A fine day.")
    judge = judges[0]
    config = write(tmp_path, plugin, judge, entry={"seconds": 2.0})
    served = Served("--upstream", upstream.url, "--config", config)
    try:
        until(lambda: ready(served)[0] == 200)
        for fault, model, code in (("hang", "scripted", "late"), ("", "another", "wrong_model")):
            judge.fault, judge.model = fault, model
            assert kinds(served, f"How are you, with {code}?") == ["fault"]
            until(lambda: ready(served)[0] == 503)
            assert ready(served)[1]["judges"][0]["faults"][code] >= 1
            judge.fault, judge.model = "", "scripted"
            until(lambda: ready(served)[0] == 200)
            assert kinds(served, f"How are you after {code}?") == []
            assert kinds(served, f"Tell me {FIRES} after {code}.")[0] == "red_line"
    finally:
        _, errors = served.stop()
    assert "the judge guard failed in an answer, and counts as found, in baseline/weapons" in errors
    ends = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    assert [each["judge_faults"] for each in ends if "judge_faults" in each] == [["late"], ["wrong_model"]]
