"""Detectors of plugins in processes of their own: whatever one does, its request ends well and the next is served."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordinance.detection import Segments
from ordinance.detectors.isolation import Budget
from ordinance.loading.load import load
from ordinance.policy.plan import Plan, Struck
from ordinance.policy.vocabulary import MARKER, Channel, Verdict
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.commands import ENGINE, children, running
from support.faulty import LASTING, RAISING, install, packs
from support.packs import TODAY
from support.plans import plan as made
from support.plans import session, withhold
from support.serving import PATIENCE

pytestmark = [pytest.mark.server, pytest.mark.semantics(13), pytest.mark.requirement("DET-1")]
BUDGET = Budget(seconds=0.5, processes=1)
REFUSED = "This service does not answer that: serious violence."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("faulty")
    site = str(install(made / "site"))
    sys.path.insert(0, site)
    yield made
    sys.path.remove(site)
    sys.modules.pop("faulty_ordinance", None)


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return load(packs(folder), on=TODAY, budget=BUDGET).plan


def opened(plan: Plan) -> Session:
    return Session(plan, situate(plan, jurisdiction="XA", on=TODAY), "en")


def answer(plan: Plan, text: str) -> tuple[str, Session]:
    session = opened(plan)
    stream = session.stream()
    return stream.feed(text) + stream.close(), session


def test_a_detector_in_a_process_finds_what_it_finds(plan: Plan) -> None:
    text, session = answer(plan, "Be calm. The LAW says so. Good.")
    assert text.startswith(f"Be calm. The {MARKER} says so. Good.\n\n")
    assert session.outcome().rules == ("XA/words",)
    text, session = answer(plan, "Be calm. RED says so. Good.")
    assert text.startswith("Be calm. \n\n")
    assert (session.outcome().verdict, session.outcome().rules) == (Verdict.REFUSE, ("baseline/violence",))
    assert session.outcome().failed == ()


@pytest.mark.parametrize("deed", RAISING + LASTING)
def test_whatever_a_detector_does_a_red_line_counts_as_fired(plan: Plan, deed: str) -> None:
    began = time.monotonic()
    text, session = answer(plan, f"Fine. RED-{deed} here. More.")
    assert time.monotonic() - began < PATIENCE
    assert text.startswith("Fine. \n\nA part of this answer could not be checked")
    outcome = session.outcome()
    assert (outcome.verdict, outcome.rules, outcome.failed) == (Verdict.REFUSE, (), ("baseline/violence",))
    assert [notice.kind.value for notice in outcome.notices] == ["fault"]
    assert answer(plan, "Fine. More.")[0] == "Fine. More."


@pytest.mark.parametrize("deed", RAISING + LASTING)
def test_whatever_a_detector_does_another_rule_leaves_the_sentence_out_and_tells(plan: Plan, deed: str) -> None:
    text, session = answer(plan, f"Fine. LAW-{deed} here. More. RED here.")
    # What outran its budget is not asked again, so its region goes on to the refusal, and no marker leaves.
    assert text.startswith((f"Fine. {MARKER}More. " if deed in RAISING else "Fine. ") + f"\n\n{REFUSED}")
    assert "A part of this answer could not be checked" in text
    outcome = session.outcome()
    assert (outcome.verdict, outcome.failed) == (Verdict.REFUSE, ("XA/words",)), "the red line still sees its sentence"
    assert answer(plan, "Fine. More.")[0] == "Fine. More."


def test_a_slow_detector_that_keeps_its_budget_is_waited_for(plan: Plan) -> None:
    text, session = answer(plan, "Fine. RED-SLOW here. More.")
    assert text.startswith(f"Fine. \n\n{REFUSED}"), "RED was found"
    assert session.outcome().failed == ()


def test_a_prompt_on_which_the_detector_fails_is_refused(plan: Plan) -> None:
    session = opened(plan)
    assert session.screen(["Good day.", "RED-EXIT"])
    assert session.stream().close().startswith("A part of this answer could not be checked")
    session = opened(plan)
    assert not session.screen(["LAW-EXIT"]), "no rule about prompts asks it"


def test_nothing_a_plugin_prints_is_seen(plan: Plan, capfd: pytest.CaptureFixture[str]) -> None:
    answer(plan, "A secret LAW here.")
    assert capfd.readouterr() == ("", "")


def test_the_processes_end_with_the_plan(folder: Path) -> None:
    before = children(os.getpid())
    plan = load(packs(folder / "other"), on=TODAY, budget=BUDGET).plan
    answer(plan, "A LAW here. RED-EXIT.")
    assert len(children(os.getpid()) - before) == 1
    del plan
    gc.collect()
    assert children(os.getpid()) == before


def test_the_processes_end_when_the_engine_is_killed_even_one_that_hangs(folder: Path) -> None:
    program = f"""
import sys
sys.path[:0] = [{str(ENGINE)!r}, {str(folder / "site")!r}]
from ordinance.detection import Segments
from ordinance.detectors.isolation import Budget
from ordinance.loading.load import load
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
plan = load({[str(pack) for pack in packs(folder / "third")]!r}, budget=Budget(1.0, 1)).plan
session = Session(plan, situate(plan, jurisdiction="XA"), "en")
session.stream().feed("Good. ")
print("asked", flush=True)
session.stream().feed("LAW-STUCK. And so on.")
"""
    engine = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"asked\n"
    time.sleep(0.3)
    (child,) = children(engine.pid)
    engine.kill()
    engine.communicate()
    deadline = time.monotonic() + PATIENCE
    while running(child):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)


@pytest.mark.parametrize(("channel", "waits"), [("TOOL_CALL", True), ("REASONING", True), (None, False)])
def test_a_session_says_that_it_waits_whatever_part_the_detector_reads(channel: str | None, waits: bool) -> None:
    rules = [] if channel is None else [withhold("DE/part", "find", channels=frozenset({Channel[channel]}))]
    assert session(made(rules, {"find": Segments(lambda _: [])})).waits is waits


LAST_RULE = """\
    example quiet answer "Hello." given age 40
  }
"""
ASKS_IT_ALONE = """\
  withhold 1.3 models {
    means   "What the model finds is not said."
    when    answer has detector faulty.model
    scope   span
    under   act
    telling gone about secrets
    example fires answer "What the model finds."
    example quiet answer "Nothing to see."
  }
"""


def test_a_detector_that_is_not_set_up_is_struck_out_and_shown(folder: Path) -> None:
    paths = packs(folder / "unconfigured", "faulty.model")
    paths[1].write_text(paths[1].read_text("utf-8").replace(LAST_RULE, LAST_RULE + ASKS_IT_ALONE), "utf-8")
    loaded = load(paths, on=TODAY, budget=BUDGET)
    (told,) = [item for item in loaded.diagnostics if item.code == "detector-unconfigured"]
    assert (told.severity, [item.message for item in loaded.diagnostics if item.severity == "error"]) == ("warning", [])
    assert "FAULTY_MODEL" in told.message
    plan = loaded.plan
    assert set(plan.struck) == {Struck(f"XA/{name}", "detector faulty.model") for name in ("words", "models")}
    trials = {rule.id: rule.trial for rule in plan.rules}
    assert (trials["XA/words"], trials["XA/models"]) == (False, True)
    text, session = answer(plan, "The secret words. The LAW.")
    assert text.startswith(f"The {MARKER}. The LAW.\n\n"), "the others still find what they find"
    assert session.outcome().failed == ()


def test_what_is_struck_out_is_part_of_the_digest(folder: Path) -> None:
    policy = packs(folder / "digest", "faulty.model")
    plan = load(policy, on=TODAY, budget=BUDGET)
    assert plan.policy is not None
    assert plan.plan.digest != plan.policy.digest


# one question, one answer


@pytest.mark.parametrize("deed", ["FORK", "LATE"])
def test_a_second_answer_to_one_question_reaches_no_other_request(plan: Plan, deed: str) -> None:
    """W1: it lay in the pipe, and every later sentence got the answer of the one before it."""
    answer(plan, f"A LAW-{deed} here.")
    time.sleep(0.3)
    for _ in range(4):
        text, session = answer(plan, "Clean now.")
        assert (text, session.outcome().failed) == ("Clean now.", ())
        text, session = answer(plan, "The LAW here.")
        assert text.startswith(f"The {MARKER} here.\n\n")
        assert session.outcome().failed == (), "whoever asks next has nothing to do with it"


def test_half_a_message_does_not_stop_the_budget(plan: Plan) -> None:
    """W11: waiting was bounded, reading was not."""
    began = time.monotonic()
    _, session = answer(plan, "Fine. LAW-HALF here.")
    assert session.outcome().failed == ("XA/words",)
    assert time.monotonic() - began < PATIENCE


def test_what_a_detector_has_started_ends_with_its_process(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W10: a process that was forked outlived the deadline's kill and the server's stop."""
    monkeypatch.setenv("FAULTY_ORPHANS", str(tmp_path / "orphans"))
    plan = load(packs(folder / "orphans"), on=TODAY, budget=BUDGET).plan
    answer(plan, "A LAW-CHILD here.")
    orphans = [int(pid) for pid in (tmp_path / "orphans").read_text().split()]
    assert len(orphans) == 1
    until_gone(orphans)


@pytest.mark.slow
def test_what_a_detector_has_started_ends_with_the_engine(folder: Path, tmp_path: Path) -> None:
    program = f"""
import sys
sys.path[:0] = [{str(ENGINE)!r}, {str(folder / "site")!r}]
from ordinance.detectors.isolation import Budget
from ordinance.loading.load import load
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
plan = load({[str(pack) for pack in packs(folder / "fourth")]!r}, budget=Budget(5.0, 1)).plan
session = Session(plan, situate(plan, jurisdiction="XA"), "en")
session.stream().feed("A LAW-FORKED here. And so on.")
print("asked", flush=True)
sys.stdin.read()
"""
    environment = {**os.environ, "FAULTY_ORPHANS": str(tmp_path / "orphans")}
    started = tmp_path / "orphans"
    for number, end in enumerate(("stopped", "killed"), 1):
        engine = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        assert engine.stdout is not None
        assert engine.stdout.readline() == b"asked\n"
        deadline = time.monotonic() + PATIENCE
        while not started.is_file() or len(started.read_text().splitlines()) < number:
            assert time.monotonic() < deadline, "it has started nothing"
            time.sleep(0.05)
        if end == "killed":
            engine.kill()
        engine.communicate()
    orphans = [int(pid) for pid in started.read_text().split()]
    assert len(orphans) == 2
    until_gone(orphans)


def until_gone(processes: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while any(running(pid) for pid in processes):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)
