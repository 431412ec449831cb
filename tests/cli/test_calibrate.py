"""``ordinance calibrate``: a judge over HTTP is measured on labelled texts, and acts by the file that it writes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordinance.detection import Checkpoint, Ruling
from ordinance.judging.calibration import read_calibration
from ordinance.judging.configured import maker
from ordinance.judging.served import ServedJudge
from ordinance.loading.load import load
from ordinance.plugins.allowed import allow
from ordinance.policy.ir import JudgedTest
from ordinance.settings.sources import load as load_settings
from support.commands import run, run_here
from support.judges import entry, installed
from support.packs import CHARTER, write_charter
from support.scripted_judge import JudgeServer

pytestmark = pytest.mark.server

RULE = "baseline/violence"
FIRES = "Please help me with plan number {} against my neighbour: judge-canary-torture-0.9{}."
QUIET = {
    "quiet baseline/violence prompt contrast": "Tell me how play number {} shows a fight: judge-canary-torture-0.1{}.",
    "passes prompt request": "Please write a friendly letter number {} to my landlord.",
    "passes prompt prose": "The council met on evening number {} and decided about the new library.",
}


def texts(firing: int, quiet: int, *, marked: bool = False) -> str:
    """``quiet`` of each kind."""

    def mark(number: int) -> str:
        return " kept_out" if marked and number % 2 else ""

    heads = {"fires baseline/violence prompt": (FIRES, firing)} | {head: (text, quiet) for head, text in QUIET.items()}
    made = [
        f"{head}{mark(number)}\n  {text.format(number, number % 10)}\n"
        for head, (text, count) in heads.items()
        for number in range(count)
    ]
    return "".join(made)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("judge"))


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    server = JudgeServer()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path, plugin: Path, judge: JudgeServer) -> Path:
    """A folder with a judged charter, whose firing examples the scripted judge finds, and settings."""
    charter = CHARTER.replace("has lexicon violence", "has any of lexicon violence, judged at least 0.8", 1)
    before, rule, after = re.split(
        r"(?<=red line 1\.1 violence \{)(.*?)(?=\n  \}\n)", charter, maxsplit=1, flags=re.DOTALL
    )
    found = re.sub(r'(example fires \w+ "[^"]*)"', r'\1 judge-canary-torture-0.97"', rule)
    charter = before + found + after
    write_charter(tmp_path / "rules", charter)
    write_settings(tmp_path, plugin, judge)
    return tmp_path


def write_settings(folder: Path, plugin: Path, judge: JudgeServer, **more: object) -> None:
    listed = json.loads(entry(plugin).model_dump_json(exclude_defaults=True))
    guard = {"name": "guard", "url": judge.url, "model": "scripted", "renderer": "question", "seconds": 5, **more}
    (folder / "ordinance.yaml").write_text(json.dumps({"plugins": [listed], "judges": [guard]}), "utf-8")


def words(folder: Path, *more: str) -> list[str]:
    return ["calibrate", "rules", "--config", "ordinance.yaml", "--judge", "guard", "--texts", *more]


@pytest.mark.slow
def test_a_judge_is_measured_and_acts_by_the_file(folder: Path, plugin: Path, judge: JudgeServer) -> None:
    (folder / "ours.txt").write_text(texts(100, 100), "utf-8")
    done = run(*words(folder, "ours.txt", "--out", "guard.json"), cwd=folder)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "baseline/violence, en: acts: above 0.190 it finds 100 of 100 (at least 97%), with 0 of 300 false alarms "
            "(at most 0.99%); AUC 1.000",
            "written: guard.json, guard.svg",
        ],
    )
    assert done.stderr.splitlines()[-1] == "ordinance: guard: 400 of 400 scored"
    assert "neighbour" not in (folder / "guard.json").read_text() + (folder / "guard.svg").read_text()
    assert (folder / "guard.svg").read_text().startswith("<svg ")

    write_settings(folder, plugin, judge, calibration="guard.json")
    guard = configured(folder)
    assert guard.standing.calibrated == "valid"
    assert guard.may_act(RULE)
    questions = [each.question for each in policy(folder)]
    (fires,) = guard.ask(questions, Checkpoint("Please help me against my neighbour: judge-canary-torture-0.95."))
    (quiet,) = guard.ask(questions, Checkpoint("Please tell me about the old play: judge-canary-torture-0.19."))
    assert fires.acts
    assert fires.probability >= 0.8
    assert quiet == Ruling(0.0, True)
    (foreign,) = guard.ask(questions, Checkpoint("Kirjuta palun lühike luuletus merest: judge-canary-torture-0.95."))
    assert foreign.acts  # mixed with English letters: undecided, so the strictest
    (estonian,) = guard.ask(questions, Checkpoint("Kirjuta palun lühike luuletus merest ja tormist."))
    assert not estonian.acts


def test_the_same_texts_and_scores_give_the_same_bytes(folder: Path) -> None:
    (folder / "ours.txt").write_text(texts(6, 6), "utf-8")
    for name, at_once in (("one", "1"), ("two", "8")):
        out = f"{name}.json"
        done = run_here(*words(folder, "ours.txt", "--out", out, "--at-once", at_once), cwd=folder)
        assert done.returncode == 0
    for ending in ("json", "svg"):
        assert (folder / f"one.{ending}").read_bytes() == (folder / f"two.{ending}").read_bytes()


def test_another_model_and_another_question_void_it(folder: Path, plugin: Path, judge: JudgeServer) -> None:
    (folder / "ours.txt").write_text(texts(4, 4), "utf-8")
    assert run_here(*words(folder, "ours.txt", "--out", "guard.json"), cwd=folder).returncode == 0
    write_settings(folder, plugin, judge, calibration="guard.json", model="scripted-2")
    assert configured(folder).standing.calibrated == "void: the judge's `model` has changed since it was calibrated"
    write_settings(folder, plugin, judge, calibration="guard.json")
    pack = folder / "rules" / "charter.ord"
    text = pack.read_text("utf-8")
    means = re.search(r'means (?:\{\s+en )? *"', text)
    assert means is not None
    pack.write_text(text.replace(means[0], f"{means[0]}Truly: ", 1), "utf-8")
    said = configured(folder).standing.calibrated
    assert said == "void: the question of baseline/violence has changed since the judge was calibrated"


def test_texts_without_harmless_requests_are_refused_before_anything_is_asked(folder: Path, judge: JudgeServer) -> None:
    text = texts(4, 4).replace("passes prompt request", "passes prompt prose")
    (folder / "ours.txt").write_text(text, "utf-8")
    done = run_here(*words(folder, "ours.txt"), cwd=folder)
    assert done.returncode == 1
    assert "error[texts-requests]: baseline/violence in en: there are no harmless requests." in done.stderr
    assert "nothing was written: 1 problem in the texts" in done.stderr
    assert not judge.seen
    assert not list(folder.glob("*.json"))


def test_marked_texts_alone_measure_and_the_reason_is_said(folder: Path) -> None:
    (folder / "ours.txt").write_text(texts(6, 6, marked=True), "utf-8")
    done = run_here(*words(folder, "ours.txt"), cwd=folder)
    assert done.returncode == 0
    assert "baseline/violence, en: records: above" in done.stdout
    assert "  9 quiet texts were measured; 300 are needed" in done.stdout
    assert "  only texts marked `kept_out` were measured; see --unseen" in done.stdout
    assert "written: guard.calibration.json, guard.calibration.svg" in done.stdout
    assert run_here(*words(folder, "ours.txt", "--unseen", "--out", "all.json"), cwd=folder).returncode == 0
    assert read_calibration(folder / "all.json").unseen


def test_a_judge_that_fails_writes_nothing(folder: Path, judge: JudgeServer) -> None:
    (folder / "ours.txt").write_text(texts(4, 4).replace("letter number 2", "letter judge-fault-html"), "utf-8")
    done = run_here(*words(folder, "ours.txt"), cwd=folder)
    assert done.returncode == 1
    assert "error[judge-score]: the judge guard gave no score for ours.txt:" in done.stderr
    assert "(unreadable)" in done.stderr
    assert "landlord" not in done.stderr + done.stdout
    assert not list(folder.glob("*.json"))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--judge", "gaurd"], 2, "Did you mean `guard`?"),
        (["--texts", "none.txt"], 2, "error[unreadable]: none.txt: there is no such file."),
        (["--out", "guard.svg"], 2, "error[usage]: `--out` names the JSON file"),
        (["--out", "no/such/folder.json"], 2, "error[unwritable]"),
        (["--at-once", "0"], 2, "error[usage]"),
    ],
)
def test_wrong_usage_says_what_to_write(folder: Path, more: list[str], code: int, said: str) -> None:
    (folder / "ours.txt").write_text(texts(2, 2), "utf-8")
    done = run_here(*words(folder, "ours.txt"), *more, cwd=folder)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_packs_and_settings_without_a_judge_say_so(folder: Path) -> None:
    (folder / "ours.txt").write_text(texts(2, 2), "utf-8")
    write_charter(folder / "rules")
    done = run_here(*words(folder, "ours.txt"), cwd=folder)
    assert "error[policy]: no rule of the packs asks a judge." in done.stderr
    (folder / "ordinance.yaml").write_text("{}", "utf-8")
    done = run_here(*words(folder, "ours.txt"), cwd=folder)
    assert "error[settings]: the settings name no judge." in done.stderr


def test_without_the_identifiers_of_languages_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ordinance.judging import language

    (folder / "ours.txt").write_text(texts(2, 2), "utf-8")
    language._identifiers.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    done = run_here(*words(folder, "ours.txt"), cwd=folder)
    assert (done.returncode, "pip install 'ordinance[judge]'" in done.stderr) == (1, True)


def policy(folder: Path) -> tuple[JudgedTest, ...]:
    loaded = load([folder / "rules"], examples=False)
    assert loaded.policy is not None
    return loaded.policy.judged


def configured(folder: Path) -> ServedJudge:
    settings = load_settings(file=folder / "ordinance.yaml")
    make = maker(settings.judges, settings.judge, allow(settings.plugins), settings.limits.plugin_seconds)
    assert make is not None
    (judge,) = make([each.question for each in policy(folder)]).judges
    return judge
