"""What a key may still send: counted once for all processes, and never by one that is gone."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest

from ordinance.protocol.problems import Problem
from ordinance.serve.http import rates
from ordinance.serve.http.rates import Rates
from ordinance.settings.sections import KeyLimitSettings

KEY, OTHER = "a" * 64, "b" * 64


def limits(**most: int) -> KeyLimitSettings:
    return KeyLimitSettings.model_validate(most)


class Clock:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        patch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def refused(kept: Rates, given: KeyLimitSettings, key: str = KEY) -> Problem:
    with pytest.raises(Problem) as over:
        kept.enter(key, given)
    assert (over.value.status, over.value.code) == (429, "rate_limit_exceeded")
    return over.value


def test_requests_come_back_with_time_and_each_key_has_its_own(clock: Clock) -> None:
    kept, given = Rates(), limits(requests_per_minute=3)
    left = [kept.enter(KEY, given)["x-ratelimit-remaining-requests"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    problem = refused(kept, given)
    assert problem.headers == {
        "retry-after": "20", "x-ratelimit-limit-requests": "3", "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "60s",
    }  # fmt: skip
    kept.enter(OTHER, given)
    clock.now += 19.9
    refused(kept, given)
    clock.now += 0.1
    kept.enter(KEY, given)
    refused(kept, given)
    clock.now += 3600
    assert kept.enter(KEY, given)["x-ratelimit-remaining-requests"] == "2", "no more than the limit is saved up"


def test_tokens_count_when_they_are_known_and_a_debt_is_waited_for(clock: Clock) -> None:
    kept, given = Rates(), limits(tokens_per_minute=60)
    assert kept.enter(KEY, given)["x-ratelimit-remaining-tokens"] == "60"
    kept.leave(KEY, given, 90)
    assert refused(kept, given).headers["retry-after"] == "31"
    clock.now += 31
    assert kept.enter(KEY, given)["x-ratelimit-remaining-tokens"] == "1"


def test_answers_at_once(clock: Clock) -> None:
    kept, given = Rates(), limits(streams=2)
    assert kept.enter(KEY, given) == {}
    kept.enter(KEY, given)
    assert refused(kept, given).headers == {"retry-after": "1"}
    kept.leave(KEY, given, 0)
    kept.enter(KEY, given)


def test_a_limit_that_changes_holds_at_once(clock: Clock) -> None:
    kept = Rates()
    kept.enter(KEY, limits(requests_per_minute=100))
    assert kept.enter(KEY, limits(requests_per_minute=5))["x-ratelimit-remaining-requests"] == "4"
    kept.enter(KEY, limits(streams=9))
    assert kept.enter(KEY, limits(requests_per_minute=5))["x-ratelimit-remaining-requests"] == "4"


def test_past_the_most_keys_the_one_that_was_silent_longest_is_forgotten(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "_SIZE", 3 * rates._EACH)
    kept, given = Rates(), limits(requests_per_minute=1)
    for name in "abc":
        clock.now += 1
        kept.enter(name * 64, given)
    kept.enter("d" * 64, given)
    refused(kept, given, "c" * 64)
    refused(kept, given, "d" * 64)
    kept.enter("a" * 64, given)


def _work(kept: Rates, given: KeyLimitSettings, told: Connection) -> None:
    number = 0
    try:
        while True:
            kept.enter(KEY, given)
            number += 1
    except Problem:
        told.send(number)
    told.recv()  # until it is killed


@pytest.mark.server
@pytest.mark.slow
def test_processes_count_together_and_one_that_is_killed_has_nothing_under_way() -> None:
    kept, given = Rates(), limits(streams=3)
    kept.enter(KEY, given)
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_work, args=(kept, given, theirs))
    process.start()
    assert ours.recv() == 2, "one of the three was taken here"
    refused(kept, given)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    kept.enter(KEY, given)
    kept.enter(KEY, given)
    refused(kept, given)


def test_a_further_question_is_a_request_while_there_is_room_and_no_answer_more(clock: Clock) -> None:
    kept, given = Rates(), limits(requests_per_minute=3, streams=1)
    kept.enter(KEY, given)
    assert kept.further(KEY, given), "the answer that is under way does not stand in its own way"
    kept.leave(KEY, given, 0)
    assert kept.enter(KEY, given)["x-ratelimit-remaining-requests"] == "0"
    assert not kept.further(KEY, given)
    kept.leave(KEY, given, 0)
    clock.now += 20
    kept.enter(KEY, given)


def test_a_further_question_needs_tokens_too(clock: Clock) -> None:
    kept, given = Rates(), limits(tokens_per_minute=10)
    kept.enter(KEY, given)
    kept.leave(KEY, given, 9)
    kept.enter(KEY, given)
    assert kept.further(KEY, given)
    kept.leave(KEY, given, 5)
    assert not kept.further(KEY, given)
