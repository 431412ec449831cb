"""What is counted of a request that has ended, by its record."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from ordinance.serve.metrics.meter import Meter

ENDED: dict[str, Any] = {
    "api": "chat/completions", "status": 200, "jurisdiction": "DE", "verdict": "pass", "rules": [], "failed": [],
    "trials": [], "balanced": True,
}  # fmt: skip


def counted(meter: Meter, name: str) -> dict[tuple[str, ...], float]:
    """The numbers of a metric that are not 0, by the values of its labels; those of a histogram by its parts too."""
    found = {key[1:]: number for key, number in meter.numbers().items() if key[0] == f"ordinance_{name}" and number}
    return {key[1:] if key[0] == "" else key: number for key, number in found.items()}


def test_an_answer_is_counted_with_its_rules_and_what_they_do() -> None:
    meter = Meter()
    meter.ended({**ENDED, "verdict": "withhold", "rules": ["DE/a", "DE/b"], "trials": ["DE/c"]}, {"DE/a": "withhold"})
    meter.ended({**ENDED, "jurisdiction": None}, {})
    assert counted(meter, "answers_total") == {
        ("DE", "withhold", "chat/completions"): 1,
        ("none", "pass", "chat/completions"): 1,
    }
    assert counted(meter, "rules_total") == {("DE/a", "withhold"): 1, ("DE/b", "other"): 1, ("DE/c", "trial"): 1}
    assert counted(meter, "failures_total") == {}


def test_a_request_without_an_answer_is_a_failure_alone() -> None:
    meter = Meter()
    meter.ended({"api": "messages", "status": 401, "problem": "invalid_api_key"}, {})
    meter.ended({"api": "messages", "status": 499}, {})
    assert counted(meter, "answers_total") == {}
    assert counted(meter, "failures_total") == {("invalid_api_key",): 1, ("client_gone",): 1}


def test_what_went_wrong_within_an_answer_is_counted_beside_it() -> None:
    meter = Meter()
    meter.ended({**ENDED, "failed": ["DE/a"], "balanced": False, "problem": "upstream_truncated"}, {})
    assert counted(meter, "failures_total") == {("detector",): 1, ("ledger",): 1, ("upstream_truncated",): 1}
    assert sum(counted(meter, "answers_total").values()) == 1


@pytest.mark.semantics(16)
@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "withhold"}, {"verdict": "refuse"}, {"problem": "upstream_truncated"}, {"failed": ["DE/a"]},
        {"balanced": False},
    ],
)  # fmt: skip
def test_what_was_held_is_counted_only_where_nothing_was_removed(wrong: dict[str, Any]) -> None:
    meter = Meter()
    meter.held({**ENDED, **wrong}, 17)
    assert counted(meter, "held_characters") == {}
    meter.held({**ENDED, "verdict": "disclose"}, 17)
    assert counted(meter, "held_characters") == {("3",): 1, ("sum",): 17}


def test_a_judge_is_counted_with_each_question() -> None:
    meter = Meter()
    meter.judged("local", 0.2)
    meter.judged("local", 1.0, True)
    assert counted(meter, "judge_seconds")[("sum", "local")] == pytest.approx(1.2)
    assert counted(meter, "failures_total") == {("judge",): 1}


def test_a_stream_counts_while_it_runs_however_it_ends() -> None:
    meter = Meter()
    with suppress(RuntimeError), meter.stream():
        assert counted(meter, "streams") == {(): 1}
        raise RuntimeError
    assert counted(meter, "streams") == {}


def test_what_was_asked_for_once_more_is_counted_by_what_was_released() -> None:
    meter = Meter()
    meter.ended({**ENDED, "asked_again": {"released": "second"}}, {})
    meter.ended({**ENDED, "asked_again": {"released": "first", "problem": "upstream_failed"}}, {})
    meter.ended(ENDED, {})
    assert counted(meter, "asked_again_total") == {("second",): 1, ("first",): 1}
