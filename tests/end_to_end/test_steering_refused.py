"""An operator may turn away requests that steer the model token by token, and so could keep a phrase from its end."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from ordinance.protocol.finish import FORCING, STEERING
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream

STEERED: dict[str, dict[str, Any]] = {
    "logit_bias": {"logit_bias": {"17": -100}},
    "allowed_token_ids": {"allowed_token_ids": [1, 2]},
    "bad_words": {"bad_words": ["x"]},
    "frequency_penalty": {"frequency_penalty": 0.5},
    "presence_penalty": {"presence_penalty": -1},
    "repetition_penalty": {"repetition_penalty": 1.3},
    "repeat_penalty": {"repeat_penalty": 1.1},
    "dry_multiplier": {"dry_multiplier": 0.8},
    "xtc_probability": {"xtc_probability": 0.5},
    "samplers": {"samplers": ["penalties"]},
    "structured_outputs.whitespace_pattern": {"structured_outputs": {"json": {}, "whitespace_pattern": "x"}},
    "structured_outputs": {"structured_outputs": {"regex": "a.c"}},
    "guided_regex": {"guided_regex": "a.c"},
    "grammar": {"grammar": "root ::= [a-c]"},
}
ORDINARY: tuple[dict[str, Any], ...] = (
    {},
    {"temperature": 0.2, "top_p": 0.9, "seed": 1, "max_tokens": 5, "stop": ["\n"]},
    {"logit_bias": {}, "frequency_penalty": 0, "presence_penalty": 0.0, "repetition_penalty": 1.0, "bad_words": []},
    {"response_format": {"type": "json_object"}},
)


def ask(address: str, fields: dict[str, Any]) -> httpx2.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return httpx2.post(f"{address}/v1/chat/completions", json=body, timeout=PATIENCE, trust_env=False)


def test_every_field_that_steers_is_tried() -> None:
    assert STEERED.keys() >= set(STEERING)
    assert FORCING.keys() >= set(STEERING)


@pytest.mark.requirement("TR-3")
@pytest.mark.parametrize("name", STEERED)
def test_a_request_that_steers_is_turned_away_where_the_operator_says_so(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, name: str
) -> None:
    assert ask(open_gateway().address, STEERED[name]).status_code == 200
    before = len(upstream.asked)
    answer = ask(open_gateway(steering="refuse").address, STEERED[name])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "field_refused")
    assert answer.json()["error"]["param"] == name
    assert len(upstream.asked) == before


@pytest.mark.parametrize("fields", ORDINARY)
def test_ordinary_requests_are_answered(open_gateway: OpenGateway, fields: dict[str, Any]) -> None:
    assert ask(open_gateway(steering="refuse").address, fields).status_code == 200
