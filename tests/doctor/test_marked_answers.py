"""What the doctor says of marks: whether answers are signed, and what is known of the server's watermark."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ordinance.doctor.findings import State
from ordinance.doctor.marked_answers import marks
from ordinance.doctor.target import Target
from ordinance.doctor.wire import NoReplyError

COUNTS = """\
# TYPE vllm:watermark_requests_total counter
vllm:watermark_requests_total{engine="0",model_name="m",status="watermarked"} 40.0
vllm:watermark_requests_total{engine="0",model_name="m",status="skipped"} %s
"""


def told(said: object, metrics: str | None = None) -> list[tuple[State, str]]:
    def ask(method: str, path: str) -> Any:
        assert method == "GET"
        if path == "/metrics":
            return SimpleNamespace(status=404 if metrics is None else 200, body=(metrics or "").encode())
        if said == "silent":
            raise NoReplyError("nobody")
        return SimpleNamespace(values=[{"ready": True, **({} if said is None else {"marks": said})}])

    found = marks(cast(Target, SimpleNamespace(server=SimpleNamespace(ask=ask))))
    return [(each.state, each.what) for each in found]


def test_signed_answers_and_a_watermark_are_well() -> None:
    signed, watermark = told({"key": "office", "watermark": "on"}, COUNTS % "0.0")
    assert signed == (State.WELL, "answers are signed by the key office")
    assert watermark == (State.WELL, "the server has one and has left it out nowhere")


@pytest.mark.requirement("MK-1")
@pytest.mark.parametrize(
    ("said", "metrics", "what"),
    [
        ("off", None, "the server has none"),
        ("unknown", None, "nobody says whether the server has one"),
        ("unknown", "numbers", "nobody says whether the server has one"),
        ("off", COUNTS % "e+.e", "the server has none"),
        ("off", COUNTS % "NaN", "the server has none"),
        ("on", COUNTS % "7.0", "the server left it out of 7 answers"),
        ("unknown", COUNTS % "1.2e+03", "the server left it out of 1,200 answers"),
        ("unknown", COUNTS % "1.2.3", "nobody says whether the server has one"),
        ("unknown", COUNTS % "1e-05", "nobody says whether the server has one"),
    ],
)
def test_what_is_missing_is_told(said: str, metrics: str | None, what: str) -> None:
    unsigned, watermark = told({"key": None, "watermark": said}, metrics)
    assert unsigned[0] is State.UNTRIED
    assert "not signed" in unsigned[1]
    assert watermark == (State.UNTRIED, what)


def test_where_no_rule_marks_nothing_is_told() -> None:
    assert told(None) == []
    assert told("silent") == []
