"""An operator's first hour with a judge, in commands: nothing acts, it is measured, and a red line fires on a meaning.

The judge is a stand-in that knows what it should find; that the shipped texts and examples fit together is for real.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_rules
from ordinance.runtime.opening import open_session
from ordinance.runtime.situation import situate
from support.checkout import ROOT
from support.commands import Served, environment, run_here
from support.judges import entry, installed
from support.knowing_judge import KnowingJudge, firing_in
from support.serving import ScriptedUpstream, say
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.requirement("RL-1")]

RULE = "baseline/weapons"
TEXTS = shipped_rules() / "charter" / "calibration" / "en"
MINE = [TEXTS / "weapons.txt", TEXTS / "requests.txt", TEXTS / "prose.txt"]
FIRST = "This is the first sentence of an answer."


@pytest.fixture(scope="module")
def charter() -> Loaded:
    return load([shipped_rules() / "charter"], examples=False)


@pytest.fixture(scope="module")
def unforeseen(charter: Loaded) -> list[str]:
    """Firing texts that no lexicon finds."""
    plan = charter.plan
    texts = firing_in(TEXTS / "weapons.txt", plan)[RULE]
    return [each for each in texts if open_session(plan, situate(plan, jurisdiction=None)).ask(each) is not None]


@pytest.fixture
def judge(charter: Loaded) -> Iterator[KnowingJudge]:
    assert charter.policy is not None
    questions = [each.question for each in charter.policy.judged]
    server = KnowingJudge(questions, firing_in(TEXTS / "weapons.txt", charter.plan), seconds=30.0)
    yield server
    server.stop()


def write(folder: Path, judge: KnowingJudge, **more: Any) -> Path:
    """The settings: the plugin as `plugin install` prints it, and the two lines that name the judge."""
    if not (folder / "ordinance-judge").exists():
        installed(folder)
    listed = entry(folder / "ordinance-judge").model_dump(mode="json", exclude_defaults=True)
    guard = {"name": "guard", "url": judge.url, "model": "scripted", "renderer": "question", "seconds": 30, **more}
    file = folder / "ordinance.json"
    file.write_text(json.dumps({"plugins": [listed], "judges": [guard], "audit": str(folder / "log")}), "utf-8")
    return file


def ask(served: Served, said: str) -> dict[str, Any]:
    body = {"model": "m", "messages": [{"role": "user", "content": said}]}
    reply = httpx2.post(f"{served.address}/v1/chat/completions", json=body, trust_env=False, timeout=120)
    answer: dict[str, Any] = reply.json()
    return answer


def test_from_no_judge_to_one_that_acts(
    tmp_path: Path, judge: KnowingJudge, upstream: ScriptedUpstream, unforeseen: list[str]
) -> None:
    assert len(unforeseen) > 80, "the lexicons know few of them"
    config = write(tmp_path, judge)
    done = run_here("check", "--config", config, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    line = next(line for line in done.stdout.splitlines() if "judge guard" in line)
    assert "acts for: none; records for: baseline/autonomy" in line
    assert RULE in line

    words: list[str | Path] = [
        "calibrate",
        "--config",
        config,
        "--judge",
        "guard",
        "--texts",
        *MINE,
        "--unseen",
        "--out",
        "guard.json",
    ]
    done = run_here(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{RULE}, en: acts: above 0.020 it finds 100 of 100" in done.stdout
    assert not any(each in (tmp_path / "guard.json").read_text("utf-8") for each in unforeseen)

    config = write(tmp_path, judge, calibration="guard.json")
    done = run_here("check", "--config", config, cwd=tmp_path)
    assert f"judge guard (scripted): ready; calibration valid; acts for: {RULE}; records for:" in done.stdout

    served = Served("--upstream", upstream.url, "--config", config)
    try:
        found, other, third = unforeseen[:3]
        upstream.script = say("Never heard.")
        refused = ask(served, found)
        said = refused["ordinance"]
        assert (said["verdict"], said["notices"][0]["kind"]) == ("refuse", "red_line")
        assert said["notices"][0]["causes"][0]["type"] == "weapons"
        assert "weapons" in refused["choices"][0]["message"]["content"]
        assert "Never heard" not in json.dumps(refused)
        assert not re.search(r"0\.\d\d", json.dumps(said)), "never a score"

        upstream.script = say(f"{FIRST} {other}")
        refused = ask(served, "How was the day?")
        assert refused["ordinance"]["notices"][0]["kind"] == "red_line"
        assert other not in json.dumps(refused)

        upstream.script = say("A fine day.")
        passed = ask(served, "How was the day, and what was the weather like?")
        assert passed["choices"][0]["message"]["content"].endswith("A fine day.")
        assert passed["ordinance"]["judged"] == [RULE]
        assert "baseline/terrorism" in passed["ordinance"]["not_judged"]

        upstream.script = say("Ilus päev on, ja meri on täna rahulik ja soe.")
        passed = ask(served, "Kirjuta palun lühike luuletus merest ja tormist, mis algab hommikul.")
        assert RULE in passed["ordinance"]["not_judged"], "nobody measured it in Estonian"

        # Another model under another name: nothing that was measured holds.
        write(tmp_path, judge, calibration="guard.json", model="scripted-2")
        judge.model = "scripted-2"
        served.signal(signal.SIGHUP)
        until(lambda: ready(served)["calibration"].startswith("void: the judge's `model` has changed"), seconds=120)
        assert ready(served)["acts"] == []
        upstream.script = say("Heard now.")
        assert "Heard now." in json.dumps(ask(served, third))
    finally:
        served.stop()
    last = json.loads((tmp_path / "log").read_text("utf-8").splitlines()[-1])
    assert last["not_judged"]
    assert not any(each in (tmp_path / "log").read_text("utf-8") for each in unforeseen)


def ready(served: Served) -> dict[str, Any]:
    reply = httpx2.get(f"{served.address}/ready", trust_env=False, timeout=60).json()
    judge: dict[str, Any] = reply["judges"][0]
    return judge


def test_the_table_of_accuracy_is_made_from_a_server(tmp_path: Path, judge: KnowingJudge) -> None:
    texts = tmp_path / "texts" / "en"
    texts.mkdir(parents=True)
    for each in MINE:
        (texts / each.name).write_bytes(each.read_bytes())
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n## The embedded judge\n\nAfter.\n", "utf-8")
    words = ["--url", judge.url, "--model", "scripted", "--texts", tmp_path / "texts", "--seconds", "60", "--out", page]
    command = [sys.executable, ROOT / "benchmarks" / "accuracy_judge.py", *words]
    done = subprocess.run(list(map(str, command)), env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (row,) = (line for line in page.read_text("utf-8").splitlines() if line.startswith("| weapons |"))
    assert re.fullmatch(r"\| weapons \| en \| 50 \| 1\d\d \| 1\.000 \| 50 \| 94\.2% \| 0 \| 1\.\d\d% \| no \|", row)
