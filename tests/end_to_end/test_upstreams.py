"""Several inference servers by name: the model decides, one that fails is left out, and what fell back is said."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx2
import pytest

from ordinance.doctor import attached_servers
from ordinance.doctor.findings import State
from ordinance.doctor.protocols.canaries import canaries_of
from ordinance.doctor.target import acquaint
from ordinance.doctor.wire import server_at
from ordinance.protocol.routes import CHAT, COUNT, EMBEDDINGS, GOVERNED, MESSAGES
from support import several
from support.serving import PATIENCE, LoopThread, ScriptedUpstream, Wire
from support.several import ASKED, Open, Site, error, models_asked, said_by, serving, settings_of
from support.small_plan import FORBIDDEN, RED_LINE, SENTENCE, small_plan
from support.waiting import until

pytestmark = pytest.mark.server


@pytest.fixture
def apart(site: Open, servers: tuple[ScriptedUpstream, ...]) -> Site:
    """One server for each model."""
    one, _, other = servers
    return site({
        "big": settings_of(one, "large", aliases={"default": "large"}, key="of-big"),
        "tiny": settings_of(other, "small", key="of-tiny"),
    })  # fmt: skip


# by the model


@pytest.mark.parametrize("path", GOVERNED)
def test_the_model_decides_by_each_api(apart: Site, servers: tuple[ScriptedUpstream, ...], path: str) -> None:
    for model, server in (("large", servers[0]), ("small", servers[2])):
        answer = apart.post(model, path)
        assert answer.status_code == 200, answer.text
        assert f"I am {model}." in answer.text
        assert models_asked(server) == [model]
        assert apart.record(answer)["upstream"] == {"large": "big", "small": "tiny"}[model]
        assert "fallback" not in apart.record(answer)
    assert {asked.headers["authorization"] for asked in servers[0].asked} == {"Bearer of-big"}
    assert {asked.headers["authorization"] for asked in servers[2].asked} == {"Bearer of-tiny"}


@pytest.mark.parametrize("stream", [False, True])
def test_a_stream_goes_there_too_and_an_alias_is_the_servers_own_name_there(
    apart: Site, servers: tuple[ScriptedUpstream, ...], stream: bool
) -> None:
    answer = apart.post("default", stream=stream)
    assert "I am large." in answer.text
    assert models_asked(servers[0]) == ["large"]
    assert '"model":"default"' in answer.text, "answers show the name that the client knows"
    assert '"model":"large"' not in answer.text
    assert "I am large." in apart.post(None, stream=stream).text, "no model is the model `default`"
    assert models_asked(servers[0])[1:] == ["large"]


@pytest.mark.parametrize("path", GOVERNED)
def test_a_model_that_nobody_serves_is_the_apis_own_404(
    apart: Site, servers: tuple[ScriptedUpstream, ...], path: str
) -> None:
    answer = apart.post("other", path)
    assert error(answer) == (404, "model_not_found")
    if path == MESSAGES:
        assert answer.json()["error"]["type"] == "not_found_error"
    assert apart.record(answer)["problem"] == "model_not_found"
    assert apart.record(answer)["model"] is None, "a name that a client made up is not recorded"
    assert not any(server.asked for server in servers)


def test_a_client_cannot_name_a_server(apart: Site, servers: tuple[ScriptedUpstream, ...]) -> None:
    for name in ("big", "tiny", servers[0].url, "tiny/small", "upstreams.tiny", " small"):
        assert apart.post(name).status_code == 404
    answer = apart.post("large", upstream="tiny", extra_body={"upstream": "tiny"})
    assert "I am large." in answer.text
    headers = {"x-ordinance-upstream": "tiny", "x-upstream": servers[2].url, "x-ordinance-fallback": "small"}
    body = {**ASKED[CHAT], "model": "large"}
    url = apart.gateway.address + CHAT
    answer = httpx2.post(url, json=body, headers=headers, trust_env=False, timeout=PATIENCE)
    assert "I am large." in answer.text
    assert servers[2].asked == []
    assert not {"x-ordinance-upstream", "x-upstream", "x-ordinance-fallback"} & set(servers[0].asked[-1].headers)


def test_the_lists_of_models_are_one(apart: Site, servers: tuple[ScriptedUpstream, ...]) -> None:
    until(lambda: all(server.listed for server in (servers[0], servers[2])))
    until(lambda: all(each["created"] == 7 for each in apart.get("/v1/models").json()["data"]))
    listed = apart.get("/v1/models").json()["data"]
    assert [each["id"] for each in listed] == ["large", "default", "small"]
    assert {each["owned_by"] for each in listed} == {"them"}
    assert apart.get("/v1/models/small").json()["id"] == "small"
    assert error(apart.get("/v1/models/other")) == (404, "model_not_found")


def test_what_a_server_lists_and_the_operator_does_not_is_not_served_and_what_it_lacks_is_shown(
    site: Open, servers: tuple[ScriptedUpstream, ...]
) -> None:
    servers[0].script = serving("large", "secret-model")
    open_site = site({"big": settings_of(servers[0], "large", "gone")})
    until(lambda: open_site.get("/ready").json()["upstreams"][0].get("missing") == ["gone"])
    assert [each["id"] for each in open_site.get("/v1/models").json()["data"]] == ["large", "gone"]
    assert open_site.post("secret-model").status_code == 404


def test_tokens_are_counted_and_vectors_made_by_the_servers_of_the_model(
    site: Open, servers: tuple[ScriptedUpstream, ...]
) -> None:
    one, _, other = servers
    both = {"big": settings_of(one, "large"), "tiny": settings_of(other, "small", fallback="large")}
    open_site = site(both, routes={"embeddings": "pass"})
    asked = {"messages": [{"role": "user", "content": "Hi."}]}
    assert open_site.post("small", COUNT, **asked).json() == {"input_tokens": 3}
    assert open_site.post("small", EMBEDDINGS, input="one").json()["model"] == "small"
    assert [each.path for each in other.asked] == [COUNT, EMBEDDINGS]
    assert open_site.post("other", COUNT, **asked).status_code == 404
    other.script = serving("small", break_off=several.status(500))
    for path, more in ((COUNT, asked), (EMBEDDINGS, {"input": "one"})):
        answer = open_site.post("small", path, **more)
        assert answer.status_code == 502, "another model counts otherwise, and its vectors are of another space"
    assert one.asked == []


def test_what_a_server_would_have_stored_is_refused_before_any_is_asked(
    apart: Site, servers: tuple[ScriptedUpstream, ...]
) -> None:
    answer = apart.post("large", "/v1/responses", previous_response_id="resp_1")
    assert answer.status_code == 400
    assert not any(server.asked for server in servers)


def test_requests_are_spread_over_the_servers_of_a_model(site: Open, servers: tuple[ScriptedUpstream, ...]) -> None:
    one, two, _ = servers
    open_site = site({"a": settings_of(one, "large"), "b": settings_of(two, "large")})
    for _ in range(10):
        assert open_site.post("large").status_code == 200
    assert (len(one.asked), len(two.asked)) == (5, 5)


def test_a_server_with_fewer_open_requests_is_asked_first(
    site: Open, servers: tuple[ScriptedUpstream, ...], loop_thread: LoopThread
) -> None:
    one, two, _ = servers
    go_on, waiting = asyncio.Event(), asyncio.Semaphore(0)

    async def wait(wire: Wire) -> None:
        waiting.release()
        await go_on.wait()
        await serving("large")(wire)

    one.script = two.script = serving("large", break_off=wait)
    open_site = site({"a": settings_of(one, "large"), "b": settings_of(two, "large")})
    client = httpx2.AsyncClient(trust_env=False, timeout=PATIENCE)
    url, body = open_site.gateway.address + CHAT, {**ASKED[CHAT], "model": "large"}

    async def many() -> list[int]:
        answers = [asyncio.ensure_future(client.post(url, json=body)) for _ in range(8)]
        await asyncio.gather(*(waiting.acquire() for _ in answers))
        counted = [len(one.asked), len(two.asked)]
        go_on.set()
        await asyncio.gather(*answers)
        await client.aclose()
        return counted

    assert loop_thread.run(many()) == [4, 4]


# a server that fails


@pytest.fixture
def pool(site: Open, servers: tuple[ScriptedUpstream, ...]) -> Site:
    """Two servers of `large`, of which the first is asked first, and `small` that answers in its place."""
    one, two, other = servers
    timeouts = {"connect_seconds": 1, "idle_seconds": 0.6}
    return site({
        "a": settings_of(one, "large", fallback="small", **timeouts),
        "b": settings_of(two, "large", **timeouts),
        "tiny": settings_of(other, "small"),
    })  # fmt: skip


BREAKS: dict[str, tuple[Any, str]] = {
    "500": (several.status(500), "upstream_failed"),
    "503": (several.status(503), "upstream_busy"),
    "503 with Retry-After": (several.status(503, retry_after="1"), "upstream_busy"),
    "closed": (several.close_before, "upstream_unreachable"),
    "hangs": (several.hang, "upstream_timeout"),
}


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("stream", [False, True])
def test_another_server_of_the_same_model_answers(
    pool: Site, servers: tuple[ScriptedUpstream, ...], how: str, stream: bool
) -> None:
    break_off, code = BREAKS[how]
    servers[0].script = serving("large", break_off=break_off)
    answer = pool.post("large", stream=stream)
    assert answer.status_code == 200
    assert "I am large." in answer.text
    assert (len(servers[0].asked), len(servers[1].asked), len(servers[2].asked)) == (1, 1, 0)
    record = pool.record(answer)
    assert (record["upstream"], record["fallback"]) == ("b", {"from": "a", "problem": code})
    assert record["verdict"] == "disclose"
    assert "x-ordinance-fallback" not in answer.headers, "the model is the requested one"


@pytest.mark.parametrize("stream", [False, True])
def test_another_model_answers_only_if_the_operator_names_it_and_the_answer_says_so(
    site: Open, servers: tuple[ScriptedUpstream, ...], stream: bool
) -> None:
    one, _, other = servers
    one.script = serving("large", break_off=several.status(500))
    both = {"big": settings_of(one, "large"), "tiny": settings_of(other, "small")}
    answer = site(both).post("large", stream=stream)
    assert error(answer) == (502, "upstream_failed")
    assert other.asked == []

    both["big"]["fallback"] = "small"
    open_site = site(both)
    answer = open_site.post("large", stream=stream)
    assert "I am small." in answer.text
    assert answer.headers["x-ordinance-fallback"] == "small"
    assert '"fallback":{"model":"small"}' in answer.text
    assert '"model":"large"' not in answer.text, "the answer names the model that gives it"
    assert models_asked(other) == ["small"]
    record = open_site.record(answer)
    assert record["upstream"] == "tiny"
    assert record["fallback"] == {"from": "big", "problem": "upstream_failed", "model": "small"}


@pytest.mark.parametrize("code", [400, 401, 404, 413, 422, 429])
def test_a_request_that_was_refused_goes_nowhere_else(
    pool: Site, servers: tuple[ScriptedUpstream, ...], code: int
) -> None:
    servers[0].script = serving("large", break_off=several.status(code))
    answer = pool.post("large")
    assert answer.status_code == (502 if code == 401 else code)
    assert [len(server.asked) for server in servers] == [1, 0, 0]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_has_begun_is_not_begun_again(
    pool: Site, servers: tuple[ScriptedUpstream, ...], stream: bool
) -> None:
    servers[0].script = serving("large", break_off=several.close_in_the_middle)
    answer = pool.post("large", stream=stream)
    assert [len(server.asked) for server in servers] == [1, 0, 0]
    assert pool.record(answer)["problem"] == "upstream_truncated"
    assert "fallback" not in pool.record(answer)


def test_two_servers_are_asked_at_most(site: Open, servers: tuple[ScriptedUpstream, ...]) -> None:
    for each in servers:
        each.script = serving("large", break_off=several.status(500))
    open_site = site({name: settings_of(each, "large") for name, each in zip("abc", servers, strict=True)})
    assert error(open_site.post("large")) == (502, "upstream_failed")
    assert sum(len(server.asked) for server in servers) == 2


def test_no_error_names_an_address_or_repeats_a_servers_words(
    pool: Site, servers: tuple[ScriptedUpstream, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    for each in servers:
        each.script = serving("large", break_off=several.status(500))
    answer = pool.post("large")
    until(lambda: pool.record(answer) != {})
    for said in (answer.text, pool.log.read_text(), capfd.readouterr().err):
        assert "127.0.0.1" not in said.replace("http://127.0.0.1/", "")
        assert "secret words" not in said


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.semantics(1)
def test_what_must_be_left_out_is_left_out_of_the_second_servers_answer_too(
    pool: Site, servers: tuple[ScriptedUpstream, ...], stream: bool
) -> None:
    """The answer of the server that failed was not begun, so nothing of it was held or released."""
    said = f"Good day. {SENTENCE} Bye."
    servers[1].script = serving("large", text=said)
    servers[0].script = serving("large", break_off=several.status(500))
    after = [pool.post("large", stream=stream) for _ in range(4)]
    assert {pool.record(each)["upstream"] for each in after} == {"b"}
    assert ["fallback" in pool.record(each) for each in after] == [True, True, True, False]
    assert len({said_by(each) for each in after}) == 1, "as if the other server had not been asked"
    for each in after:
        assert FORBIDDEN not in each.text
        assert "Good day." in each.text
        assert "Bye." in each.text
        assert pool.record(each)["verdict"] == "withhold"
        assert pool.record(each)["balanced"]


def test_a_red_line_refuses_before_any_server_is_asked(pool: Site, servers: tuple[ScriptedUpstream, ...]) -> None:
    answer = pool.post("large", messages=[{"role": "user", "content": f"Draw the {RED_LINE}."}])
    assert answer.status_code == 200
    assert not any(server.asked for server in servers)
    assert "upstream" not in pool.record(answer)


def test_a_client_that_leaves_and_a_gateway_that_stops_ask_nobody_else(
    site: Open, servers: tuple[ScriptedUpstream, ...]
) -> None:
    one, two, _ = servers
    one.script = serving("large", break_off=several.hang)
    patient = {"idle_seconds": 60}
    both = {"a": settings_of(one, "large", **patient), "b": settings_of(two, "large", **patient)}
    open_site = site(both, grace_seconds=0.5)
    url, body = open_site.gateway.address + CHAT, {**ASKED[CHAT], "model": "large"}
    with pytest.raises(httpx2.TimeoutException):
        httpx2.post(url, json=body, trust_env=False, timeout=0.5)
    assert one.asked[0].gone.wait(PATIENCE)
    two.script = serving("large", break_off=several.hang)
    answers: list[httpx2.Response] = []
    asking = threading.Thread(target=lambda: answers.append(open_site.post("large")))
    asking.start()
    until(lambda: len(two.asked) == 1, "of equals, the one whose last request is longest ago")
    open_site.gateway.stop()
    asking.join(PATIENCE)
    assert error(answers[0]) == (503, "stopping")
    assert (len(one.asked), len(two.asked)) == (1, 1)
    records = [json.loads(line) for line in open_site.log.read_text().splitlines()]
    assert [each["status"] for each in records] == [499, 503]
    assert not any("fallback" in each for each in records)


# health


def test_a_server_that_is_gone_is_not_asked_and_comes_back(
    site: Open, servers: tuple[ScriptedUpstream, ...], loop_thread: LoopThread, capfd: pytest.CaptureFixture[str]
) -> None:
    one, _, other = servers
    gone = [True]

    async def script(wire: Wire) -> None:
        if gone[0]:
            await several.close_before(wire)
        await serving("large", text="Back.")(wire)

    one.script = script
    open_site = site({"big": settings_of(one, "large", fallback="small"), "tiny": settings_of(other, "small")})
    until(lambda: open_site.states() == {"big": "down", "tiny": "up"})
    state = open_site.get("/ready")
    assert (state.status_code, state.json()["upstream"]) == (200, "reachable")
    assert state.json()["upstreams"][0]["problem"] == "upstream_unreachable"
    answer = open_site.post("large")
    assert "I am small." in answer.text
    assert one.asked == [], "what is known to be down is not asked again"
    assert open_site.record(answer)["fallback"] == {"model": "small"}
    gone[0] = False
    until(lambda: open_site.states() == {"big": "up", "tiny": "up"})
    assert "Back." in open_site.post("large").text
    told = capfd.readouterr().err
    assert told.count("the model server 'big' does not answer (upstream_unreachable)") == 1
    assert told.count("the model server 'big' answers again") == 1
    assert "127.0.0.1" not in told


def test_three_failures_in_a_row_leave_a_server_out(site: Open, servers: tuple[ScriptedUpstream, ...]) -> None:
    one, two, _ = servers
    one.script = serving("large", break_off=several.status(500))
    later = {"health_seconds": 600}  # it lists its models, and would be tried again
    open_site = site({"a": settings_of(one, "large", **later), "b": settings_of(two, "large", **later)})
    until(lambda: open_site.states() == {"a": "up", "b": "up"})
    assert {open_site.post("large").status_code for _ in range(12)} == {200}
    assert len(one.asked) == 3
    assert open_site.states() == {"a": "down", "b": "up"}


def test_a_server_that_lists_its_models_and_answers_nothing_is_tried_now_and_then(
    site: Open, servers: tuple[ScriptedUpstream, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    one, two, _ = servers
    one.script = serving("large", break_off=several.status(500))
    open_site = site({"a": settings_of(one, "large"), "b": settings_of(two, "large")})
    until(lambda: {open_site.post("large").status_code} == {200} and len(one.asked) > 4)
    assert capfd.readouterr().err.count("does not answer") == 1, "once, however often it is tried"
    one.script = serving("large")
    until(lambda: open_site.post("large").status_code == 200 and open_site.states()["a"] == "up")


def test_not_ready_only_when_no_server_answers(site: Open, servers: tuple[ScriptedUpstream, ...]) -> None:
    for each in servers:
        each.script = several.close_before
    open_site = site({"a": settings_of(servers[0], "large"), "b": settings_of(servers[1], "large")})
    assert open_site.get("/ready").status_code == 503
    # A slow machine may time out first.
    until(lambda: open_site.get("/ready").json()["upstream_problem"] == "upstream_unreachable")
    assert error(open_site.post("large")) == (502, "upstream_unreachable")


def test_requests_that_fail_everywhere_do_not_take_the_gateway_out_of_service(
    site: Open, servers: tuple[ScriptedUpstream, ...]
) -> None:
    one, two, _ = servers

    async def poisoned(wire: Wire) -> None:
        if "poison" in wire.asked.body.decode():
            await several.status(500)(wire)
        else:
            await serving("large", text="I am large.")(wire)

    one.script = two.script = serving("large", break_off=poisoned)
    later = {"health_seconds": 600}
    open_site = site({"a": settings_of(one, "large", **later), "b": settings_of(two, "large", **later)})
    until(lambda: open_site.states() == {"a": "up", "b": "up"})
    for _ in range(10):
        assert open_site.post("large", messages=[{"role": "user", "content": "poison"}]).status_code == 502
    assert open_site.states() == {"a": "up", "b": "up"}, "two servers that fail alike: the request is at fault"
    one.script = serving("large", break_off=several.status(500))
    until(lambda: open_site.post("large").status_code == 200 and open_site.states()["a"] == "down")
    two.script = one.script
    for _ in range(4):
        assert open_site.post("large").status_code == 502
    assert open_site.states() == {"a": "down", "b": "down"}, "nobody else was there to ask"
    one.script = two.script = serving("large", text="I am large.")
    until(lambda: open_site.get("/ready").json()["upstream"] == "reachable")
    assert open_site.get("/ready").status_code == 200
    assert open_site.post("large").status_code == 200, "what is down is asked if nobody else is there"
    assert "up" in open_site.states().values()


def test_a_server_that_asks_to_be_left_alone_is(site: Open, servers: tuple[ScriptedUpstream, ...]) -> None:
    one, two, _ = servers
    one.script = serving("large", break_off=several.status(503, retry_after="60"))
    open_site = site({"a": settings_of(one, "large"), "b": settings_of(two, "large")})
    assert {open_site.post("large").status_code for _ in range(6)} == {200}
    assert len(one.asked) == 1


def test_the_doctor_finds_each_server_well(apart: Site) -> None:
    target = acquaint(server_at(apart.gateway.address, None, PATIENCE), (), canaries_of(small_plan()), None)
    found = list(attached_servers.servers(target))
    assert {each.state for each in found} == {State.WELL}
    assert {each.subject for each in found} == {"big", "tiny", "model large", "model default", "model small"}
