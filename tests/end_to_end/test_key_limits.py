"""What may be sent with one key: past its limits 429 in the protocol's own form, with headers that clients read."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.commands import Served
from support.governing import ASKED
from support.packs import write_charter
from support.serving import (
    DONE,
    PATIENCE,
    OpenGateway,
    RunningGateway,
    ScriptedUpstream,
    Wire,
    chunk,
    completion,
    event,
    say,
)
from support.small_plan import SENTENCE, small_plan
from support.waiting import until

pytestmark = pytest.mark.server

CHAT = "/v1/chat/completions"
NAMES = {"calls": {"requests_per_minute": 1}, "tokens": {"tokens_per_minute": 20}, "at-once": {"streams": 1}}


def key(name: str, **limits: int) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "limits": limits or None}


@pytest.fixture(scope="module")
def limited(start_gateway: OpenGateway, shared_upstream: ScriptedUpstream) -> Iterator[RunningGateway]:
    keys = [key("free"), *(key(f"{name} of {path}", **most) for name, most in NAMES.items() for path in ASKED)]
    running = start_gateway(small_plan(), shared_upstream.url, {"keys": keys})
    yield running
    running.stop()


def ask(address: str, who: str, path: str = CHAT, **fields: Any) -> httpx2.Response:
    body = {"model": "m", **ASKED[path], **fields}
    headers = {"authorization": f"Bearer {who}"}
    return httpx2.post(address + path, json=body, headers=headers, trust_env=False, timeout=PATIENCE * 3)


@pytest.mark.parametrize("path", ASKED)
def test_one_request_too_many_is_told_in_the_form_of_its_protocol(
    limited: RunningGateway, upstream: ScriptedUpstream, path: str
) -> None:
    who = f"calls of {path}"
    upstream.script = say("Hello.")
    first = ask(limited.address, who, path)
    assert (first.headers["x-ratelimit-limit-requests"], first.headers["x-ratelimit-remaining-requests"]) == ("1", "0")
    asked = len(upstream.asked)
    for stream in (False, True):
        over = ask(limited.address, who, path, stream=stream)
        assert (over.status_code, len(upstream.asked)) == (429, asked), "the model was not asked"
        assert 0 < int(over.headers["retry-after"]) <= 60
        error = over.json()["error"]
        assert error["type"] == "rate_limit_error"
        assert "its limit of 1 requests a minute" in error["message"]
        assert over.json().get("type") == ("error" if path == "/v1/messages" else None)
        assert path == "/v1/messages" or error["code"] == "rate_limit_exceeded"
    free = ask(limited.address, "free", path)
    assert free.status_code != 429
    assert not [name for name in free.headers if "ratelimit" in name]


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_are_those_of_the_usage(limited: RunningGateway, upstream: ScriptedUpstream, stream: bool) -> None:
    who = "tokens of /v1/completions" if stream else f"tokens of {CHAT}"
    usage = {"prompt_tokens": 3, "completion_tokens": 30, "total_tokens": 33}

    async def script(wire: Wire) -> None:
        if not stream:
            await wire.json({**completion("Hello."), "usage": usage})
            return
        await wire.head()
        said = [chunk(role="assistant", content=""), chunk(content="Hello."), chunk(finish="stop")]
        await wire.send(*map(event, said), event({**chunk(), "choices": [], "usage": usage}), DONE)

    upstream.script = script
    fields: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    assert ask(limited.address, who, **fields).headers["x-ratelimit-remaining-tokens"] == "20"
    over = ask(limited.address, who, **fields)
    assert (over.status_code, over.headers["x-ratelimit-remaining-tokens"]) == (429, "0")
    assert 30 <= int(over.headers["retry-after"]) <= 42


@pytest.mark.semantics(16)
def test_tokens_of_what_was_withheld_are_not_counted(limited: RunningGateway, upstream: ScriptedUpstream) -> None:
    """What is left of a limit can be read, and would say how long the text was."""
    who = "tokens of /v1/messages"
    upstream.script = say(f"Well. {SENTENCE} So.")
    whole = ask(limited.address, who)
    assert whole.json()["ordinance"]["verdict"] == "withhold"
    assert "usage" not in whole.json() or whole.json()["usage"] is None
    assert ask(limited.address, who).headers["x-ratelimit-remaining-tokens"] in ("17", "18"), "less the prompt's three"


def test_an_answer_that_runs_is_one_and_one_that_is_left_is_none(
    limited: RunningGateway, upstream: ScriptedUpstream
) -> None:
    who, release = f"at-once of {CHAT}", threading.Event()

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(role="assistant", content="Hi. ")))
        await wire.until_gone()
        release.set()

    upstream.script = script
    body = {"model": "m", **ASKED[CHAT], "stream": True}
    headers = {"authorization": f"Bearer {who}"}
    with httpx2.stream("POST", limited.address + CHAT, json=body, headers=headers, trust_env=False) as running:
        assert running.status_code == 200
        over = ask(limited.address, who)
        assert (over.status_code, over.headers["retry-after"]) == (429, "1")
        assert "1 answers at once" in over.json()["error"]["message"]
        assert ask(limited.address, "at-once of /v1/messages", "/v1/completions", n=0).status_code == 400, "its own"
    assert release.wait(PATIENCE)
    upstream.script = say("Hello.")
    until(lambda: ask(limited.address, who).status_code == 200)


def test_an_answer_that_has_ended_is_none_under_way_while_its_model_s_name_is_looked_for(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    gateway, looked, release = open_gateway(keys=[key("desk", streams=1)]), threading.Event(), threading.Event()

    async def script(wire: Wire) -> None:
        if wire.asked.path == "/v1/models":
            looked.set()
            await asyncio.to_thread(release.wait, PATIENCE)
        await wire.json(completion("Hello."))

    upstream.script = script
    try:
        assert ask(gateway.address, "desk").status_code == 200
        assert looked.wait(PATIENCE)
        assert ask(gateway.address, "desk").status_code == 200
    finally:
        release.set()


@pytest.mark.slow
def test_workers_count_together(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"desk").hexdigest()
    config = tmp_path / "ordinance.yaml"
    config.write_text(
        f"upstream: {{url: '{upstream.url}'}}\npacks: [{write_charter(tmp_path / 'charter')}]\nworkers: 2\n"
        f"audit: {tmp_path / 'log'}\nkeys: [{{name: desk, sha256: {digest}, limits: {{requests_per_minute: 6}}}}]\n"
    )
    upstream.script = say("Hello.")
    served = Served("--config", config)
    try:
        statuses = [ask(served.address, "desk").status_code for _ in range(14)]
    finally:
        served.stop()
    assert 6 <= statuses.count(200) <= 8, "six, and one each ten seconds; two that count alone would let twelve in"
