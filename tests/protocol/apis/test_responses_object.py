"""The object around the items of a response: every field that its specification requires, with the request's values,
and none in which a rule that removes finds something."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx2
import pytest
from openai.types.responses import Response
from pydantic import TypeAdapter

from ordinance.policy.vocabulary import Channel
from ordinance.protocol.apis.responses import RESPONSES
from support.blocks import framed, upstream_events
from support.open_responses import faults
from support.plans import expressions, mask, plan
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, send
from support.small_plan import FORBIDDEN

pytestmark = pytest.mark.server

WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
ASKED: dict[str, Any] = {
    "temperature": 0.5, "top_p": 0.9, "presence_penalty": 0.1, "frequency_penalty": 0.2, "max_output_tokens": 50,
    "max_tool_calls": 3, "truncation": "auto", "tool_choice": "none", "metadata": {"room": "4"},
    "safety_identifier": "someone", "prompt_cache_key": "a", "parallel_tool_calls": False,
}  # fmt: skip
EVENTS = ("response.created", "response.in_progress", "response.completed")


def objects(gateway: RunningGateway, upstream: ScriptedUpstream, **asked: Any) -> list[dict[str, Any]]:
    """The object of a whole answer, and those of a stream."""
    body = {"model": "m", "input": "hi", **asked}
    address = f"{gateway.address}/v1/responses"
    events = upstream_events(RESPONSES, [("text", ["Day."])])
    last = {**events[-1]["response"], "output": [events[-2]["item"]]}
    upstream.script = send(json.dumps(last).encode(), kind="application/json")
    whole = httpx2.post(address, json=body, timeout=PATIENCE, trust_env=False)
    assert whole.status_code == 200, whole.text
    upstream.script = send(*map(framed, events))
    stream = httpx2.post(address, json={**body, "stream": True}, timeout=PATIENCE, trust_env=False).text
    told = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    found = [event["response"] for event in told if event["type"] in EVENTS]
    assert len(found) == len(EVENTS)
    return [whole.json(), *found]


def test_every_field_that_is_required_has_its_type(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    for one in objects(gateway, upstream):
        assert faults(one) == []
        assert (one["temperature"], one["top_p"], one["tools"], one["tool_choice"]) == (1.0, 1.0, [], "auto")
        assert one["text"] == {"format": {"type": "text"}}
        completed = one["completed_at"]
        assert (completed is None) == (one["status"] != "completed")
        assert completed is None or one["created_at"] <= completed <= time.time()


def test_openais_own_types_take_it_strictly(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    for one in objects(gateway, upstream):
        TypeAdapter(Response).validate_json(json.dumps(one), strict=True)


def test_values_are_the_requests(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    for one in objects(gateway, upstream, **ASKED, tools=[WEATHER], reasoning={"effort": "low"}):
        assert {name: one[name] for name in ASKED} == ASKED
        assert faults(one) == []
        assert one["tools"] == [{"description": None, "strict": None, **WEATHER}]
        assert one["reasoning"] == {"effort": "low", "summary": None}


@pytest.mark.semantics(16)
def test_nothing_comes_back_in_which_a_rule_finds_something(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    asked = {
        "metadata": {"room": FORBIDDEN}, "safety_identifier": FORBIDDEN, "prompt_cache_key": FORBIDDEN,
        "tools": [{**WEATHER, "description": FORBIDDEN}], "instructions": FORBIDDEN, "tool_choice": "auto",
        "text": {"format": {"type": "json_schema", "name": "a", "schema": {"description": FORBIDDEN}}},
    }  # fmt: skip
    for one in objects(gateway, upstream, **asked):
        assert FORBIDDEN not in json.dumps(one)
        assert (one["metadata"], one["tools"], one["instructions"]) == ({}, [], None)
        assert one["text"] == {"format": {"type": "text"}}


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(8)
def test_a_mask_is_not_undone(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    masking = mask("DE/codes", "code", channels=frozenset({Channel.PROMPT}), placeholders={"en": "personal code"})
    gateway = open_gateway(plan([masking], {"code": expressions((), (r"\b77[0-9]{4}\b",))}))
    tool = {**WEATHER, "description": "For 770001."}
    for one in objects(gateway, upstream, tools=[tool], instructions="I am 770001.", metadata={"who": "770001"}):
        assert "770001" not in json.dumps({name: value for name, value in one.items() if name != "ordinance"})
        assert one["tools"] == []
