"""Traces: what a collector gets of requests, and that no request waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from ordinance.serve.door.numbers import numbers
from support.collecting import SpanCollector, attributes
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, say
from support.small_plan import RED_LINE, SENTENCE
from support.waiting import until

pytestmark = pytest.mark.server

CANARY = "canary"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def collector() -> Iterator[SpanCollector]:
    running = SpanCollector()
    yield running
    running.stop()


def ask(address: str, said: str = "hi", headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": said}], **fields}
    return httpx2.post(
        f"{address}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=PATIENCE * 2
    )


def test_a_request_is_a_span_in_the_trace_of_whoever_asks_and_the_servers_is_below(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, collector: SpanCollector
) -> None:
    gateway = open_gateway(traces={"url": f"{collector.url}/"})
    upstream.script = say("Good day.")
    asked = ask(gateway.address, headers={"traceparent": f"00-{TRACE}-{SPAN}-01"}, stream=True)
    until(lambda: len(collector.spans) == 2)
    own, behind = collector.spans
    assert set(collector.paths) == {"/v1/traces"}
    assert (own["traceId"], own["parentSpanId"], own["name"]) == (TRACE, SPAN, "POST /v1/chat/completions")
    assert (behind["traceId"], behind["parentSpanId"], behind["name"]) == (TRACE, own["spanId"], "chat")
    assert upstream.asked[0].headers["traceparent"] == f"00-{TRACE}-{behind['spanId']}-01"
    found = attributes(own)
    assert found["ordinance.request"] == asked.headers["request-id"]
    assert (found["ordinance.verdict"], found["ordinance.jurisdiction"]) == ("disclose", "DE")
    times = [int(each[name]) for each in (own, behind) for name in ("startTimeUnixNano", "endTimeUnixNano")]
    assert times[0] <= times[2] <= times[3] <= times[1]


@pytest.mark.requirement("PR-1")
def test_no_word_of_anybody_is_in_a_span(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, collector: SpanCollector
) -> None:
    gateway = open_gateway(traces={"url": collector.url})
    headers = {"x-request-id": CANARY, "tracestate": f"a={CANARY}", "user-agent": CANARY, "traceparent": CANARY}
    upstream.script = say(f"The {CANARY}. {SENTENCE} {CANARY}.")
    ask(gateway.address, CANARY, headers, model=CANARY)
    ask(gateway.address, CANARY, headers, model=CANARY, stream=True)
    ask(gateway.address, f"{CANARY} {RED_LINE}", headers)
    ask(gateway.address, CANARY, headers, messages=CANARY)
    until(lambda: len(collector.spans) == 2 + 2 + 1 + 1)
    assert not any(CANARY.encode() in body for body in collector.bodies)
    assert "withhold" in {attributes(each).get("ordinance.verdict") for each in collector.spans}
    assert not any("tracestate" in asked.headers for asked in upstream.asked)


def test_a_trace_that_is_not_kept_goes_on_as_it_came(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, collector: SpanCollector
) -> None:
    gateway = open_gateway(traces={"url": collector.url, "ratio": 0})
    upstream.script = say("Good day.")
    ask(gateway.address, headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})
    ask(gateway.address)
    assert upstream.asked[0].headers["traceparent"] == f"00-{TRACE}-{SPAN}-00"
    assert "traceparent" not in upstream.asked[1].headers
    gateway.service.tracer.close()
    assert collector.spans == []


def test_a_collector_that_fails_delays_nobody_and_gets_the_spans_when_it_is_back(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, collector: SpanCollector
) -> None:
    collector.status = 503
    gateway = open_gateway(traces={"url": collector.url})
    upstream.script = say("Good day.")
    assert [ask(gateway.address).status_code for _ in range(3)] == [200] * 3
    until(lambda: len(collector.paths) >= 1)
    assert collector.spans == []
    collector.status = 200
    until(lambda: len(collector.spans) == 6)
    lost = ("ordinance_spans_lost_total", "")
    assert numbers(gateway.service)[lost] == 0
    collector.status = 400
    ask(gateway.address)
    until(lambda: numbers(gateway.service)[lost] == 2)


def test_without_a_collector_there_is_nothing_of_traces(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway()
    upstream.script = say("Good day.")
    ask(gateway.address)
    assert not any("spans" in key[0] for key in numbers(gateway.service))
    assert "traceparent" not in upstream.asked[0].headers
