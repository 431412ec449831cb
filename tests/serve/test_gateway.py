"""The gateway over real HTTP, with the real client, before an upstream that says what each test wants."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from ordinance.policy.plan import Scope
from ordinance.runtime.match.matcher import Match, Matcher
from ordinance.runtime.redact.continuation import REACH
from support import several
from support.serving import (
    DONE,
    PATIENCE,
    LoopThread,
    OpenGateway,
    RunningGateway,
    ScriptedUpstream,
    Wire,
    chunk,
    completion,
    event,
    posting,
    say,
    send,
    send_and_wait,
)
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE, REFUSED, SENTENCE, small_plan
from support.waiting import until

pytestmark = pytest.mark.server

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
JSON = {"content-type": "application/json"}
POLICY = "DE@2026.11.0+0123456789abcdef"


@pytest.fixture
def http(gateway: RunningGateway) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client:
        yield client


def client_of(gateway: RunningGateway, key: str = "a-client-key") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.address}/v1", api_key=key, max_retries=0, timeout=PATIENCE)


def ask(http: httpx2.Client, **fields: Any) -> httpx2.Response:
    return http.post("/v1/chat/completions", json=ASK | fields)


def events(response: httpx2.Response) -> list[Any]:
    """The data of a stream's events; the end mark as it stands."""
    data = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [one if one == "[DONE]" else json.loads(one) for one in data]


def text_of(chunks: list[Any]) -> str:
    return "".join(c["delta"].get("content", "") for one in chunks if one != "[DONE]" for c in one.get("choices", ()))


# the main road


def test_the_real_client_chats_without_a_stream(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = say(f"Good day. {SENTENCE} Goodbye.")
    with client_of(gateway) as client:
        answer = client.chat.completions.with_raw_response.create(**ASK)
    assert answer.headers["x-ordinance-policy"] == POLICY
    said = answer.parse()
    assert said.choices[0].message.content == (
        f"{MACHINE['en']}\n\nGood day. Look at the ⟦…⟧ over there. Goodbye.\n\n{OMITTED['en']}"
    )
    assert said.choices[0].finish_reason == "stop"
    assert said.usage is None
    told = (said.model_extra or {})["ordinance"]
    assert (told["verdict"], told["balanced"], told["jurisdiction"], told["locale"]) == ("withhold", True, "DE", "en")
    assert [notice["text"] for notice in told["notices"]] == [MACHINE["en"], OMITTED["en"]]


def test_the_real_client_chats_on_a_stream(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = say(f"Good day. {SENTENCE} Goodbye.", range(0, 50, 3))
    with client_of(gateway) as client, client.chat.completions.create(**ASK, stream=True) as stream:
        chunks = list(stream)
    assert all(one.choices for one in chunks), "clients index into choices"
    text = "".join(one.choices[0].delta.content or "" for one in chunks)
    assert text == f"{MACHINE['en']}\n\nGood day. Look at the ⟦…⟧ over there. Goodbye.\n\n{OMITTED['en']}"
    assert [one.choices[0].finish_reason for one in chunks][-1] == "stop"
    assert ["ordinance" in (one.model_extra or {}) for one in chunks] == [False] * (len(chunks) - 1) + [True]


@pytest.mark.requirement("TR-8")
@pytest.mark.requirement("TR-3")
@pytest.mark.parametrize("scope", [Scope(), Scope("sentence", 400)], ids=["span", "sentence"])
def test_for_every_two_cuts_nothing_of_the_region_is_on_the_wire(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, scope: Scope
) -> None:
    text = f"Oh! A {FORBIDDEN}? No."
    gateway = open_gateway(small_plan(scope))
    hidden = FORBIDDEN if scope.unit == "span" else f"A {FORBIDDEN}?"
    expected = f"{MACHINE['en']}\n\n{text.replace(hidden, '⟦…⟧')}\n\n{OMITTED['en']}"
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as http:
        for cuts in itertools.combinations(range(1, len(text)), 2):
            upstream.script = say(text, cuts)
            answer = ask(http, stream=True)
            wire = answer.content.decode()
            chunks = events(answer)
            assert chunks[-1] == "[DONE]"
            said = text_of(chunks)
            assert said == expected, cuts
            assert not any(piece in wire for piece in ("forbid", "idden", "den fl", "flag\\", 'flag"', "flag?")), cuts
            assert said.count(OMITTED["en"]) == 1
            told = chunks[-2]["ordinance"]["notices"]
            assert [notice["text"] for notice in told].count(OMITTED["en"]) == 1
            assert told[-1]["causes"][0]["law"] == {"title": "Flag Act", "article": "§ 1", "jurisdiction": "DE"}


@pytest.mark.requirement("CC-1")
@pytest.mark.requirement("TR-6")
@pytest.mark.semantics(2)
@pytest.mark.parametrize(
    ("headers", "language", "locale"),
    [
        ({"x-ordinance-locale": "en-US"}, "en", "en-US"),
        ({"accept-language": "fr, en-GB;q=0.5, de;q=0.1"}, "en", "en-GB"),
        ({"accept-language": "de-AT"}, "de", "de-AT"),
        ({"x-ordinance-locale": "en", "accept-language": "de"}, "en", "en"),
        ({"accept-language": "ja"}, "de", "de-DE"),
        ({}, "de", "de-DE"),
    ],
)
def test_the_locale_chooses_the_words_and_removes_no_rule(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, headers: dict[str, str], language: str, locale: str
) -> None:
    upstream.script = say(SENTENCE)
    gateway = open_gateway(locale="de-DE")
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=ASK, headers=headers, trust_env=False).json()
    assert FORBIDDEN not in json.dumps(answer)
    assert OMITTED[language] in answer["choices"][0]["message"]["content"]
    assert (answer["ordinance"]["jurisdiction"], answer["ordinance"]["locale"]) == ("DE", locale)


def test_an_unchanged_request_goes_upstream_without_the_clients_key(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    gateway = open_gateway(upstream={"key": "operators-secret"})
    with client_of(gateway) as client:
        client.chat.completions.create(**ASK, temperature=0.25, extra_body={"top_k": 3, "vllm_xargs": {"a": 1}})
    asked = upstream.asked[-1]
    assert (asked.method, asked.path) == ("POST", "/v1/chat/completions")
    assert asked.headers["authorization"] == "Bearer operators-secret"
    assert asked.json == ASK | {"temperature": 0.25, "top_k": 3}
    assert not {"cookie", "x-stainless-lang", "referer"} & set(asked.headers)


@pytest.mark.parametrize("stream", [False, True])
def test_several_choices_each_with_its_own_notice(
    http: httpx2.Client, upstream: ScriptedUpstream, stream: bool
) -> None:
    async def script(wire: Wire) -> None:
        if not stream:
            await wire.json(completion("One.", f"A {FORBIDDEN}."))
            return
        await wire.head()
        await wire.send(event(chunk(1, content="A forb")), event(chunk(0, content="One.")))
        await wire.send(event(chunk(1, content="idden flag.")) + event(chunk(0, finish="stop")))
        await wire.send(event(chunk(1, finish="length")), DONE)

    upstream.script = script
    answer = ask(http, n=2, stream=stream)
    if stream:
        choices = [choice for one in events(answer)[:-1] for choice in one["choices"]]
        texts = ["".join(c["delta"].get("content", "") for c in choices if c["index"] == i) for i in (0, 1)]
    else:
        texts = [choice["message"]["content"] for choice in answer.json()["choices"]]
    assert texts == [f"{MACHINE['en']}\n\nOne.", f"{MACHINE['en']}\n\nA ⟦…⟧.\n\n{OMITTED['en']}"]


@pytest.mark.requirement("TR-8")
@pytest.mark.parametrize("second", [f"A {FORBIDDEN}.", "Two."])
def test_a_usage_that_comes_before_the_second_choice_does_not_leave(
    http: httpx2.Client, upstream: ScriptedUpstream, second: str
) -> None:
    """It would count what is withheld later; nothing is known yet of a choice that has not begun."""
    usage = {"prompt_tokens": 1, "completion_tokens": 77, "total_tokens": 78}
    first = [event({**chunk(0, content="One.", finish="stop"), "usage": usage}), event({"choices": [], "usage": usage})]
    then = [event(chunk(1, content=second)), event({**chunk(1, finish="stop"), "usage": {**usage, "total_tokens": 99}})]
    upstream.script = send(*first, *then, DONE)
    answer = ask(http, n=2, stream=True)
    told = [one["usage"]["total_tokens"] for one in events(answer)[:-1] if "usage" in one]
    assert told == ([99] if second == "Two." else [])


# refusals


@pytest.mark.semantics(7)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_prompt_is_answered_without_asking_the_upstream(
    http: httpx2.Client, upstream: ScriptedUpstream, stream: bool
) -> None:
    answer = ask(http, messages=[{"role": "user", "content": f"the {RED_LINE}"}], stream=stream)
    assert answer.status_code == 200
    assert answer.headers["x-ordinance-policy"] == POLICY
    assert upstream.asked == []
    if stream:
        *chunks, end = events(answer)
        assert end == "[DONE]"
        said, reason, told = text_of(chunks), chunks[-1]["choices"][0]["finish_reason"], chunks[-1]["ordinance"]
    else:
        body = answer.json()
        said, reason = body["choices"][0]["message"]["content"], body["choices"][0]["finish_reason"]
        told = body["ordinance"]
    assert REFUSED["en"] in said
    assert (reason, told["verdict"]) == ("content_filter", "refuse")
    assert "red_line" in [notice["kind"] for notice in told["notices"]]


@pytest.mark.semantics(7)
def test_a_refused_answer_ends_and_the_upstream_is_cancelled(http: httpx2.Client, upstream: ScriptedUpstream) -> None:
    upstream.script = send_and_wait(event(chunk(content="Before. ")), event(chunk(content=f"The {RED_LINE} is")))
    *chunks, end = events(ask(http, stream=True))
    assert end == "[DONE]"
    assert text_of(chunks).startswith(f"{MACHINE['en']}\n\nBefore. The \n\n{REFUSED['en']}")
    assert chunks[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert chunks[-1]["ordinance"]["verdict"] == "refuse"
    assert upstream.asked[-1].gone.wait(PATIENCE)


def test_a_tool_call_that_holds_a_phrase_ends_the_answer(http: httpx2.Client, upstream: ScriptedUpstream) -> None:
    call = {"index": 0, "id": "call_1", "function": {"name": "find", "arguments": '{"what": "the forb'}}
    more = {"index": 0, "function": {"arguments": 'idden flag"}'}}
    upstream.script = send_and_wait(
        event(chunk(content="Let me look.")), event(chunk(tool_calls=[call])), event(chunk(tool_calls=[more]))
    )
    answer = ask(http, stream=True)
    *chunks, end = events(answer)
    assert end == "[DONE]"
    assert chunks[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert "omission" in [notice["kind"] for notice in chunks[-1]["ordinance"]["notices"]]
    assert text_of(chunks) == f"{MACHINE['en']}\n\nLet me look.\n\n{OMITTED['en']}"
    assert "forb" not in answer.text
    assert upstream.asked[-1].gone.wait(PATIENCE)


# doors


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 404),
        ("POST", "/chat", 404),
        ("GET", "/chat/", 404),
        ("GET", "/chat/chat.html", 404),
        ("POST", "/v1/embeddings", 404),
        ("POST", "/invocations", 404),
        ("POST", "/v1/chat/completions/", 404),
        ("POST", "//v1/chat/completions", 404),
        ("POST", "/v1/chat/completions/batch", 404),
        ("PUT", "/v1/models/m", 405),
        ("GET", "/metrics", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/health", 405),
    ],
)
def test_every_other_door_is_closed(
    http: httpx2.Client, upstream: ScriptedUpstream, method: str, path: str, status: int
) -> None:
    answer = http.request(method, path, json=ASK)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert upstream.asked == []


def test_models_pass_with_known_fields_only(http: httpx2.Client, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        model = {"id": "m", "object": "model", "created": 1, "owned_by": "o", "root": "/canary/path", "permission": []}
        await wire.json({"object": "list", "data": [model], "models": ["canary"]})

    upstream.script = script
    assert http.get("/v1/models").json() == {
        "object": "list",
        "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "o"}],
    }


def test_alive_and_ready(open_gateway: OpenGateway) -> None:
    gateway = open_gateway()
    assert httpx2.get(f"{gateway.address}/health", trust_env=False).json() == {"status": "alive"}
    ready = httpx2.get(f"{gateway.address}/ready", trust_env=False)
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True, "policy": POLICY, "stale": None, "draining": False, "restart_due": False,
        "audit": {"state": "ok", "lost": 0}, "upstream": "reachable",
    }  # fmt: skip


def test_alive_but_not_ready_without_an_upstream(open_gateway: OpenGateway) -> None:
    gateway = open_gateway(url=closed_port())
    assert httpx2.get(f"{gateway.address}/health", trust_env=False).status_code == 200
    ready = httpx2.get(f"{gateway.address}/ready", trust_env=False)
    assert (ready.status_code, ready.json()["upstream"]) == (503, "unreachable")


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


# keys


def keys(**attested: Any) -> list[dict[str, Any]]:
    return [{"name": "desk", "sha256": hashlib.sha256(b"sesame").hexdigest(), **attested}]


def test_a_wrong_key_is_told_in_the_shape_of_the_protocol(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    gateway = open_gateway(keys=keys())
    with client_of(gateway, "wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(**ASK)
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert upstream.asked == []
    with client_of(gateway, "sesame") as client:
        assert client.models.list().data[0].id == "m"
        assert "Hello." in str(client.chat.completions.create(**ASK).choices[0].message.content)


@pytest.mark.semantics(4)
def test_a_key_may_attest_that_system_messages_are_the_operators(open_gateway: OpenGateway) -> None:
    says = [{"role": "system", "content": f"Never speak of the {RED_LINE}."}, {"role": "user", "content": "hi"}]
    reasons = []
    for ours in (False, True):
        with client_of(open_gateway(keys=keys(system_messages_are_ours=ours)), "sesame") as client:
            reasons.append(client.chat.completions.create(model="m", messages=says).choices[0].finish_reason)  # type: ignore[arg-type]  # plain mappings
    assert reasons == ["content_filter", "stop"]


# what goes wrong


@pytest.mark.parametrize(
    ("status", "passed", "code"),
    [
        (400, 400, "upstream_refused"), (401, 502, "upstream_denied"), (403, 502, "upstream_denied"),
        (404, 404, "upstream_refused"), (422, 422, "upstream_refused"), (429, 429, "upstream_busy"),
        (500, 502, "upstream_failed"), (503, 503, "upstream_busy"), (302, 502, "upstream_failed"),
        (202, 502, "upstream_failed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_an_upstreams_error_passes_as_a_status_and_no_text(
    http: httpx2.Client, upstream: ScriptedUpstream, status: int, passed: int, code: str, stream: bool
) -> None:
    async def script(wire: Wire) -> None:
        await wire.json({"error": {"message": "canary: what the user said"}}, status, retry_after="7", location="/x")

    upstream.script = script
    answer = ask(http, stream=stream)
    assert (answer.status_code, answer.json()["error"]["code"]) == (passed, code)
    assert "canary" not in answer.text + str(answer.headers)
    assert answer.headers.get("retry-after") == ("7" if passed in (429, 503) else None)
    assert len(upstream.asked) == 1


def test_an_upstream_that_is_not_there(open_gateway: OpenGateway) -> None:
    gateway = open_gateway(url=closed_port())
    with client_of(gateway) as client, pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**ASK)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_unreachable")


def test_the_log_says_once_that_the_upstream_is_gone_and_once_that_it_answers_again(
    http: httpx2.Client, upstream: ScriptedUpstream, capfd: pytest.CaptureFixture[str]
) -> None:
    async def gone(wire: Wire) -> None:
        await several.close_before(wire)

    upstream.script = gone
    assert {ask(http).status_code for _ in range(3)} == {502}
    upstream.script = say("Hello.")
    assert {ask(http).status_code for _ in range(3)} == {200}
    told = capfd.readouterr().err
    assert told.count("the model server cannot be reached; requests fail until it answers") == 1
    assert told.count("the model server answers again") == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"canary", b'{"choices":[{"message":{"content":"can', b"\xff" * 100, b'{"error":"canary"}'],
)
def test_a_whole_answer_that_cannot_be_read(http: httpx2.Client, upstream: ScriptedUpstream, body: bytes) -> None:
    upstream.script = send(body, kind="application/json")
    answer = ask(http)
    assert answer.status_code == 502
    assert answer.json()["error"]["type"] == "server_error"
    assert "canary" not in answer.text


def test_a_whole_answer_over_the_limit(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = say("x" * 5000)
    gateway = open_gateway(limits={"answer_bytes": 4096})
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=ASK, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")


def test_a_stream_where_none_was_asked_and_the_reverse(http: httpx2.Client, upstream: ScriptedUpstream) -> None:
    upstream.script = send(event(chunk(content="x")), DONE)
    assert ask(http).json()["error"]["code"] == "upstream_malformed"
    upstream.script = send(json.dumps(completion("x")).encode(), kind="application/json")
    assert ask(http, stream=True).json()["error"]["code"] == "upstream_malformed"


HELD = event(chunk(content="See the forbidden"))


@pytest.mark.parametrize(
    ("packets", "code"),
    [
        ([HELD], "upstream_truncated"),
        ([HELD, b'data: {"choices":[{"ind'], "upstream_truncated"),
        ([HELD, b"data: nonsense\n\n"], "upstream_malformed"),
        ([HELD, b'data: {"choices":[{"delta":{"content":"\xc3'], "upstream_truncated"),
        ([HELD, b"data: \xff\xfe\n\n"], "upstream_malformed"),
        ([HELD, b"data: " + b"x" * 10_000_000], "upstream_malformed"),
        ([HELD, b'data: {"error":{"message":"canary"}}\n\n'], "upstream_failed"),
        ([HELD, b'data: {"object":"error","message":"canary","code":500}\n\n', DONE], "upstream_failed"),
        ([HELD, b'event: error\ndata: {"message":"canary"}\n\n', DONE], "upstream_failed"),
        ([HELD, b'data: {"message":"canary"}\nevent: error\n\n', DONE], "upstream_failed"),
        ([HELD + b"data: nonsense\n\n"], "upstream_malformed"),
        ([DONE], "upstream_malformed"),
        ([], "upstream_truncated"),
    ],
)  # fmt: skip
@pytest.mark.requirement("TR-8")
def test_a_stream_that_breaks_ends_with_an_error_and_releases_nothing_held(
    http: httpx2.Client, upstream: ScriptedUpstream, packets: list[bytes], code: str
) -> None:
    upstream.script = send(*packets)
    answer = ask(http, stream=True)
    *chunks, last = events(answer)
    assert answer.status_code == 200
    assert (last["error"]["code"], set(last["error"])) == (code, {"message", "type", "param", "code"})
    assert "[DONE]" not in answer.text
    assert "forbidden" not in answer.text
    assert "canary" not in answer.text
    if HELD[:20] in b"".join(packets):
        assert text_of(chunks) == f"{MACHINE['en']}\n\nSee the \n\nNotice fault."
        assert "fault" in [notice["kind"] for notice in last["ordinance"]["notices"]]


def test_the_real_client_sees_a_broken_stream_as_an_error(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = send(HELD)
    with (
        client_of(gateway) as client,
        client.chat.completions.create(**ASK, stream=True) as stream,
        pytest.raises(openai.APIError) as caught,
    ):
        list(stream)
    assert caught.value.code == "upstream_truncated"


def test_a_stream_without_an_end_mark_is_whole_if_every_choice_has_finished(
    http: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    upstream.script = send(event(chunk(content="Hi.")), event(chunk(finish="stop")))
    *chunks, end = events(ask(http, stream=True))
    assert (text_of(chunks), end) == (f"{MACHINE['en']}\n\nHi.", "[DONE]")
    assert chunks[-1]["ordinance"]["verdict"] == "disclose"


def test_a_stream_without_an_end_mark_is_broken_off_if_a_choice_never_came(
    http: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    upstream.script = send(event(chunk(content="Hi.")), event(chunk(finish="stop")))
    answer = ask(http, stream=True, n=2)
    assert events(answer)[-1]["error"]["code"] == "upstream_truncated"


def test_an_event_of_several_lines_arrives_whole(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    first, second = (
        event(chunk(content=text)).replace(b', "choices"', b',\ndata: "choices"') for text in ("Hi ", "there.")
    )
    upstream.script = send(event(chunk(role="assistant", content="")), first, second, event(chunk(finish="stop")), DONE)
    with client_of(gateway) as client, client.chat.completions.create(**ASK, stream=True) as stream:
        said = "".join(one.choices[0].delta.content or "" for one in stream)
    assert said == f"{MACHINE['en']}\n\nHi there."


def test_text_leaves_before_the_upstream_has_finished(http: httpx2.Client, upstream: ScriptedUpstream) -> None:
    upstream.script = send_and_wait(event(chunk(content="Hello there, ")))
    with http.stream("POST", "/v1/chat/completions", json=ASK | {"stream": True}) as answer:
        assert "Hello there" in next(answer.iter_text())
    assert upstream.asked[-1].gone.wait(PATIENCE), "the client has gone, so the upstream is not asked any longer"


@pytest.mark.parametrize("stream", [False, True])
def test_a_silent_upstream_times_out(open_gateway: OpenGateway, upstream: ScriptedUpstream, stream: bool) -> None:
    async def script(wire: Wire) -> None:
        await wire.until_gone()

    upstream.script = script
    for limit in ("idle_seconds", "total_seconds"):
        gateway = open_gateway(upstream={limit: 0.2})
        answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=ASK | {"stream": stream}, trust_env=False)
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")
        assert upstream.asked[-1].gone.wait(PATIENCE)


def test_a_stream_that_falls_silent_times_out(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = send_and_wait(HELD)
    gateway = open_gateway(upstream={"idle_seconds": 0.2})
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=ASK | {"stream": True}, trust_env=False)
    assert events(answer)[-1]["error"]["code"] == "upstream_timeout"
    assert "forbidden" not in answer.text


def test_an_oversized_body_is_refused_announced_or_not(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway(limits={"body_bytes": 1000})
    url = f"{gateway.address}/v1/chat/completions"
    for content in (b"x" * 1001, iter([b"x" * 600] * 2)):
        answer = httpx2.post(url, content=content, headers=JSON, trust_env=False)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
    assert upstream.asked == []


@pytest.mark.parametrize("sent", ["", "{"])
def test_a_body_that_does_not_arrive(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setattr("ordinance.serve.http.exchange.PATIENCE_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        client.sendall(posting(sent.encode(), 9))
        assert b"408" in client.recv(1000)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"messages":"x"}', b"\xff\xfe"])
def test_a_request_that_cannot_be_read(http: httpx2.Client, upstream: ScriptedUpstream, raw: bytes) -> None:
    answer = http.post("/v1/chat/completions", content=raw, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert upstream.asked == []


@pytest.mark.parametrize("depth", [300, 520, 700, 900, 100_000])
def test_a_request_of_any_depth_is_sent_on_or_turned_away(
    http: httpx2.Client, upstream: ScriptedUpstream, capfd: pytest.CaptureFixture[str], depth: int
) -> None:
    raw = '{"messages":[{"role":"user","content":"hi"}],"x":' + "[" * depth + "]" * depth + "}"
    status = http.post("/v1/chat/completions", content=raw, headers=JSON).status_code
    assert status in ((200,) if depth == 300 else (400,) if depth == 100_000 else (200, 400))
    assert len(upstream.asked) == (status == 200)
    assert "defect" not in capfd.readouterr().err


def test_a_long_prompt_is_screened_and_others_need_not_wait(http: httpx2.Client, upstream: ScriptedUpstream) -> None:
    answer = ask(http, messages=[{"role": "user", "content": "word " * 20_000 + RED_LINE}])
    assert answer.json()["choices"][0]["finish_reason"] == "content_filter"
    assert upstream.asked == []


# nothing is left behind


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_cancels_the_upstream_and_leaves_no_task(
    gateway: RunningGateway, upstream: ScriptedUpstream, loop_thread: LoopThread, stream: bool
) -> None:
    async def script(wire: Wire) -> None:
        if stream:
            await wire.head()
            await wire.send(event(chunk(content="Hello. ")))
        await wire.until_gone()

    upstream.script = script
    before = tasks(loop_thread)
    body = json.dumps(ASK | {"stream": stream}).encode()
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
            client.sendall(posting(body))
            if stream:
                client.recv(100)
            else:
                until(lambda: len(upstream.asked) > 0)
        until(lambda: bool(upstream.asked) and upstream.asked[-1].gone.is_set())
        upstream.asked.clear()
    until(lambda: tasks(loop_thread) <= before)


def test_no_task_is_left_after_answers_of_every_kind(
    http: httpx2.Client, upstream: ScriptedUpstream, loop_thread: LoopThread
) -> None:
    http.get("/health")
    before = tasks(loop_thread)
    scripts = [say("Hi."), say(RED_LINE), send(HELD), send(b"data: x\n\n"), send(b"", status=500)]
    for script in scripts * 2:
        upstream.script = script
        ask(http, stream=True)
        ask(http)
    until(lambda: tasks(loop_thread) <= before)


def tasks(thread: LoopThread) -> int:
    async def count() -> int:
        return len(asyncio.all_tasks())

    return thread.run(count())


@pytest.mark.requirement("PR-1")
def test_the_audit_log_has_a_line_for_each_request_and_no_text(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-of-the-user"
    log = tmp_path / "audit.jsonl"
    gateway = open_gateway(audit=log, keys=keys())
    url = f"{gateway.address}/v1/chat/completions"
    headers = {"authorization": "Bearer sesame", "x-canary": canary, "user-agent": canary}
    no_chunk = send(b'data: "canary-of-the-user"\n\n')
    scripts = [say(f"{canary} {SENTENCE}"), say(f"{canary} {RED_LINE}"), send(HELD), no_chunk]
    for script, stream in itertools.product(scripts, (False, True)):
        upstream.script = script
        said = [{"role": "user", "content": canary}]
        body = {"model": canary, "user": canary, "stream": stream, "messages": said}
        httpx2.post(url, json=body, headers=headers, trust_env=False)
    httpx2.post(url, json=ASK, headers={"authorization": f"Bearer {canary}"}, trust_env=False)
    until(lambda: log.read_text().count("\n") == len(scripts) * 2 + 1)
    written = log.read_text()
    records = [json.loads(line) for line in written.splitlines()]
    assert [record["status"] for record in records] == [200, 200, 200, 200, 502, 200, 502, 200, 401]
    assert records[0]["verdict"] == "withhold"
    assert records[0]["rules"] == ["DE/flags", "DE/machine"]
    assert records[0]["key"] == "desk"
    assert records[5]["problem"] == "upstream_truncated"
    assert len({record["request"] for record in records}) == len(records)
    captured = capfd.readouterr()
    for text in (written, captured.out, captured.err):
        assert canary not in text
        assert FORBIDDEN not in text
        assert "sesame" not in text
    assert oct(log.stat().st_mode & 0o777) == "0o600"


def test_a_defect_of_ours_is_told_without_a_word_of_what_was_said(
    gateway: RunningGateway,
    http: httpx2.Client,
    upstream: ScriptedUpstream,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def broken(self: Any, text: str, name: str) -> str:
        raise RuntimeError(f"cannot cope with {text}")

    monkeypatch.setattr("ordinance.runtime.stream.Stream.feed", broken)
    upstream.script = say("canary in the answer")
    whole, streamed = ask(http), ask(http, stream=True)
    assert (whole.status_code, whole.json()["error"]["code"]) == (500, "internal_error")
    assert events(streamed)[-1]["error"]["code"] == "internal_error"
    assert "[DONE]" not in streamed.text
    logged = capfd.readouterr().err
    assert "RuntimeError at" in logged
    assert "canary" not in logged + whole.text + streamed.text


@pytest.mark.semantics(10)
@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "It is the forbid"}],
        [{"role": "tool", "content": "It is the forbid"}],
        [{"role": "assistant", "content": "It is the forbid"}],
        [{"role": "assistant", "content": [{"type": "text", "text": "It is the"}, {"type": "text", "text": "forbid"}]}],
        [{"role": "assistant", "content": "It is the forbid"}, {"role": "assistant", "content": ""}],
        [{"role": "assistant", "content": "It is the forb\u200bid"}],
        [{"role": "assistant", "content": "", "reasoning_content": "It is the forbid"}],
    ],
)
def test_an_answer_that_continues_what_was_asked_does_not_complete_a_phrase(
    http: httpx2.Client, upstream: ScriptedUpstream, messages: list[dict[str, Any]], streaming: bool
) -> None:
    upstream.script = say("den flag. Good.", range(1, 10))
    answer = ask(http, messages=messages, stream=streaming, continue_final_message=True)
    assert "⟦…⟧" in answer.text
    said = text_of(events(answer)) if streaming else answer.json()["choices"][0]["message"]["content"]
    assert "den flag" not in said


def test_a_long_text_to_continue_and_many_choices_are_looked_at_once(
    http: httpx2.Client, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands before the answer is the same for all choices, and only its end matters."""
    seen: list[int] = []
    feed = Matcher.feed

    def counting(self: Matcher, char: str, at: int) -> list[Match]:
        seen.append(at)
        return feed(self, char, at)

    monkeypatch.setattr(Matcher, "feed", counting)
    upstream.script = say("Yes.")
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "how do i build a dirt " * 10_000}]
    assert ask(http, messages=messages, n=128).status_code == 200
    before = [at for at in seen if at < 0]
    assert 0 < len(before) <= 2 * 5 * REACH, "at most two readings, for each of the automata"
