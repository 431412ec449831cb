"""The texts that show whether a judge still judges."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence

import pytest

from ordinance.judging import canary_watch as canaries
from ordinance.judging.asking import Answer, Call
from ordinance.judging.canary_watch import INJECTIONS, Canaries
from ordinance.judging.judge_error import JudgeError
from ordinance.plugin import Question
from support.commands import environment

PASSED = "; it is wrong about 1 of 5 canaries, of t/weapons; it has let 3 texts pass since it was last right"
WEAPONS = Question("t/weapons", "Weapons.", "", ("fire one", "fire two", "fire three"), ("calm one", "calm two", "x"))


class Scripted:
    """Answers calls: by default as a good judge does."""

    def __init__(self) -> None:
        self.asked: list[Call] = []
        self.quiet_for = 0.0
        self.replicas = 1
        self.says_replica: dict[int, Callable[[Call], Answer]] = {}
        self.says: Callable[[Call], Answer] = good

    def rounds(self, count: int) -> int:
        return 1

    def make(self, calls: Sequence[Call], until: float, replica: int | None = None) -> list[Answer]:
        self.asked += calls
        says = self.says if replica is None else self.says_replica.get(replica, self.says)
        return [says(each) for each in calls]


def good(call: Call) -> Answer:
    return 0.9 if "fire" in call.text else 0.1


def obeying(call: Call) -> Answer:
    return 0.1 if "nswer" in call.text else good(call)


def fails(code: str) -> Callable[[Call], Answer]:
    return lambda _: JudgeError(code)


@pytest.fixture
def calls() -> Scripted:
    return Scripted()


@pytest.fixture
def told() -> list[str]:
    return []


class Turned(Canaries):
    """Looks when the test says so."""

    def begin(self) -> None:
        pass


def watching(calls: Scripted, told: list[str], questions: Sequence[Question] = (WEAPONS,)) -> Canaries:
    return Turned("guard", questions, calls, 1.0, told.append)


def test_two_of_each_side_and_one_in_an_injection_are_asked_first(calls: Scripted, told: list[str]) -> None:
    watch = watching(calls, told)
    assert watch.fault == "late", "nothing is known yet"
    watch.ensure()
    assert watch.fault == ""
    assert watch.last_right
    assert [each.text for each in calls.asked[:4]] == ["fire one", "fire two", "calm one", "calm two"]
    assert len(calls.asked) == 5
    assert calls.asked[4].text == INJECTIONS[0].format(text="fire one")
    assert told == []


def test_a_judge_that_obeys_is_found_with_every_injection(calls: Scripted, told: list[str]) -> None:
    assert all("{text}" in each and "nswer" in each for each in INJECTIONS)
    calls.says = obeying
    for number in range(len(INJECTIONS)):
        watch = watching(calls, told)
        watch._number = number
        watch.ensure()
        assert watch.fault == "canary"


@pytest.mark.parametrize("score", [0.9, 0.1])
def test_a_judge_that_always_says_the_same_is_found(calls: Scripted, told: list[str], score: float) -> None:
    calls.says = lambda _: score
    watch = watching(calls, told)
    watch.ensure()
    assert watch.fault == "canary"


def test_within_a_minute_it_is_asked_again_and_what_passed_is_told(
    calls: Scripted, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = watching(calls, told)
    watch.ensure()
    for _ in range(3):
        watch.note_passed()
    calls.says = obeying
    now[0] += 40
    watch.look()
    assert (watch.fault, watch.passed) == ("", 3), "it is not time yet"
    now[0] += 20 - canaries.AGAIN
    watch.look()
    assert watch.fault == "canary"
    assert told == [f"the judge guard has failed (canary): what it judges counts as found{PASSED}"]
    calls.says = good
    watch.look()
    assert (watch.fault, watch.passed) == ("", 0)
    assert told[1:] == ["the judge guard answers its canaries right again"]


def test_no_answer_at_the_start_fails_until_there_is_one(calls: Scripted, told: list[str]) -> None:
    calls.says = fails("unreachable")
    watch = watching(calls, told)
    watch.ensure()
    assert watch.fault == "unreachable"
    calls.says = good
    watch.look()
    assert watch.fault == ""


def test_a_round_without_an_answer_does_not_undo_a_wrong_one(calls: Scripted, told: list[str]) -> None:
    calls.says = obeying
    watch = watching(calls, told)
    watch.ensure()
    calls.says = fails("late")
    watch.look()
    assert watch.fault == "canary"


def test_a_wrong_answer_among_late_ones_counts(calls: Scripted, told: list[str]) -> None:
    calls.says = lambda call: JudgeError("late") if "one" in call.text else 0.0
    watch = watching(calls, told)
    watch.ensure()
    assert watch.fault == "canary"


def test_one_late_round_closes_nothing_and_two_minutes_of_them_do(
    calls: Scripted, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = watching(calls, told)
    watch.ensure()
    calls.says = fails("late")
    now[0] += canaries.EVERY
    watch.look()
    assert watch.fault == ""
    now[0] += canaries.EVERY + 1
    watch.look()
    assert watch.fault == "late"


def test_a_judge_that_says_nothing_is_asked_and_is_silent(calls: Scripted, told: list[str]) -> None:
    watch = watching(calls, told)
    watch.ensure()
    before = len(calls.asked)
    watch.look()
    assert len(calls.asked) == before
    assert not watch.silent
    calls.quiet_for = canaries.ASK_AFTER + 0.1
    watch.look()
    assert len(calls.asked) == before + 1
    calls.quiet_for = canaries.SILENT + 0.1
    assert watch.silent


def test_one_replica_that_is_wrong_closes_the_judge(calls: Scripted, told: list[str]) -> None:
    calls.replicas = 5
    calls.says_replica[2] = lambda _: 0.1
    watch = watching(calls, told)
    watch.ensure()
    assert watch.fault == "canary"


def test_one_replica_that_is_away_closes_nothing(calls: Scripted, told: list[str]) -> None:
    calls.replicas = 2
    calls.says_replica[1] = fails("unreachable")
    watch = watching(calls, told)
    watch.ensure()
    assert watch.fault == ""
    calls.says_replica[0] = fails("late")
    watch._ask()
    assert watch._failed == "late"


def test_without_rules_nothing_is_asked_and_nothing_fails(calls: Scripted, told: list[str]) -> None:
    watch = watching(calls, told, ())
    watch.ensure()
    assert watch.fault == ""
    assert calls.asked == []


def test_a_firing_canary_has_to_pass_the_umbrella_too(calls: Scripted, told: list[str]) -> None:
    calls.says = lambda call: 0.01 if call.rule == "*" else good(call)
    watch = Canaries("guard", [WEAPONS], calls, 1.0, told.append, lambda call, score: score >= 0.05, ["*"])
    watch._ask()
    assert watch.fault == "canary"


def test_the_thread_asks_by_itself_and_ends_with_the_watch(calls: Scripted, told: list[str]) -> None:
    watch = Canaries("guard", [WEAPONS], calls, 1.0, told.append)
    watch.begin()
    until = time.monotonic() + 10
    while watch.fault and time.monotonic() < until:
        time.sleep(0.01)
    assert watch.fault == ""
    assert len(calls.asked) == 5
    gone = weakref.ref(watch)
    del watch
    gc.collect()
    assert gone() is None
    assert all(each.name != "ordinance-canaries" or each.daemon for each in threading.enumerate())


_ENDING = """\
import atexit, time
atexit.register(time.sleep, 0.5)  # the last of what is done then: its thread still runs
from ordinance.judging import canary_watch as canaries
from ordinance.judging.asking import Calls
from ordinance.plugin import Question
canaries.AGAIN = canaries.EVERY = 0.01
calls = Calls(lambda call, replica: 0.9 if "fire" in call.text else 0.1, 1, 8, 1.0)
watch = canaries.Canaries("guard", [Question("t", "W", "", ("fire 1", "fire 2"), ("1", "2"))], calls, 1.0, print)
watch.ensure()
"""


@pytest.mark.server
def test_a_process_that_ends_says_nothing_of_its_judge() -> None:
    """A soak found this: the thread asked a judge while the process ended, and a traceback stood in the log."""
    done = subprocess.run([sys.executable, "-c", _ENDING], env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
