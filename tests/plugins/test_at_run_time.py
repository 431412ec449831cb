"""Plugins' detectors in a running policy: whatever one does, its request ends well and the next is served."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import pytest

from ordinance.loading.load import load
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan, Struck
from ordinance.policy.vocabulary import MARKER, Verdict
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.faulty import LASTING, RAISING, faulty, packs
from support.packs import TODAY
from support.processes import children
from support.serving import PATIENCE

pytestmark = [pytest.mark.server, pytest.mark.semantics(13), pytest.mark.requirement("DET-1")]
BUDGET = Budget(seconds=0.5, processes=1)
REFUSED = "This service does not answer that: serious violence."


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    return faulty(tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="module")
def plan(plugin: Plugin, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return load(packs(tmp_path_factory.mktemp("packs")), plugins=[plugin], on=TODAY, budget=BUDGET).plan


def opened(plan: Plan) -> Session:
    return Session(plan, situate(plan, jurisdiction="XA", on=TODAY), "en")


def answer(plan: Plan, text: str) -> tuple[str, Session]:
    session = opened(plan)
    stream = session.stream()
    return stream.feed(text) + stream.close(), session


def clean(plan: Plan) -> None:
    """The next requests have nothing to do with it; a process that is starting again is waited for."""
    deadline = time.monotonic() + PATIENCE
    while (found := answer(plan, "Fine. More.")[0]) != "Fine. More.":
        assert "could not be checked" in found
        assert time.monotonic() < deadline
        time.sleep(0.1)


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
    clean(plan)
    began = time.monotonic()
    text, session = answer(plan, f"Fine. RED-{deed} here. More.")
    assert time.monotonic() - began < PATIENCE
    assert text.startswith("Fine. \n\nA part of this answer could not be checked")
    outcome = session.outcome()
    assert (outcome.verdict, outcome.rules, outcome.failed) == (Verdict.REFUSE, (), ("baseline/violence",))
    assert [notice.kind.value for notice in outcome.notices] == ["fault"]


@pytest.mark.parametrize("deed", RAISING + LASTING)
def test_whatever_a_detector_does_another_rule_leaves_the_sentence_out_and_tells(plan: Plan, deed: str) -> None:
    clean(plan)
    text, session = answer(plan, f"Fine. LAW-{deed} here. More.")
    # What ended its process is not asked again, so its region goes on.
    assert text.startswith(f"Fine. {MARKER}" + ("More." if deed in RAISING else ""))
    assert "A part of this answer could not be checked" in text
    outcome = session.outcome()
    assert (outcome.verdict, outcome.failed[-1]) in {
        (Verdict.WITHHOLD, "XA/words"),
        (Verdict.REFUSE, "baseline/violence"),
    }


def test_a_slow_detector_that_keeps_its_budget_is_waited_for(plan: Plan) -> None:
    clean(plan)
    text, session = answer(plan, "Fine. RED-SLOW here. More.")
    assert text.startswith(f"Fine. \n\n{REFUSED}"), "RED was found"
    assert session.outcome().failed == ()


def test_a_prompt_on_which_the_detector_fails_is_refused(plan: Plan) -> None:
    clean(plan)
    session = opened(plan)
    assert session.screen(["Good day.", "RED-EXIT"])
    assert session.stream().close().startswith("A part of this answer could not be checked")
    clean(plan)
    session = opened(plan)
    assert not session.screen(["LAW-EXIT"]), "no rule about prompts asks it"


def test_nothing_a_plugin_prints_is_seen(plan: Plan, capfd: pytest.CaptureFixture[str]) -> None:
    answer(plan, "A secret LAW here.")
    assert capfd.readouterr() == ("", "")


def test_the_processes_end_with_the_plan_and_are_shared_by_plans(plugin: Plugin, tmp_path: Path) -> None:
    budget = Budget(seconds=2, processes=1)
    before = set(children(os.getpid()))
    first = load(packs(tmp_path / "1"), plugins=[plugin], on=TODAY, budget=budget).plan
    other = packs(tmp_path / "2")
    other[1].write_text(other[1].read_text("utf-8") + "# another\n", "utf-8")
    second = load(other, plugins=[plugin], on=TODAY, budget=budget).plan
    assert first.digest != second.digest
    answer(first, "A LAW here.")
    answer(second, "A LAW here.")
    assert len(set(children(os.getpid())) - before) == 1
    del first
    gc.collect()
    assert answer(second, "A LAW here.")[1].outcome().failed == ()
    del second
    gc.collect()
    assert set(children(os.getpid())) == before


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


def test_a_detector_that_is_not_set_up_is_struck_out_and_shown(plugin: Plugin, tmp_path: Path) -> None:
    paths = packs(tmp_path, "faulty.model")
    paths[1].write_text(paths[1].read_text("utf-8").replace(LAST_RULE, LAST_RULE + ASKS_IT_ALONE), "utf-8")
    loaded = load(paths, plugins=[plugin], on=TODAY, budget=BUDGET)
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
    assert loaded.policy is not None
    assert plan.digest != loaded.policy.digest, "what is struck out is part of the digest"


# one question, one answer


@pytest.mark.parametrize("deed", ["FORK", "LATE"])
def test_a_second_answer_to_one_question_reaches_no_other_request(plan: Plan, deed: str) -> None:
    """W1: it lay in the pipe, and every later sentence got the answer of the one before it."""
    clean(plan)
    answer(plan, f"A LAW-{deed} here.")
    time.sleep(0.3)
    for _ in range(4):
        clean(plan)
        text, session = answer(plan, "The LAW here.")
        assert text.startswith(f"The {MARKER} here.\n\n")
        assert session.outcome().failed == (), "whoever asks next has nothing to do with it"


def test_half_a_message_does_not_stop_the_budget(plan: Plan) -> None:
    """W11: waiting was bounded, reading was not."""
    clean(plan)
    began = time.monotonic()
    _, session = answer(plan, "Fine. LAW-HALF here.")
    assert "XA/words" in session.outcome().failed
    assert time.monotonic() - began < PATIENCE
