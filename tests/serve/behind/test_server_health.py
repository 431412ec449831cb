"""Whether a server answers, as a process knows it."""

from __future__ import annotations

import pytest

from ordinance.protocol.problems import Problem, malformed, stopping, truncated
from ordinance.serve.behind.contract import refused, too_slow
from ordinance.serve.behind.server_health import MOST_FAILURES, Health, is_of_server

UP = Health("up")
UNREACHABLE = Problem(502, "upstream_unreachable", "")


def test_a_server_that_nobody_has_asked_is_believed() -> None:
    assert Health().takes(0.0)


@pytest.mark.parametrize("problem", [refused(500, {}), too_slow(), UNREACHABLE, refused(503, {})])
def test_one_request_that_fails_may_be_its_own_fault_and_three_are_not(problem: Problem) -> None:
    health = UP
    for _ in range(MOST_FAILURES - 1):
        health = health.failed(problem, 0.0)
        assert health.takes(0.0)
    assert health.answered() == UP, "only failures in a row count"
    assert health.listed().failures == MOST_FAILURES - 1, "a list of models is no answer"
    health = health.failed(problem, 0.0)
    assert (health.state, health.why) == ("down", problem.code)
    assert not health.takes(0.0)


def test_a_server_that_lists_its_models_is_tried_and_one_more_failure_is_enough() -> None:
    health = UP
    for _ in range(MOST_FAILURES):
        health = health.failed(refused(500, {}), 0.0)
    trying = health.listed()
    assert trying.takes(0.0)
    assert not trying.is_good
    assert trying.listed() == trying
    assert trying.failed(refused(500, {}), 0.0).state == "down"
    assert trying.answered() == UP


def test_a_server_that_cannot_be_reached_is_down_at_once_and_one_that_is_slow_after_three_times() -> None:
    assert UP.missed(UNREACHABLE).state == "down"
    assert UP.missed(UNREACHABLE).listed() == UP
    health = UP.missed(too_slow()).missed(too_slow())
    assert health.state == "up"
    assert health.listed() == UP
    assert health.missed(too_slow()).state == "down"
    assert Health().missed(too_slow()).state == "down", "nothing speaks for it"


def test_a_server_that_asks_to_be_left_alone_is_for_that_long_and_for_a_minute_at_most() -> None:
    health = UP.failed(refused(503, {"retry-after": "7"}), 100.0)
    assert not health.takes(106.9)
    assert not health.answered().takes(106.9)
    assert not health.listed().takes(106.9)
    assert health.takes(107.0)
    for much in ("999999999", "9" * 8000):
        assert UP.failed(refused(503, {"retry-after": much}), 100.0).takes(160.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429])
def test_a_request_that_was_refused_says_nothing_of_the_server(status: int) -> None:
    assert not is_of_server(refused(status, {"retry-after": "3"}))


@pytest.mark.parametrize("problem", [malformed(""), truncated(), stopping()])
def test_nor_does_an_answer_that_had_begun_nor_our_own_end(problem: Problem) -> None:
    assert not is_of_server(problem)
