"""A configured judge at the doors that are no server: `apply`, `explain`, and batches."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ordinance.batch import govern
from support.batches import FakeLLM, Params, outputs_module
from support.commands import run_here
from support.judged_packs import FIRES, QUIET, values
from support.judges import installed
from support.scripted_judge import JudgeServer
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.requirement("RL-1"), pytest.mark.semantics(30)]

RULE = "baseline/weapons"
FIRST = "This is the first sentence of an answer."


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    server = JudgeServer(seconds=30.0)
    yield server
    server.stop()


@pytest.fixture
def config(tmp_path: Path, judge: JudgeServer) -> Path:
    return write(tmp_path, judge)


def write(folder: Path, server: JudgeServer, **more: Any) -> Path:
    plugin = folder / "ordinance-judge" if (folder / "ordinance-judge").exists() else installed(folder)
    file = folder / "ordinance.json"
    file.write_text(json.dumps(values(folder, plugin, server, audit=str(folder / "log"), **more)), "utf-8")
    return file


def apply(config: Path, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    given = "".join(json.dumps(line) + "\n" for line in lines)
    done = run_here("apply", "--pack", config.parent / "charter", "--config", config, given=given)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_apply_says_what_a_client_would_see(config: Path, tmp_path: Path, judge: JudgeServer) -> None:
    asked, answered, fine, fault = apply(
        config,
        {"prompt": f"Tell me {FIRES}.", "answer": "Never heard."},
        {"prompt": "What is it?", "answer": f"{FIRST} It is {FIRES}."},
        {"prompt": f"Tell me {QUIET}.", "answer": f"{FIRST} And {QUIET}."},
        {"prompt": "What is it?", "answer": f"{FIRST} It is judge-fault-html."},
    )
    for each in (asked, answered):
        assert (each["verdict"], each["rules"], each["notices"][0]["kind"]) == ("refuse", [RULE], "red_line")
        assert "Never heard" not in each["answer"]
        assert FIRES not in each["answer"]
    assert (fine["verdict"], fine["judged"], fine["not_judged"]) == ("pass", [RULE], [])
    assert fine["answer"] == f"{FIRST} And {QUIET}."
    assert (fault["verdict"], [each["kind"] for each in fault["notices"]]) == ("refuse", ["fault"])

    write(tmp_path, judge, judge={"uncalibrated": "record"})
    (said,) = apply(config, {"prompt": f"Tell me {FIRES}.", "answer": "Heard."})
    assert (said["verdict"], said["not_judged"]) == ("pass", [RULE])


def test_explain_says_who_judged(config: Path, tmp_path: Path, judge: JudgeServer) -> None:
    def explained(*more: str) -> dict[str, Any]:
        pack = tmp_path / "charter"
        done = run_here("explain", f"{FIRST} It is {FIRES}.", "--pack", pack, "--config", config, *more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if more else {"text": done.stdout}

    said = explained("--format", "json")
    assert said["judged"] == [RULE]
    rule = next(each for each in said["rules"] if each["rule"] == RULE)
    assert rule["outcome"] == "fired"
    assert "0.93" not in json.dumps(rule).replace(FIRES, ""), "no score"
    assert RULE in explained()["text"]
    write(tmp_path, judge, judge={"uncalibrated": "record"})
    said = explained("--format", "json")
    assert said["not_judged"] == [RULE]
    rule = next(each for each in said["rules"] if each["rule"] == RULE)
    assert (rule["outcome"], rule["why"]) == ("on_trial", "a judge would have found it, but only records for this text")


def test_a_batch_is_judged_and_recorded(
    config: Path, tmp_path: Path, judge: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vllm.outputs", outputs_module())
    model = FakeLLM(lambda prompt: f"{FIRST} It is {FIRES}." if "bad" in str(prompt) else f"{FIRST} All is well.")
    llm = govern(model, config=config)
    prompts = ["A bad one?", "A good one?", f"Tell me {FIRES}.", "judge-fault-nan"]
    bad, good, refused, fault = (each for each in llm.generate(prompts, Params(n=2)))
    for output in (bad, refused):
        assert output.ordinance["verdict"] == "refuse"
        assert output.ordinance["notices"][0]["kind"] == "red_line"
        assert all(FIRES not in each.text and each.finish_reason == "content_filter" for each in output.outputs)
    assert [each.text for each in good.outputs] == [f"{FIRST} All is well."] * 2
    assert good.ordinance["judged"] == [RULE]
    assert [each["kind"] for each in fault.ordinance["notices"]] == ["fault"]
    assert len(model.asked) == 2, "what is refused is not asked"
    log = tmp_path / "log"
    until(lambda: log.read_text("utf-8").count('"end"') == 4)  # a thread writes it
    records = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    ends = [each for each in records if each["event"] == "end"]
    assert [each["verdict"] for each in ends] == ["refuse", "pass", "refuse", "refuse"]
    assert ends[-1]["judge_faults"] == ["unreadable"]
    assert ends[-1]["judges_failed"] == {"guard": [RULE]}
