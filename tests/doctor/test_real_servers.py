"""``ordinance doctor`` against real servers: a good one, one that nothing governs, and some with one defect each."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance import __version__
from ordinance.doctor import bypasses as doors
from ordinance.doctor import identity, local
from ordinance.doctor import inbound as asking
from ordinance.doctor import outbound as answering
from ordinance.doctor import server_settings as requests
from ordinance.doctor import strangers as keys
from ordinance.doctor.findings import Finding, State, is_open
from ordinance.doctor.identity import Expected
from ordinance.doctor.protocols.canaries import Canaries, canaries_of
from ordinance.doctor.report import as_text
from ordinance.doctor.sightings import where_seen
from ordinance.doctor.target import Target, acquaint, governed_doors
from ordinance.doctor.wire import NoReplyError, Reply, server_at
from ordinance.errors import UsageError
from ordinance.policy.plan import Plan
from ordinance.protocol.routes import EMBEDDINGS, ROUTES, Treatment
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import RULES
from support.commands import run, run_here
from support.obedient import Defect, Front, Seen, obey
from support.packs import all_that_ships
from support.serving import Asked, LoopThread, OpenGateway, RunningGateway, ScriptedUpstream, Wire

CHAT = "/v1/chat/completions"
KEY = "a-key-of-the-operator"
KEYS = [{"name": "ours", "sha256": hashlib.sha256(KEY.encode()).hexdigest()}]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return all_that_ships().plan


@pytest.fixture(scope="module")
def canaries(plan: Plan) -> Canaries:
    return canaries_of(plan)


@pytest.fixture
def good(upstream: ScriptedUpstream, open_gateway: OpenGateway, plan: Plan) -> RunningGateway:
    """A gateway before a model that says what it is made to say."""
    upstream.script = obey
    return open_gateway(plan)


Broken = Callable[[Defect], Target]


@pytest.fixture
def broken(loop_thread: LoopThread, good: RunningGateway, canaries: Canaries) -> Iterator[Broken]:
    """The good gateway with one defect."""
    fronts: list[Front] = []

    def make(defect: Defect) -> Target:
        fronts.append(Front(loop_thread, good.address, defect))
        return meet(fronts[-1].address, canaries)

    yield make
    for front in fronts:
        front.stop()


def meet(address: str, canaries: Canaries, key: str | None = None, behind: str | None = None) -> Target:
    server = server_at(address, key, 10)
    return acquaint(server, () if behind is None else (server_at(behind, None, 10),), canaries, None)


def opened(findings: Iterator[Finding]) -> list[Finding]:
    return [each for each in findings if each.state is State.OPEN]


def states(findings: Iterator[Finding]) -> set[State]:
    return {each.state for each in findings}


# whole examinations


@pytest.mark.requirement("TR-3")
@pytest.mark.slow
def test_a_governed_server_is_well(good: RunningGateway) -> None:
    done = run("doctor", good.address, "--format", "json")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert found["open"] == 0
    assert found["well"] > 500
    assert found["model"] == "m"
    assert {each["check"] for each in found["findings"]} >= {
        "governed doors", "closed doors", "what is asked", "what is answered", "settings in a request", "policy",
    }  # fmt: skip
    said = [each for each in found["findings"] if each["check"] == "what is answered" and CHAT in each["subject"]]
    assert {each["state"] for each in said} == {"well"}
    assert {each["part"].partition(":")[0] for each in said} == {"violence", "86a"}


def test_an_ungoverned_server_is_open_everywhere(upstream: ScriptedUpstream) -> None:
    upstream.script = obey
    done = run_here("doctor", upstream.url)
    assert done.returncode == 1
    head, _, rest = done.stdout.partition("NOT TRIED")
    assert "OPEN (" in head
    for said in (
        "POST /v1/chat/completions: answers without `x-ordinance-policy`",
        "POST /v1/completions: answers without `x-ordinance-policy`",
        "nothing screens the request",
        "a canary leaves in choices[]#0.message.content",
        "a canary leaves in choices[]#0.delta.content",
        "function.arguments",
        "/invocations",
    ):
        assert said in " ".join(head.split()), said
    assert rest
    assert "canary-violence" not in done.stdout


def test_the_packs_of_another_policy_may_be_named_and_what_is_open_stands_first(good: RunningGateway) -> None:
    done = run_here("doctor", good.address, "--pack", RULES / "jurisdictions" / "EE")
    assert done.returncode == 1
    places = [done.stdout.index(title) for title in ("\nOPEN (1)", "\nNOT TRIED (", "\nOK (")]
    assert places == sorted(places)
    assert "not the expected one" in done.stdout
    assert done.stdout.rstrip().rpartition("\n")[2].startswith("1 open; ")


# each defect


def test_every_closed_route_is_knocked_at(good: RunningGateway, canaries: Canaries) -> None:
    parts = {each.part for each in doors.closed_doors(meet(good.address, canaries))}
    for route in ROUTES:
        if route.treatment is Treatment.CLOSED:
            path = route.path.replace("{", "").replace("}", "")
            assert all(f"{method} {path}" in parts for method in route.methods if method != "HEAD"), path
    assert f"GET {CHAT}" in parts


def test_every_open_door_is_found_and_no_other(broken: Broken) -> None:
    answers = {
        "POST /invocations": 200,
        "GET /docs": 307,
        "DELETE /adapters/adapter_name": 400,
        f"PUT {CHAT}": 405,
        f"POST /{CHAT}": 200,
        f"POST {CHAT}/": 422,
        "POST /v1/chat%2Fcompletions": 500,
        "POST /INVOCATIONS": 404,
        "PATCH /pause": 405,
        "POST /tokenize": 401,
    }

    def answer(asked: Asked, seen: Seen) -> Seen:
        status = answers.get(f"{asked.method} {asked.path}")
        if status is None:
            return seen
        return Seen(status, {"content-type": "application/json"}, b'{"detail": "Not ours"}')

    assert {each.part for each in opened(doors.closed_doors(broken(answer)))} == set(answers)


def test_a_door_that_an_operator_opened_is_tried_by_a_red_line(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, plan: Plan, canaries: Canaries
) -> None:
    async def script(wire: Wire) -> None:
        if wire.asked.path == EMBEDDINGS:
            await wire.json({"object": "list", "data": [{"index": 0, "embedding": [1.0]}]})
        else:
            await obey(wire)

    upstream.script = script
    governed = open_gateway(plan, routes={"embeddings": "pass"})
    for address, state in ((governed.address, State.WELL), (upstream.url, State.OPEN)):
        found = [each for each in doors.closed_doors(meet(address, canaries)) if each.part == f"POST {EMBEDDINGS}"]
        assert [each.state for each in found] == [state]


def test_an_open_websocket_is_found(broken: Broken) -> None:
    def upgrade(asked: Asked, seen: Seen) -> Seen:
        return Seen(101, {"upgrade": "websocket"}, b"") if "upgrade" in asked.headers else seen

    assert [each.part for each in opened(doors.closed_doors(broken(upgrade)))] == ["WEBSOCKET /v1/realtime"]


def test_behind_an_open_door_nothing_is_set_off(upstream: ScriptedUpstream, canaries: Canaries) -> None:
    """A server without Ordinance is not paused by being looked at."""
    upstream.script = obey
    list(doors.closed_doors(meet(upstream.url, canaries)))
    acted = {(asked.method, asked.path) for asked in upstream.asked if asked.method in ("POST", "PUT", "DELETE")}
    listed = {
        (method, route.path) for route in ROUTES if route.treatment is Treatment.CLOSED for method in route.methods
    }
    assert acted & listed == {("POST", "/invocations")} & acted
    assert not [path for _, path in acted if "pause" in path or "sleep" in path]


def test_a_door_without_the_policy_is_found(broken: Broken) -> None:
    def bare(asked: Asked, seen: Seen) -> Seen:
        headers = {name: value for name, value in seen.headers.items() if "policy" not in name}
        return Seen(seen.status, headers, seen.body) if asked.path == CHAT else seen

    assert [each.subject for each in opened(governed_doors(broken(bare)))] == [f"POST {CHAT}"]


def test_a_field_that_nobody_looks_at_is_found(broken: Broken, canaries: Canaries) -> None:
    assert canaries.red is not None
    word = canaries.red.word

    def blind(asked: Asked, seen: Seen) -> Seen:
        if asked.path == CHAT and word in json.dumps(json.loads(asked.body).get("tools", "")):
            return Seen(200, seen.headers, seen.body.replace(b'"refuse"', b'"pass"'))
        return seen

    found = opened(asking.asked(broken(blind)))
    assert {each.what for each in found} == {"a red line's canary is answered"}
    assert {each.part.removesuffix(" (stream)") for each in found} == {
        "tools, description",
        "tools, a name in the schema",
    }


def test_a_refusal_that_is_not_told_is_found(broken: Broken) -> None:
    def silent(asked: Asked, seen: Seen) -> Seen:
        if asked.path == CHAT and b'"messages"' in asked.body and seen.body.startswith(b"{"):
            value = seen.json
            for choice in value.get("choices", ()):
                choice["message"]["content"] = ""
            return seen.saying(value)
        return seen

    found = opened(asking.asked(broken(silent)))
    assert {each.what for each in found} == {"refused, but without a notice", "left out, but without a notice"}
    assert not [each for each in found if "(stream)" in each.part]


LEAKS: dict[str, Callable[[str], Any]] = {
    "text": lambda word: {"content": f"It is {word}."},
    "tokens": lambda word: [{"token": each} for each in word],
    "keys": lambda word: {word: -1.0},
    "bytes": lambda word: [{"bytes": list(word[:4].encode())}, {"bytes": list(word[4:].encode())}],
    "base64": lambda word: base64.b64encode(word.encode()).decode(),
    "hexadecimal": lambda word: word.encode().hex(),
}


@pytest.mark.parametrize("way", LEAKS)
def test_a_leak_is_found_whichever_way_it_goes(broken: Broken, canaries: Canaries, way: str) -> None:
    assert canaries.red is not None
    word = canaries.red.word

    def leak(asked: Asked, seen: Seen) -> Seen:
        if asked.path == CHAT and b'"verdict":"refuse"' in seen.body and seen.body.startswith(b"{"):
            return seen.saying({**seen.json, "extra": LEAKS[way](word)})
        return seen

    found = opened(answering.answered(broken(leak)))
    assert {each.subject for each in found} == {f"POST {CHAT}"}
    assert all("extra" in each.what for each in found)
    assert {each.part for each in found if each.part.startswith("violence")} == {
        f"violence: {name}" for name in ("a message to go on with", "a pattern", "a schema", "a call")
    }


def test_a_leak_in_a_header_or_in_pieces_of_a_stream_is_found(broken: Broken, canaries: Canaries) -> None:
    assert canaries.red is not None
    tail = canaries.red.tail

    def header(asked: Asked, seen: Seen) -> Seen:
        return Seen(seen.status, {**seen.headers, "x-debug": f"a{tail}b"}, seen.body)

    assert "the header x-debug" in {
        each.what.rpartition(" in ")[2] for each in opened(answering.answered(broken(header)))
    }

    def pieces(asked: Asked, seen: Seen) -> Seen:
        if b"data: " not in seen.body:
            return seen
        leaked = "".join(f"data: {json.dumps({'choices': [{'index': 0, 'x': each}]})}\n\n" for each in tail)
        return Seen(seen.status, seen.headers, leaked.encode() + seen.body)

    found = opened(answering.answered(broken(pieces)))
    assert found
    assert all("(stream)" in each.part and "choices[]#0.x" in each.what for each in found)


def test_counts_of_what_was_removed_are_found(broken: Broken) -> None:
    def count(asked: Asked, seen: Seen) -> Seen:
        if b'"verdict":"refuse"' in seen.body and seen.body.startswith(b"{"):
            return seen.saying({**seen.json, "usage": {"completion_tokens": 17}})
        return seen

    found = opened(answering.answered(broken(count)))
    assert {each.what for each in found} == {"what was removed is counted in `usage`"}


@pytest.mark.parametrize(
    ("event", "field", "seen"),
    [("message_start", "input_tokens", ""), ("message_start", "output_tokens", "usage"),
     ("message_delta", "input_tokens", "usage")],
)  # fmt: skip
def test_of_a_refused_stream_of_messages_only_the_input_may_be_counted_and_at_the_start(
    event: str, field: str, seen: str
) -> None:
    value = {"type": event, "message": {"usage": {"input_tokens": 0, "output_tokens": 0, field: 17}}}
    reply = Reply(200, (("content-type", "text/event-stream"),), f"data: {json.dumps(value)}\n\n".encode())
    assert answering._counted(reply, streaming=True) == seen


def test_a_model_that_does_not_say_it_is_not_well(broken: Broken, upstream: ScriptedUpstream) -> None:
    target = broken(lambda _, seen: seen)

    async def stubborn(wire: Any) -> None:
        forms = ("structured_outputs", "response_format", "tool_choice", "echo", "text", "output_config")
        wire.asked.body = json.dumps({**wire.asked.json, **dict.fromkeys(forms)}).encode()
        await obey(wire)

    upstream.script = stubborn
    found = list(answering.answered(target))
    assert {each.what for each in found} == {"the model could not be made to say it"}
    assert {each.state for each in found} == {State.UNTRIED}


def test_a_setting_that_reaches_the_server_is_found(broken: Broken) -> None:
    def read(asked: Asked, seen: Seen) -> Seen:
        body = json.loads(asked.body or b"{}")
        if "vllm_xargs" in body:
            return Seen(400, {"content-type": "application/json"}, b'{"error": {"code": 400, "message": "no"}}')
        if "prompt_logprobs" in body and "messages" in body:
            return seen.saying({**seen.json, "prompt_logprobs": [{"1": {"decoded_token": "a"}}]})
        return seen

    found = {(each.subject, each.part): each.what for each in opened(requests.settings(broken(read)))}
    assert found == {
        (f"POST {CHAT}", "vllm_xargs"): "the server uses it (status 400)",
        ("POST /v1/completions", "vllm_xargs"): "the server uses it (status 400)",
        ("POST /v1/responses", "vllm_xargs"): "the server uses it (status 400)",
        (f"POST {CHAT}", "prompt_logprobs"): "it fills `prompt_logprobs`",
    }


# keys


@pytest.fixture
def locked(open_gateway: OpenGateway, plan: Plan, upstream: ScriptedUpstream) -> RunningGateway:
    upstream.script = obey
    return open_gateway(plan, keys=KEYS)


@pytest.mark.slow
def test_with_a_key_all_is_tried_and_without_it_nothing_is_learnt(locked: RunningGateway, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", "utf-8")
    done = run("doctor", locked.address, "--key-file", file, "--format", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["open"]) == (0, 0), done.stdout
    assert [each["state"] for each in found["findings"] if each["check"] == "without a key"] == ["well", "well"]
    assert KEY not in done.stdout + done.stderr
    without = json.loads(run_here("doctor", locked.address, "--format", "json").stdout)
    assert without["open"] == 0
    assert "the server asks for a key" in {each["what"] for each in without["findings"] if each["state"] == "not_tried"}
    assert "what is asked" not in {each["check"] for each in without["findings"] if each["state"] == "well"}


def test_a_key_of_another_jurisdiction_is_no_other_policy(
    open_gateway: OpenGateway, plan: Plan, upstream: ScriptedUpstream, canaries: Canaries
) -> None:
    upstream.script = obey
    there = open_gateway(plan, keys=[{**KEYS[0], "jurisdiction": "EE"}])
    target = meet(there.address, canaries, key=KEY)
    shown = str(target.first[CHAT].header("x-ordinance-policy"))
    assert shown.startswith("EE@")
    assert states(identity.policies(target, Expected(shown=shown))) == {State.WELL}


@pytest.mark.parametrize("defect", ["answered", "told", "different"])
def test_what_is_learnt_without_a_key_is_found(
    loop_thread: LoopThread, locked: RunningGateway, canaries: Canaries, defect: str
) -> None:
    assert canaries.red is not None
    word = canaries.red.word.encode()

    def tell(asked: Asked, seen: Seen) -> Seen:
        if seen.status != 401:
            return seen
        if defect == "answered" and asked.path == "/v1/models":
            return Seen(200, {}, b"{}")
        if defect == "told" and asked.path == CHAT:
            return Seen(401, {**seen.headers, "x-ordinance-policy": "DE"}, seen.body)
        if defect == "different" and word in asked.body:
            return Seen(401, {**seen.headers, "x-refused": "1"}, seen.body)
        return seen

    front = Front(loop_thread, locked.address, tell)
    try:
        found = opened(keys.keys(meet(front.address, canaries, key=KEY)))
    finally:
        front.stop()
    what = {"answered": "it is answered (status 200)", "told": "the response has the header `x-ordinance-policy`",
            "different": "the answers differ"}[defect]  # fmt: skip
    assert {each.what for each in found} == {what}


# who the server says it is


def test_the_expected_policy_is_told_from_others(good: RunningGateway, canaries: Canaries, plan: Plan) -> None:
    target = meet(good.address, canaries)
    shown = f"DE@2026.11.1+{plan.digest[:16]}"
    for expected in (Expected(shown=shown), Expected(digest=plan.digest), Expected(digest=plan.digest[:8])):
        assert states(identity.policies(target, expected)) == {State.WELL}
    for expected in (Expected(shown=shown[:-1] + "x"), Expected(digest="0" * 64), Expected(digest="deadbeef")):
        assert states(identity.policies(target, expected)) == {State.OPEN}
    assert states(identity.policies(target, Expected())) == {State.UNTRIED}


def test_another_digest_at_one_door_is_found(broken: Broken) -> None:
    def other(asked: Asked, seen: Seen) -> Seen:
        if asked.path != CHAT:
            return seen
        headers = {**seen.headers, "x-ordinance-policy": "DE@2026.11.0+0123456789abcdef"}
        return Seen(seen.status, headers, seen.body)

    found = opened(identity.policies(broken(other), Expected()))
    assert {each.what for each in found} == {
        "an answer's header and its metadata differ", "different answers name different policies",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("server", "ordinance", "states_of"),
    [
        ({"vllm": "0.32.0", "usage_statistics": False}, __version__, {State.WELL}),
        ({"vllm": "0.99.0", "usage_statistics": False}, __version__, {State.WELL, State.OPEN}),
        ({"vllm": "0.32.0", "usage_statistics": True}, __version__, {State.WELL, State.OPEN}),
        ({"vllm": "0.32.0", "usage_statistics": False}, "0.0.0", {State.WELL, State.OPEN}),
    ],
)
def test_versions_and_statistics_as_the_server_says_them(
    broken: Broken, server: dict[str, Any], ordinance: str, states_of: set[State]
) -> None:
    def say(asked: Asked, seen: Seen) -> Seen:
        return seen.saying({**seen.json, "server": server, "ordinance": ordinance}) if asked.path == "/ready" else seen

    target = broken(say)
    found = [*identity.versions(target), *identity.telemetry(target)]
    assert states(iter(found)) == states_of, found


@pytest.mark.server
def test_the_process_at_a_port_of_this_machine_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = local.listening_at(listener.getsockname()[1])
    assert found is not None
    assert found.id == os.getpid()
    assert found.environment["PATH"] == os.environ["PATH"]
    assert found.reached == ()
    assert local.listening_at(1) is None


@pytest.mark.parametrize(
    ("field", "address"),
    [("0100007F:1F90", "127.0.0.1"), ("0000000000000000FFFF00000100007F:1F90", "::ffff:127.0.0.1"),
     ("B80D01200000000000000000010000FF:0050", "2001:db8::ff00:1")],
)  # fmt: skip
def test_addresses_are_read_as_the_kernel_writes_them(field: str, address: str) -> None:
    assert local._address(field) == address


def test_a_server_behind_that_can_be_reached_is_open(
    good: RunningGateway, upstream: ScriptedUpstream, canaries: Canaries
) -> None:
    target = meet(good.address, canaries, behind=upstream.url)
    assert states(identity.behind(target)) == {State.OPEN}

    async def half_locked(wire: Any) -> None:
        await wire.json({}, 401 if wire.asked.path.startswith("/v1/") else 405)

    upstream.script = half_locked
    assert [each.part for each in opened(identity.behind(target))] == ["PATCH /invocations"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert states(identity.behind(meet_behind(target, port))) == {State.WELL}


def meet_behind(target: Target, port: int) -> Target:
    return replace(target, behind=(server_at(f"http://127.0.0.1:{port}", None, 1),))


def test_a_canary_in_a_route_that_passes_is_found(broken: Broken, canaries: Canaries) -> None:
    assert canaries.red is not None
    word = canaries.red.word

    def count(asked: Asked, seen: Seen) -> Seen:
        if asked.path == "/metrics":
            return Seen(200, {"content-type": "text/plain"}, f'requests{{prompt="{word}"}} 1'.encode())
        return seen

    assert [each.subject for each in opened(doors.passed_routes(broken(count)))] == ["GET /metrics"]


# the parts


@pytest.mark.parametrize("jurisdiction", [None, "DE", "EE"])
def test_pieces_of_a_canary_and_its_pattern_are_no_canary(
    plan: Plan, canaries: Canaries, jurisdiction: str | None
) -> None:
    """Otherwise the request would be refused, and the answer not looked at."""
    for canary in (canaries.red, canaries.withheld):
        assert canary is not None
        for text in (*canary.halves, canary.pattern, f"^{canary.pattern}$"):
            session = Session(plan, situate(plan, jurisdiction=jurisdiction), "en")
            assert not session.screen([text])
            assert session.clean(text)
    assert Session(plan, situate(plan, jurisdiction=jurisdiction), "en").screen(
        [canaries.red.word if canaries.red else ""]
    )


@pytest.mark.server
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.integers(1, 6), st.booleans())
def test_a_word_is_seen_however_it_is_cut(around: str, size: int, streamed: bool) -> None:
    word = "-4b7e21"
    text = f"{around}{word}{around}"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    values = [{"choices": [{"index": 0, "delta": {"content": each}}]} for each in pieces]
    if streamed:
        body, kind = "".join(f"data: {json.dumps(value)}\n\n" for value in values), "text/event-stream"
    else:
        body, kind = json.dumps({"logprobs": {"tokens": pieces}}), "application/json"
    reply = Reply(200, (("content-type", kind),), body.encode())
    assert where_seen(reply, word) == ("choices[]#0.delta.content" if streamed else "logprobs.tokens[]")
    assert where_seen(reply, "-000000") is None


@pytest.mark.parametrize("url", ["ftp://a", "localhost:8000", "http://", "http://u:p@a", "http://a?b", "http://a:x"])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(UsageError):
        server_at(url, None, 1)


@pytest.mark.server
def test_nobody_there_is_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = run_here("doctor", f"http://127.0.0.1:{port}", "--format", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["diagnostics"][0]["code"] == "unreachable"
    assert "Traceback" not in done.stderr
    (tmp_path / "key").write_text("\n", "utf-8")
    assert run_here("doctor", "http://127.0.0.1:1", "--key-file", tmp_path / "key").returncode == 2
    assert run_here("doctor", "http://127.0.0.1:1", "--policy", "xyz").returncode == 2


def test_a_wrong_key_is_told(locked: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDINANCE_KEY", "another")
    done = run_here("doctor", locked.address)
    assert done.returncode == 2
    assert "does not accept the key" in done.stderr


def test_a_model_that_is_not_there_is_told(good: RunningGateway) -> None:
    done = run_here("doctor", good.address, "--model", "n")
    assert done.returncode == 2
    assert "the server has no model 'n'" in done.stderr
    assert "It has: m." in done.stderr


def test_an_address_that_leads_past_the_doors_is_no_examination(good: RunningGateway) -> None:
    done = run_here("doctor", good.address + "/v1/chat/completions")
    assert done.returncode == 2
    assert "without a path" in done.stderr


@pytest.mark.server
def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = server_at(f"http://127.0.0.1:{listener.getsockname()[1]}", None, 0.3)
        with pytest.raises(NoReplyError, match="in time"):
            server.ask("GET", "/v1/models")


def test_a_server_that_speaks_no_http_is_told(loop_thread: LoopThread, upstream: ScriptedUpstream) -> None:
    async def noise(wire: Any) -> None:
        await wire.send(b"220 not HTTP\r\n")

    upstream.script = noise
    with pytest.raises(NoReplyError, match="does not speak HTTP"):
        server_at(upstream.url, None, 5).ask("GET", "/v1/models")


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"x"], ids=["continues", "drips"])
def test_a_server_that_never_comes_to_an_end_is_left_in_time(
    loop_thread: LoopThread, upstream: ScriptedUpstream, piece: bytes
) -> None:
    async def drip(wire: Any) -> None:
        while True:
            await wire.send(piece)
            await asyncio.sleep(0.05)

    upstream.script = drip
    begun = time.monotonic()
    with pytest.raises(NoReplyError, match="in time"):
        server_at(upstream.url, None, 0.5).ask("GET", "/v1/models")
    assert time.monotonic() - begun < 5


def test_a_server_cannot_write_on_the_operators_terminal() -> None:
    said = is_open("policy", "\x1b[31mDE\x07", "not the \x9b expected one\r", "See.\u202e", "GET /\x00ready")
    text = as_text("http://x", [said])
    assert "\ufffd[31mDE\ufffd" in text
    assert all(char.isprintable() or char == "\n" for char in text)
