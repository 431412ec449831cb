"""The record of requests: what it says, that it says no word of theirs, and that it never stands in their way."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.serve.record import audit_log, scribe
from support.checkout import ROOT
from support.commands import GERMANY, Served
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, Wire, completion, say
from support.small_plan import RED_LINE, SENTENCE
from support.waiting import until

pytestmark = pytest.mark.server

PAGE = ROOT / "docs" / "record.md"
CHAT = "/v1/chat/completions"
ASKS: dict[str, dict[str, Any]] = {
    CHAT: {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "/v1/completions": {"model": "m", "prompt": "hi"},
    "/v1/responses": {"model": "m", "input": "hi"},
    "/v1/messages": {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]},
}
#: The fields of version 1 of the schema. One may be added here, none taken away.
VERSION_1 = {
    "v", "time", "event", "request", "key", "api", "model", "stream", "status", "seconds", "problem", "digest",
    "jurisdiction", "locale", "verdict", "rules", "failed", "trials", "notices", "choices", "balanced", "history",
    "lost", "output", "plugins", "trace", "x_request_id", "judged", "not_judged", "judge_faults",
    "judges_failed", "stale", "adapters", "effects", "laws", "mono", "chain", "mark", "watermark", "shadow",
    "upstream", "fallback", "purpose", "asked_again",
}  # fmt: skip
#: How soon /health answers whatever has become of the record, in seconds: within one, on a machine that has nothing
#: else to do. What waits for a reader or a disk waits for ever.
SOON = 5.0


def ask(address: str, path: str = CHAT, **fields: Any) -> httpx2.Response:
    return httpx2.post(address + path, json=ASKS[path] | fields, timeout=PATIENCE * 2, trust_env=False)


def healthy(address: str) -> bool:
    began = time.monotonic()
    answer = httpx2.get(f"{address}/health", timeout=PATIENCE, trust_env=False)
    return answer.status_code == 200 and time.monotonic() - began < SOON


def records(path: Path, count: int) -> list[Any]:
    """The records once there are so many."""
    deadline = time.monotonic() + PATIENCE
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline, "a record is missing"
        time.sleep(0.01)
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(found) == count
    return found


MODELS = {"object": "list", "data": [{"id": "m"}, {"id": "other"}]}


def listing(then: Callable[[Wire], Any]) -> Callable[[Wire], Any]:
    """A server that lists its models, and does not care which it is asked for."""

    async def script(wire: Wire) -> None:
        await (wire.json(MODELS) if wire.asked.path == "/v1/models" else then(wire))

    return script


# what it says


def test_it_says_who_asked_which_api_for_which_model_and_how_long_that_took(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = listing(say("Good day."))
    gateway = open_gateway(audit=str(tmp_path / "log"))
    ask(gateway.address)
    ask(gateway.address, stream=True)
    ask(gateway.address, "/v1/completions", model="other", prompt=RED_LINE)
    first, second, third = records(tmp_path / "log", 3)
    assert [each["v"] for each in (first, second, third)] == [1, 1, 1]
    assert [each["api"] for each in (first, second, third)] == ["chat/completions", "chat/completions", "completions"]
    assert [each["model"] for each in (first, second, third)] == ["m", "m", "other"]
    assert [each["stream"] for each in (first, second, third)] == [False, True, False]
    assert all(0 < each["seconds"] < PATIENCE for each in (first, second, third))
    assert len(upstream.listed) == 1, "what the server has listed is remembered"


@pytest.mark.requirement("PR-1")
@pytest.mark.parametrize("lists", [True, False])
def test_a_model_that_the_server_does_not_list_is_a_clients_words(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, lists: bool
) -> None:
    async def no_list(wire: Wire) -> None:
        if wire.asked.path == "/v1/models":
            await wire.json({"error": "no such route"}, 404)
        else:
            await wire.json(completion("Good day."))

    upstream.script = listing(say("Good day.")) if lists else no_list
    gateway = open_gateway(audit=str(tmp_path / "log"))
    for _ in range(3):
        assert ask(gateway.address, model="canary of the client").status_code == 200
    found = records(tmp_path / "log", 3)
    assert [each["model"] for each in found] == [None] * 3
    assert "canary" not in (tmp_path / "log").read_text()
    assert len(upstream.listed) == 1, "it is not asked again at each request"


@pytest.mark.requirement("PR-1")
@pytest.mark.semantics(27)
@pytest.mark.parametrize("stream", [False, True])
def test_it_says_how_much_of_a_conversation_the_model_did_not_read_and_why(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, stream: bool
) -> None:
    upstream.script = listing(say("Good day."))
    gateway = open_gateway(audit=str(tmp_path / "log"))
    now = {"role": "user", "content": "And now?"}
    old = [{"role": "user", "content": f"Tell me {RED_LINE}."}, {"role": "assistant", "content": "No."}]
    for times in range(3):
        ask(gateway.address, messages=[*old * times, now], stream=stream)
    found = records(tmp_path / "log", 3)
    assert ["history" in record for record in found] == [False, True, True]
    assert [record["history"]["left_out"] for record in found[1:]] == [1, 2]
    assert {tuple(record["history"]["types"]) for record in found[1:]} == {("red",)}
    assert "small/red" in found[1]["rules"]
    assert RED_LINE not in (tmp_path / "log").read_text()


def documented() -> set[str]:
    fields, _, _ = PAGE.read_text("utf-8").partition("\n## ")  # another table has the stores of conversations
    return set(re.findall(r"^\| `([a-z_]+)` \|", fields, re.MULTILINE))


def test_every_field_that_is_written_is_documented_and_none_was_taken_away(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = listing(say(SENTENCE))
    digest = hashlib.sha256(b"sesame").hexdigest()
    path = tmp_path / "log"
    gateway = open_gateway(audit={"path": str(path), "required": True}, keys=[{"name": "desk", "sha256": digest}])
    headers = {
        "authorization": "Bearer sesame", "x-request-id": "0" * 32, "traceparent": f"00-{'1' * 32}-{'2' * 16}-01",
    }  # fmt: skip
    for api, body in ASKS.items():
        httpx2.post(gateway.address + api, json=body, headers=headers, trust_env=False, timeout=PATIENCE)
    httpx2.post(gateway.address + CHAT, json={}, headers=headers, trust_env=False, timeout=PATIENCE)
    assert ask(gateway.address).status_code == 401
    found = records(path, 2 * len(ASKS) + 2)
    fields = {field for record in found for field in record}
    assert fields <= VERSION_1
    of_judges = {"judged", "not_judged", "judge_faults", "judges_failed"}
    of_others = {
        "adapters", "mark", "watermark", "history", "lost", "output", "plugins", "stale", "mono", "chain", "shadow",
        "upstream", "fallback", "purpose", "asked_again",
    }  # fmt: skip
    assert VERSION_1 - fields <= of_others | of_judges, (
        "what only a slot, a mark, an old red line, a gap, a batch, a plugin, an old policy, a chain, a judge, a "
        "shadow, several servers, a key for a purpose and an answer that was asked for once more have"
    )
    assert documented() == VERSION_1
    by_id: dict[str, list[str]] = {}
    for record in found:
        by_id.setdefault(record["request"], []).append(record["event"])
    assert sorted(by_id.values()) == [*[["begin", "end"]] * len(ASKS), ["end"], ["end"]]


# what is required


def test_the_model_is_asked_once_the_record_that_the_request_begins_is_written(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    path, seen = tmp_path / "log", []

    async def script(wire: Wire) -> None:
        if wire.asked.path == "/v1/models":
            await wire.json(MODELS)
            return
        seen.extend(path.read_text().splitlines())
        await wire.json(completion("Good day."))

    upstream.script = script
    gateway = open_gateway(audit={"path": str(path), "required": True})
    assert ask(gateway.address).status_code == 200
    [begun] = [json.loads(line) for line in seen]
    assert (begun["event"], begun["api"], begun["stream"]) == ("begin", "chat/completions", False)
    first, last = records(path, 2)
    assert first == begun
    assert (last["event"], last["request"], last["status"]) == ("end", begun["request"], 200)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", list(ASKS))
def test_without_a_record_that_is_required_the_model_is_not_asked(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, path: str, stream: bool
) -> None:
    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    gateway = open_gateway(audit={"path": str(log), "required": True})
    answer = ask(gateway.address, path, stream=stream)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "audit_unavailable"
    assert upstream.asked == []
    assert healthy(gateway.address)
    log.unlink()
    upstream.script = listing(say("Good day."))
    ask(gateway.address, path, stream=stream)
    assert len(upstream.asked) == 1
    refused, begun, _ = records(log, 3)
    assert (refused["event"], refused["status"], refused["problem"]) == ("end", 503, "audit_unavailable")
    assert begun["event"] == "begin"


def test_a_prompt_that_a_red_line_refuses_begins_nothing(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    gateway = open_gateway(audit={"path": str(tmp_path / "log"), "required": True})
    ask(gateway.address, messages=[{"role": "user", "content": RED_LINE}])
    [record] = records(tmp_path / "log", 1)
    assert (record["event"], record["verdict"]) == ("end", "refuse")


# what happens to it stops nobody


@pytest.mark.parametrize("required", [False, True])
def test_a_reader_that_stops_stops_no_answer(
    open_gateway: OpenGateway,
    upstream: ScriptedUpstream,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    required: bool,
) -> None:
    for module in (audit_log, scribe):
        monkeypatch.setattr(module, "STALLED_SECONDS", 0.3)
    monkeypatch.setattr(scribe, "CLOSING_SECONDS", 0.3)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    upstream.script = listing(say("Good day."))
    gateway = open_gateway(audit={"path": str(tmp_path / "pipe"), "required": required, "queue": 20})
    try:
        statuses = []
        for _ in range(60):
            statuses.append(ask(gateway.address).status_code)
            assert healthy(gateway.address)
        assert set(statuses) == ({200, 503} if required else {200})
        assert statuses[-1] == (503 if required else 200)
        assert gateway.service.audit.state()["state"] == "failing"
        assert gateway.service.audit.state()["lost"] > 10
    finally:
        os.close(reader)


def test_standard_error_that_nobody_reads_stops_no_answer(upstream: ScriptedUpstream) -> None:
    upstream.script = listing(say("Good day."))
    served = Served("--upstream", upstream.url, *GERMANY)
    assert served.process.stderr is not None
    fcntl.fcntl(served.process.stderr.fileno(), fcntl.F_SETPIPE_SZ, 4096)
    try:
        for number in range(40):
            assert ask(served.address).status_code == 200
            assert healthy(served.address)
            if number % 10 == 9:  # what the operator is told otherwise stops nobody either
                served.signal(signal.SIGHUP)
                garbage(served.address)
    finally:
        served.process.send_signal(signal.SIGTERM)
        errors = served.process.stderr.read().decode()
        served.process.wait(PATIENCE)
        served.stop()
    assert errors.count('"event":"end"') == 40, "all are written once somebody reads"


def garbage(address: str) -> None:
    """What is no HTTP, of which the HTTP server writes a line."""
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), PATIENCE) as client:
        client.sendall(b"no http at all\r\n\r\n")
        client.recv(100)


def test_a_full_disk_stops_no_answer_and_shows(open_gateway: OpenGateway, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    gateway = open_gateway(audit=str(log))
    for _ in range(5):
        assert ask(gateway.address).status_code == 200
        assert healthy(gateway.address)
    until(lambda: gateway.service.audit.state() == {"state": "failing", "lost": 0})
    log.unlink()
    assert len(records(log, 5)) == 5, "nothing was lost"
    until(lambda: gateway.service.audit.state() == {"state": "ok", "lost": 0})


def test_a_rotation_loses_nothing_and_stops_no_answer(open_gateway: OpenGateway, tmp_path: Path) -> None:
    log = tmp_path / "log"
    gateway = open_gateway(audit=str(log))
    for turn in range(3):
        assert ask(gateway.address).status_code == 200
        records(log, 1)
        log.rename(tmp_path / f"log.{turn}")
        assert healthy(gateway.address)
    assert ask(gateway.address).status_code == 200
    records(log, 1)
