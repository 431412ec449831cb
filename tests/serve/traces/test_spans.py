"""Which requests are traced, and what a span says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ordinance.serve.http.correlation import Traced
from ordinance.serve.traces.spans import Interval, begun, spans

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECORD: dict[str, Any] = {
    "request": "7", "key": "", "api": "messages", "model": None, "stream": True, "status": 200, "rules": ["DE/a"],
    "verdict": "withhold",
}  # fmt: skip


@pytest.mark.parametrize("ratio", [0.0, 1.0])
@pytest.mark.parametrize("sampled", [False, True])
def test_whoever_asks_within_a_trace_decides(ratio: float, sampled: bool) -> None:
    tracing = begun(Traced(TRACE, SPAN, sampled), ratio)
    assert (tracing is not None) == sampled
    if tracing is not None:
        assert tracing.trace == TRACE
        assert tracing.onward.header == f"00-{TRACE}-{tracing.behind}-01"
        assert len({SPAN, tracing.span, tracing.behind}) == 3


def test_else_chance_does() -> None:
    assert begun(None, 0.0) is None
    assert begun(None, 1.0) is not None
    found = Counter(begun(None, 0.5) is None for _ in range(2000))
    assert 800 < found[True] < 1200


def test_the_server_behind_is_a_span_below_that_of_the_request() -> None:
    tracing = begun(Traced(TRACE, SPAN, True), 1)
    assert tracing is not None
    own, behind = spans(tracing, RECORD, Interval(1, 9), Interval(2, 8))
    assert (own["parentSpanId"], behind["parentSpanId"]) == (SPAN, own["spanId"])
    assert {own["traceId"], behind["traceId"]} == {TRACE}
    assert (own["kind"], behind["kind"]) == (2, 3)
    assert (own["startTimeUnixNano"], behind["endTimeUnixNano"]) == ("1", "8")
    assert "status" not in own
    found = {each["key"]: each["value"] for each in own["attributes"]}
    assert found["http.response.status_code"] == {"intValue": "200"}
    assert found["ordinance.stream"] == {"boolValue": True}
    assert found["ordinance.rules"] == {"arrayValue": {"values": [{"stringValue": "DE/a"}]}}
    assert "gen_ai.request.model" not in found, "a name that the server does not list is the client's word"


def test_what_failed_is_marked_and_has_no_span_behind() -> None:
    tracing = begun(None, 1)
    assert tracing is not None
    (own,) = spans(tracing, {**RECORD, "status": 502, "problem": "upstream_failed"}, Interval(1, 9), None)
    assert own["status"] == {"code": 2}
    assert "parentSpanId" not in own
    assert {"key": "error.type", "value": {"stringValue": "upstream_failed"}} in own["attributes"]
