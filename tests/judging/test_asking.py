"""Calls to a judge: how many, how long, and to which replica."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from ordinance.judging.asking import Answer, Call, Calls
from ordinance.judging.judge_error import JudgeError, code_of
from ordinance.plugins.hosted import FaultError
from support.waiting import until

CALL = Call("a/b", "text")


def made(ask: Callable[[Call, int], float], replicas: int = 1, at_once: int = 4, seconds: float = 5.0) -> Calls:
    return Calls(ask, replicas, at_once, seconds)


def answers(calls: Calls, *asked: Call, seconds: float = 5.0) -> list[float | str]:
    return [_said(each) for each in calls.make(asked or (CALL,), time.monotonic() + seconds)]


def _said(answer: Answer) -> float | str:
    return answer.code if isinstance(answer, JudgeError) else answer


def failing(cause: str) -> Callable[[Call, int], float]:
    def ask(call: Call, replica: int) -> float:
        raise FaultError(cause)

    return ask


def test_each_call_gets_its_own_answer() -> None:
    calls = made(lambda call, _: len(call.text) / 10)
    assert answers(calls, Call("r", "abc"), Call("r", "a"), Call("r", "ab")) == [0.3, 0.1, 0.2]


@pytest.mark.parametrize(
    ("cause", "code"),
    [("late", "late"), ("silent", "late"), ("unreachable", "unreachable"), ("died", "unreachable"),
     ("start", "unreachable"), ("sealed", "unreachable"), ("memory", "unreachable"), ("threads", "unreachable"),
     ("unreadable", "unreadable"),
     ("raised", "unreadable"), ("nonsense", "unreadable"), ("twice", "unreadable"), ("wrong_model", "wrong_model"),
     ("anything new", "unreadable")],
)  # fmt: skip
def test_what_goes_wrong_in_a_plugin_has_a_code(cause: str, code: str) -> None:
    calls = made(failing(cause))
    assert answers(calls) == [code] == [code_of(cause)]
    assert calls.faults == {code: 1}


def test_a_call_that_takes_too_long_is_late_and_the_others_count() -> None:
    gate = threading.Event()

    def ask(call: Call, _: int) -> float:
        if call.text == "slow":
            gate.wait(10)
        return 0.5

    calls = made(ask)
    assert answers(calls, CALL, Call("r", "slow"), seconds=1.0) == [0.5, "late"]
    gate.set()


def test_no_more_calls_run_at_once_than_may_and_one_that_does_not_begin_is_one_too_many() -> None:
    gate, running, most, lock = threading.Event(), [], [], threading.Lock()

    def ask(call: Call, _: int) -> float:
        with lock:
            running.append(call)
            most.append(len(running))
        gate.wait(10)
        with lock:
            running.remove(call)
        return 0.5

    calls = made(ask, at_once=2)
    assert not calls.full
    held = [threading.Thread(target=answers, args=(calls, Call("r", each), Call("r", each * 2))) for each in "12"]
    for each in held:
        each.start()
    until(lambda: calls.full and len(running) == 2)
    assert answers(calls, seconds=0.1) == ["full"]
    gate.set()
    for each in held:
        each.join()
    assert max(most) == 2
    assert answers(calls) == [0.5]


def test_a_replica_that_fails_is_replaced_by_another_at_once() -> None:
    asked = []

    def ask(call: Call, replica: int) -> float:
        asked.append(replica)
        if replica == 1:
            raise FaultError("unreachable")
        return 0.7

    calls = made(ask, replicas=2)
    assert answers(calls) == [0.7]
    assert answers(calls) == [0.7]
    assert sorted(asked) == [0, 0, 1], "each in its turn, and one twice"
    assert not calls.faults


def test_both_replicas_that_fail_are_one_fault() -> None:
    calls = made(failing("unreadable"), replicas=3)
    assert answers(calls) == ["unreadable"]
    assert calls.faults == {"unreadable": 1}


def test_a_slow_replica_is_hedged_after_what_19_of_20_calls_take() -> None:
    gate = threading.Event()

    def ask(call: Call, replica: int) -> float:
        if call.text == "slow" and replica == 1:
            gate.wait(10)
        return 0.1 + replica

    calls = made(ask, replicas=2, seconds=8.0)
    assert calls.slow == 4.0, "nothing is known yet"
    for _ in range(40):
        answers(calls)
    assert calls.slow < 1.0
    while calls._turn != 0:
        answers(calls)
    begun = time.monotonic()
    assert answers(calls, Call("r", "slow")) == [0.1]
    assert time.monotonic() - begun < 2.0
    gate.set()


def test_without_room_nobody_is_asked_twice() -> None:
    gate = threading.Event()
    asked = []

    def ask(call: Call, replica: int) -> float:
        asked.append(replica)
        gate.wait(10)
        return 0.5

    calls = made(ask, replicas=2, at_once=1)
    assert answers(calls, seconds=1.0) == ["late"]
    gate.set()
    assert len(asked) == 1


def test_a_defect_in_asking_is_a_fault_and_nothing_raises() -> None:
    def ask(call: Call, _: int) -> float:
        raise RuntimeError(call.text)

    assert answers(made(ask)) == ["unreadable"]


def test_one_replica_alone_can_be_asked() -> None:
    asked: list[int] = []

    def ask(_: Call, replica: int) -> float:
        asked.append(replica)
        raise FaultError("unreachable")

    calls = made(ask, replicas=3)
    (answer,) = calls.make([CALL], time.monotonic() + 5, 2)
    assert _said(answer) == "unreachable"
    assert asked == [2]


def test_one_text_however_long_leaves_room_for_others() -> None:
    most = 0
    gate = threading.Event()

    def ask(call: Call, _: int) -> float:
        nonlocal most
        most = max(most, calls._under_way)
        gate.wait(5)
        return len(call.text) / 1000

    calls = made(ask, at_once=8)
    asked = [Call("r", "a" * number) for number in range(300)]
    said: list[list[float | str]] = []
    long = threading.Thread(target=lambda: said.append(answers(calls, *asked)))
    long.start()
    until(lambda: calls._under_way == 4)
    assert not calls.full
    gate.set()
    assert answers(calls, Call("r", "bb")) == [0.002]
    long.join()
    assert said == [[number / 1000 for number in range(300)]]
    assert most <= 5


def test_each_question_is_told_once_with_its_time_and_whether_it_failed() -> None:
    def ask(call: Call, replica: int) -> float:
        if call.text == "bad":
            raise FaultError("unreachable")
        return 0.5

    calls, heard = made(ask, replicas=2), list[tuple[float, bool]]()
    calls.heard = lambda seconds, failed: heard.append((seconds, failed))
    answers(calls, CALL, Call("a/b", "bad"))
    assert [failed for _, failed in heard] == [False, True]
    assert all(0 <= seconds < 5 for seconds, _ in heard)


def test_where_no_thread_can_be_started_a_call_fails_and_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A soak found this: while memory was short, the thread that asks the canaries ended, and calls were counted for
    good, until there was room for none."""
    calls = made(lambda call, replica: 0.5, at_once=2)

    def short(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", short)
        assert [answers(calls) for _ in range(3)] == [["full"]] * 3
    assert not calls.full
    assert answers(calls) == [0.5]
