"""What of a head goes to the model server, and what to the client: nothing that was not looked at."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.doctor.target import shuts
from ordinance.doctor.wire import server_at
from support.envoys import Governed, OpenEnvoy, OpenExtProc, filter_in
from support.ports import free_port
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, Wire, completion, say
from support.small_plan import FORBIDDEN, RED_LINE, SENTENCE

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(address: str, path: str = "/v1/chat/completions", *, body: Any = ASK, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx2.Client(timeout=PATIENCE, trust_env=False) as client:
        return client.post(address + path, json=body, headers=named)


def keys(token: str) -> list[dict[str, str]]:
    return [{"name": "school", "sha256": hashlib.sha256(token.encode()).hexdigest()}]


def test_the_model_server_sees_nothing_that_it_could_take_for_a_setting(
    gateway: Governed, upstream: ScriptedUpstream
) -> None:
    answer = ask(
        gateway.address, "/v1/chat/completions?priority=high", x_data_parallel_rank="3", x_gateway_destination="a",
        cookie="a=b", accept_encoding="gzip", x_ordinance_elapsed="5", x_request_id="mine", origin="http://a.example",
    )  # fmt: skip
    assert answer.status_code == 200
    (asked,) = upstream.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-request-id"] == answer.headers["request-id"]
    known = {
        "host", "user-agent", "accept", "accept-encoding", "content-type", "transfer-encoding", "x-forwarded-proto",
        "x-forwarded-for", "x-request-id",
    }  # fmt: skip
    assert {name for name in asked.headers if not name.startswith("x-envoy-")} <= known


def test_headers_that_the_operator_names_go_on(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway(ext_proc={"headers": ["x-session-id"]})
    ask(gateway.address, x_session_id="seven", x_other="eight")
    (asked,) = upstream.asked
    assert asked.headers["x-session-id"] == "seven"
    assert "x-other" not in asked.headers


def test_the_client_sees_no_header_of_the_model_servers(gateway: Governed, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.json(completion("Fine."), x_said=SENTENCE, set_cookie="a=b", x_envoy_said=SENTENCE, server=SENTENCE)

    upstream.script = script
    answer = ask(gateway.address)
    assert answer.status_code == 200
    assert FORBIDDEN not in str(answer.headers)
    assert {"x-said", "set-cookie"}.isdisjoint(answer.headers)


def test_an_answer_that_is_compressed_all_the_same_is_none(gateway: Governed, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.head(kind="application/json", content_encoding="gzip")
        await wire.send(gzip.compress(json.dumps(completion(SENTENCE)).encode()))

    upstream.script = script
    answer = ask(gateway.address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")


def test_a_question_that_is_compressed_is_not_read(gateway: Governed, upstream: ScriptedUpstream) -> None:
    with httpx2.Client(timeout=PATIENCE, trust_env=False) as client:
        answer = client.post(
            f"{gateway.address}/v1/chat/completions",
            content=gzip.compress(json.dumps(ASK).encode()),
            headers={"content-type": "application/json", "content-encoding": "gzip"},
        )
    assert answer.status_code == 400
    assert upstream.asked == []


def test_keys_are_ordinances_and_do_not_go_on(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway(keys=keys("secret"))
    assert ask(gateway.address).status_code == 401
    assert ask(gateway.address, authorization="Bearer other").status_code == 401
    assert upstream.asked == []
    assert ask(gateway.address, authorization="Bearer secret").status_code == 200
    assert ask(gateway.address, x_api_key="secret").status_code == 200
    for asked in upstream.asked:
        assert {"authorization", "x-api-key"}.isdisjoint(asked.headers)


@pytest.mark.parametrize("where", ["key", "key_file"])
def test_the_operators_key_for_the_model_server_takes_the_place_of_a_clients(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, where: str
) -> None:
    (tmp_path / "key").write_text("ours\n", "utf-8")
    gateway = open_gateway(upstream={"url": upstream.url, where: "ours" if where == "key" else tmp_path / "key"})
    ask(gateway.address, authorization="Bearer theirs")
    assert upstream.asked[0].headers["authorization"] == "Bearer ours"


def test_without_keys_a_clients_own_goes_to_the_model_server_which_may_refuse_it(
    gateway: Governed, upstream: ScriptedUpstream
) -> None:
    async def script(wire: Wire) -> None:
        if wire.asked.headers.get("authorization") == "Bearer theirs":
            await say("Fine.")(wire)
        else:
            await wire.json({"error": SENTENCE}, 401)

    upstream.script = script
    answer = ask(gateway.address, authorization="Bearer theirs")
    assert answer.status_code == 200
    refused = ask(gateway.address)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert FORBIDDEN not in refused.text


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_refused_never_comes_to_the_model_server(
    gateway: Governed, upstream: ScriptedUpstream, stream: bool
) -> None:
    body = {**ASK, "stream": stream, "messages": [{"role": "user", "content": f"An {RED_LINE}."}]}
    answer = ask(gateway.address, body=body)
    assert answer.status_code == 200
    assert '"refuse"' in answer.text
    assert upstream.asked == []


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_of_an_error_of_the_model_servers_no_word_leaves(
    gateway: Governed, upstream: ScriptedUpstream, status: int
) -> None:
    async def script(wire: Wire) -> None:
        await wire.json({"error": {"message": SENTENCE}}, status, retry_after="7")

    upstream.script = script
    answer = ask(gateway.address)
    assert answer.status_code == {500: 502}.get(status, status)
    assert answer.json()["error"]["code"].startswith("upstream_")
    assert FORBIDDEN not in answer.text
    assert answer.headers.get("retry-after") == ("7" if status in (429, 503) else None)


def test_an_error_without_a_body(gateway: Governed, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.head(204)

    upstream.script = script
    assert ask(gateway.address).status_code == 502


@pytest.mark.parametrize("path", ["/v1/chat%2fcompletions", "/v1/chat/completions%2F"])
def test_what_envoy_itself_refuses_is_told_so_and_is_no_fault_of_the_filters(
    gateway: Governed, upstream: ScriptedUpstream, capfd: pytest.CaptureFixture[str], path: str
) -> None:
    answer = httpx2.post(gateway.address + path, json=ASK, timeout=PATIENCE, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "envoy_refused")
    assert shuts(server_at(gateway.address, None, PATIENCE).ask("POST", path, ASK), with_key=True)
    assert upstream.asked == []
    assert "not set up" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "path",
    [
        "//v1/chat/completions", "/v1/chat/./completions", "/v1/x/../chat/completions", "/v1/chat/completions?a=b",
        "/v1/chat/completions/", "/V1/chat/completions", "/v1/chat/completions;a", "/invocations", "/generate",
        "/v1/completions/../embeddings", "/v1/chat/completions%20",
    ],
)  # fmt: skip
def test_a_path_is_read_in_one_way_or_closed(gateway: Governed, upstream: ScriptedUpstream, path: str) -> None:
    """What two readers may take for two paths comes to the model server as the path that was governed, or not."""
    upstream.script = say(SENTENCE)
    with httpx2.Client(timeout=PATIENCE, trust_env=False) as client:
        request = client.build_request("POST", gateway.address, json=ASK)
        request.url = request.url.copy_with(raw_path=path.encode())
        answer = client.send(request)
    assert FORBIDDEN not in answer.text
    assert {asked.path for asked in upstream.asked} <= {"/v1/chat/completions"}
    assert answer.status_code == (200 if upstream.asked else 404)


def test_large_questions_and_answers_pass_in_pieces(gateway: Governed, upstream: ScriptedUpstream) -> None:
    words = "A long sentence about nothing. " * 20_000
    upstream.script = say(words)
    answer = ask(gateway.address, body={**ASK, "messages": [{"role": "user", "content": words[:300_000]}]})
    assert words in answer.json()["choices"][0]["message"]["content"]
    assert len(upstream.asked[0].body) > 300_000


def test_a_question_over_the_limit_is_refused(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway(limits={"body_bytes": 100_000})
    answer = ask(gateway.address, body={**ASK, "messages": [{"role": "user", "content": "word " * 40_000}]})
    assert (answer.status_code, upstream.asked) == (413, [])


def test_trailers_of_either_side_go_nowhere(gateway: Governed, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.head(kind="application/json", trailer="x-said")
        await wire.send(json.dumps(completion("Fine.")).encode())
        wire._in_chunks = False
        await wire.send(b"0\r\nx-said: " + SENTENCE.encode() + b"\r\n\r\n")

    upstream.script = script
    answer = ask(gateway.address)
    assert (answer.status_code, FORBIDDEN in answer.text) == (200, False)
    assert "Fine." in answer.text


def test_a_refusal_where_envoy_may_not_answer_in_our_place(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, upstream: ScriptedUpstream
) -> None:
    """`disable_immediate_response`: Envoy goes on, or fails; the model server is not asked what was refused."""

    def change(config: dict[str, Any]) -> None:
        filter_in(config)["disable_immediate_response"] = True

    port = free_port()
    open_ext_proc(port)
    envoy = open_envoy(port, change)
    envoy.until_processor(probed=False)
    upstream.script = say(SENTENCE)
    answer = ask(envoy.address, body={**ASK, "messages": [{"role": "user", "content": f"An {RED_LINE}."}]})
    assert answer.status_code >= 500
    assert FORBIDDEN not in answer.text
    assert upstream.asked == []
