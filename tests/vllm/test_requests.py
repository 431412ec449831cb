"""What of a request reaches a real vLLM: nothing that is not on the list, and no setting of ours."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from ordinance.protocol import fields
from support.tiny_model import CANARY
from support.vantage import Vantage
from support.vllm_asks import CHAT, COMPLETIONS, MESSAGES, RESPONSES
from support.vllm_server import VllmServer

LISTS = {
    CHAT: fields.CHAT,
    COMPLETIONS: fields.COMPLETIONS,
    RESPONSES: fields.RESPONSES,
    MESSAGES: fields.MESSAGES,
}
ASKED: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 2},
    COMPLETIONS: {"prompt": "hello", "max_tokens": 2},
    RESPONSES: {"input": "hello", "max_output_tokens": 2},
    MESSAGES: {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 2},
}
#: What a client might hope that somebody acts on.
HOSTILE: dict[str, Any] = {
    "vllm_xargs": {"ordinance": "off", "policy": CANARY},
    "chat_template": "{{ 'qvxzjkwy' }}",
    "chat_template_kwargs": {"conversation": CANARY, "tools": CANARY, "enable_thinking": False},
    "kv_transfer_params": {"do_remote_prefill": True},
    "logits_processors": ["os.system"],
    "request_id": CANARY,
    "priority": -100,
    "prompt_logprobs": 5,
    "return_tokens_as_token_ids": True,
    "mm_processor_kwargs": {"x": CANARY},
    "ordinance": {"policy": "none"},
    "x_ordinance_jurisdiction": "US",
    "jurisdiction": "US",
    "extra_body": {"vllm_xargs": {"a": 1}},
    "extra_args": {"a": 1},
    "a_field_that_nobody_knows": CANARY,
}
HEADERS = {
    "x-request-id": CANARY, "x-data-parallel-rank": "0", "x-session-id": CANARY, "cookie": "a=b",
    "x-ordinance-jurisdiction": "US", "x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9",
}  # fmt: skip


@pytest.mark.parametrize("path", list(LISTS))
def test_every_field_that_vllm_knows_is_forwarded_or_dropped_by_name(path: str, ungoverned: Vantage) -> None:
    description = ungoverned.get("/openapi.json").json()
    schema = description["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    known = set(description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"])
    listed = LISTS[path].forwarded | LISTS[path].dropped.keys()
    assert known - listed == set()
    assert len(known) > 10


@pytest.mark.semantics(1)
@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("path", list(LISTS))
def test_no_setting_of_ours_can_be_reached(
    path: str, streaming: bool, governed: Vantage, server: VllmServer, client: httpx2.Client
) -> None:
    client.get(f"{server.address}/harness/seen")
    body = {"model": "tiny", **ASKED[path], **HOSTILE, "stream": streaming}
    reply = client.post(f"{governed.address}{path}?vllm_xargs=1", json=body, headers=HEADERS)
    assert reply.status_code == 200, reply.text
    assert CANARY not in reply.text
    (asked,) = [each for each in client.get(f"{server.address}/harness/seen").json() if each["path"] == path]
    assert CANARY not in json.dumps(asked)
    forwarded = json.loads(asked["body"])
    assert forwarded.keys() <= LISTS[path].forwarded
    assert forwarded.get("chat_template_kwargs", {}).keys() <= {"enable_thinking"}
    assert not asked["headers"].keys() & (HEADERS.keys() - {"x-request-id"})


def test_ungoverned_they_arrive(ungoverned: Vantage, server: VllmServer, client: httpx2.Client) -> None:
    """The check is checked."""
    client.get(f"{server.address}/harness/seen")
    hostile = {key: HOSTILE[key] for key in ("vllm_xargs", "request_id", "a_field_that_nobody_knows")}
    client.post(ungoverned.address + CHAT, json={"model": "tiny", **ASKED[CHAT], **hostile}, headers=HEADERS)
    (asked,) = client.get(f"{server.address}/harness/seen").json()
    assert hostile.keys() <= json.loads(asked["body"]).keys()
    assert HEADERS.keys() <= asked["headers"].keys()


#: Requests that vLLM refuses with the client's own words.
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "a-model": (CHAT, {**ASKED[CHAT], "model": CANARY}),
    "a-number": (CHAT, {**ASKED[CHAT], "max_tokens": CANARY}),
    "a-part": (CHAT, {"messages": [{"role": "user", "content": [{"type": CANARY}]}]}),
    "a-seed": (CHAT, {**ASKED[CHAT], "seed": CANARY}),
    "a-form": (CHAT, {**ASKED[CHAT], "response_format": {"type": CANARY}}),
    "a-completion": (COMPLETIONS, {**ASKED[COMPLETIONS], "temperature": CANARY}),
    "a-completions-model": (COMPLETIONS, {**ASKED[COMPLETIONS], "model": CANARY}),
    "a-response": (RESPONSES, {**ASKED[RESPONSES], "temperature": CANARY}),
    "a-responses-model": (RESPONSES, {**ASKED[RESPONSES], "model": CANARY}),
    "a-message": (MESSAGES, {**ASKED[MESSAGES], "temperature": CANARY}),
    "a-messages-model": (MESSAGES, {**ASKED[MESSAGES], "model": CANARY}),
}


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", list(REFUSED))
def test_an_error_does_not_say_it_again(name: str, streaming: bool, governed: Vantage) -> None:
    path, body = REFUSED[name]
    reply = governed.post(path, {"model": "tiny", **body, "stream": streaming})
    assert 400 <= reply.status_code < 500
    assert CANARY not in reply.text + str(reply.headers)


@pytest.mark.parametrize("name", list(REFUSED))
def test_ungoverned_an_error_does(name: str, ungoverned: Vantage) -> None:
    path, body = REFUSED[name]
    reply = ungoverned.post(path, {"model": "tiny", **body})
    assert reply.status_code >= 400
    assert CANARY in reply.text
