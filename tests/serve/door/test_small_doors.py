"""What clients ask for beside answers: one model, the request's id, the field that a refusal is about, and requests of
pages in a browser."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest

from support.serving import (
    PATIENCE,
    OpenGateway,
    RunningGateway,
    ScriptedUpstream,
    Wire,
    completion,
    send,
)
from support.small_plan import RED_LINE

pytestmark = pytest.mark.server

CANARY = "canary of the user's"
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
CHAT = "/v1/chat/completions"
DESK = "https://desk.example.org"
PREFLIGHT = {"origin": DESK, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}


def ask(gateway: RunningGateway, method: str, path: str, **more: Any) -> httpx2.Response:
    return httpx2.request(method, gateway.address + path, timeout=PATIENCE, trust_env=False, **more)


@pytest.fixture
def listed(gateway: RunningGateway, upstream: ScriptedUpstream) -> RunningGateway:
    async def script(wire: Wire) -> None:
        names = ("m", "house/model-7b")
        await wire.json({"data": [{"id": name, "created": 1, "owned_by": "o", "root": CANARY} for name in names]})

    upstream.script = script
    return gateway


@pytest.mark.parametrize("name", ["m", "house/model-7b"])
def test_a_listed_model_is_retrieved(listed: RunningGateway, name: str) -> None:
    with openai.OpenAI(base_url=f"{listed.address}/v1", api_key="k", max_retries=0) as client:
        assert client.models.retrieve(name).to_dict() == {"id": name, "object": "model", "created": 1, "owned_by": "o"}
    assert ask(listed, "GET", f"/v1/models/{name}").json()["id"] == name


@pytest.mark.parametrize("name", ["other", "m/", "..%2fmodels", "%00", "{model}"])
def test_one_that_is_not_listed_is_not_there(listed: RunningGateway, name: str) -> None:
    answer = ask(listed, "GET", f"/v1/models/{name}")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert ask(listed, "POST", f"/v1/models/{name}").status_code == 405


def test_a_model_needs_a_key(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway(keys=[{"sha256": "0" * 64, "name": "a"}])
    assert ask(gateway, "GET", "/v1/models/m").status_code == 401
    assert upstream.asked == []


def test_the_id_of_a_request_has_both_names(gateway: RunningGateway) -> None:
    headers = ask(gateway, "POST", CHAT, json=ASK).headers
    assert headers["request-id"] == headers["x-request-id"] != ""


def refusing(body: Any) -> Any:
    async def script(wire: Wire) -> None:
        await wire.json(body, 400)

    return script


@pytest.mark.parametrize(
    ("error", "param"),
    [
        ({"message": CANARY, "param": "seed"}, "seed"),
        ({"message": f"1 error: {{'loc': ('body', 'logit_bias'), 'input': '{CANARY}'}}", "param": None}, "logit_bias"),
        ({"type": "invalid_request_error", "message": f"temperature must be at most 2: {CANARY}"}, "temperature"),
        ({"message": f"`top_p` is wrong: {CANARY}"}, "top_p"),
        ({"code": 400, "message": f"Field 'n': Value must be between 1 <= value <= 2, but got {CANARY}"}, "n"),
        ({"code": 400, "message": f"Field '{CANARY}': Value must be"}, None),
        ({"message": f"{CANARY}: seed"}, None),
        ({"message": CANARY, "param": CANARY}, None),
        ({"message": f"'loc': ('body', '{CANARY.split()[0]}')", "param": ["seed"]}, None),
        ([CANARY], None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_value_is_named_if_it_is_a_field_and_no_text_passes(
    gateway: RunningGateway, upstream: ScriptedUpstream, error: Any, param: str | None, stream: bool
) -> None:
    for body in ({"error": error}, error):
        upstream.script = refusing(body)
        answer = ask(gateway, "POST", CHAT, json={**ASK, "stream": stream})
        assert answer.status_code == 400
        told = answer.json()["error"]
        assert (told["code"], told["param"]) == ("upstream_refused", param)
        assert "canary" not in answer.text


def test_an_error_that_is_too_long_names_nothing(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = refusing({"error": {"param": "seed", "message": "x" * 100_000}})
    assert ask(gateway, "POST", CHAT, json=ASK).json()["error"]["param"] is None


@pytest.mark.parametrize(
    ("path", "asked", "empty"),
    [
        (CHAT, {**ASK, "logprobs": True}, {"content": []}),
        ("/v1/completions", {"model": "m", "prompt": "hi", "logprobs": 1},
         {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}),
    ],
)  # fmt: skip
def test_log_probabilities_keep_their_type(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, asked: dict[str, Any], empty: Any
) -> None:
    whole = completion("Day.")
    whole["choices"] = [{**whole["choices"][0], "text": "Day."}]
    upstream.script = send(json.dumps(whole).encode(), kind="application/json")
    assert ask(gateway, "POST", path, json=asked).json()["choices"][0]["logprobs"] == empty
    words = {"messages": [{"role": "user", "content": RED_LINE}]} if path == CHAT else {"prompt": RED_LINE}
    assert ask(gateway, "POST", path, json={**asked, **words}).json()["choices"][0]["logprobs"] == empty
    assert ask(gateway, "POST", path, json={**asked, "logprobs": None}).json()["choices"][0]["logprobs"] is None


def test_a_page_of_an_allowed_origin_may_ask(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway(cors=[DESK], keys=[{"sha256": "0" * 64, "name": "a"}])
    answer = ask(gateway, "OPTIONS", CHAT, headers=PREFLIGHT)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == DESK
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert "access-control-allow-credentials" not in answer.headers
    asked = ask(gateway, "POST", CHAT, json=ASK, headers={"origin": DESK})
    assert asked.status_code == 401
    assert asked.headers["access-control-allow-origin"] == DESK
    assert "x-request-id" in asked.headers["access-control-expose-headers"]
    assert upstream.asked == []


@pytest.mark.parametrize("origin", ["https://other.example", "null", "https://desk.example.org.evil", DESK + "/"])
def test_no_other_origin_may(open_gateway: OpenGateway, origin: str) -> None:
    for gateway in (open_gateway(cors=[DESK]), open_gateway()):
        answer = ask(gateway, "OPTIONS", CHAT, headers={**PREFLIGHT, "origin": origin})
        assert answer.status_code == 405
        asked = ask(gateway, "POST", CHAT, json=ASK, headers={"origin": origin})
        assert not any(name.startswith("access-control") for name in (*answer.headers, *asked.headers))
