"""A policy is replaced while streams run: each keeps its own to the end, and a bad one replaces nothing."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from ordinance.detection import Expressions
from ordinance.errors import PolicyError
from ordinance.policy.plan import Plan, Struck
from ordinance.serve.door.current_policy import settle
from ordinance.settings.model import Settings
from support.serving import DONE, PATIENCE, LoopThread, OpenGateway, ScriptedUpstream, Wire, chunk, event, say
from support.small_plan import FORBIDDEN, MACHINE, small_plan

pytestmark = pytest.mark.server

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
OTHER = "blue banner"


def other_plan() -> Plan:
    """Germany withholds the blue banner instead."""
    plan = small_plan()
    return replace(plan, digest="f" * 64, detectors={**plan.detectors, "flag": Expressions(phrases=(OTHER,))})


@pytest.fixture
def opened(upstream: ScriptedUpstream) -> Iterator[threading.Event]:
    """An upstream that names both phrases, the second of each only after the event is set."""
    go_on = threading.Event()

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content=f"A {FORBIDDEN}, a {OTHER}. ")))
        await asyncio.to_thread(go_on.wait, PATIENCE)
        await wire.send(event(chunk(content=f"A {FORBIDDEN}, a {OTHER}.")), event(chunk(finish="stop")), DONE)

    upstream.script = script
    yield go_on
    go_on.set()


def content(text: str) -> str:
    events = [json.loads(one.removeprefix("data: ")) for one in text.split("\n\n") if one.startswith("data: {")]
    return "".join(choice["delta"].get("content", "") for one in events for choice in one["choices"])


def test_running_streams_end_under_the_policy_they_began_with(
    open_gateway: OpenGateway, opened: threading.Event, loop_thread: LoopThread, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway = open_gateway(load=other_plan)
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as http:
        with http.stream("POST", "/v1/chat/completions", json=ASK | {"stream": True}) as running:
            pieces = running.iter_text()
            text = next(pieces)
            loop_thread.run(gateway.service.standing.renew())
            opened.set()
            begun = http.post("/v1/chat/completions", json=ASK | {"stream": True})
            text += "".join(pieces)
        assert running.headers["x-ordinance-policy"].endswith("+0123456789abcdef")
        assert begun.headers["x-ordinance-policy"].endswith("+ffffffffffffffff")
        assert f"A ⟦…⟧, a {OTHER}. A ⟦…⟧, a {OTHER}." in content(text)
        assert f"A {FORBIDDEN}, a ⟦…⟧. A {FORBIDDEN}, a ⟦…⟧." in content(begun.text)
        assert http.get("/ready").json()["policy"].endswith("+ffffffffffffffff")
    assert "policy replaced: 0123456789abcdef by ffffffffffffffff" in capfd.readouterr().err


@pytest.mark.parametrize("error", [PolicyError("XA.ord:3: it is wrong.", help="Write it right."), KeyError("canary")])
def test_a_policy_that_does_not_load_replaces_nothing_and_is_told(
    open_gateway: OpenGateway,
    upstream: ScriptedUpstream,
    loop_thread: LoopThread,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    bad = True

    def load() -> Plan:
        if bad:
            raise error
        return other_plan()

    upstream.script = say(f"A {FORBIDDEN}.")
    gateway = open_gateway(load=load)
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as http:
        assert http.get("/ready").json()["stale"] is None
        loop_thread.run(gateway.service.standing.renew())
        ready = http.get("/ready").json()
        assert ready["stale"] == ("policy" if isinstance(error, PolicyError) else "defect")
        assert ready["policy"].endswith("+0123456789abcdef")
        assert "⟦…⟧" in http.post("/v1/chat/completions", json=ASK).text
        said = capfd.readouterr().err
        assert "the last good one (0123456789abcdef) stays in force" in said
        assert "canary" not in said
        bad = False
        loop_thread.run(gateway.service.standing.renew())
        assert http.get("/ready").json()["stale"] is None


def test_a_policy_that_does_not_fit_the_keys_replaces_nothing(
    open_gateway: OpenGateway, loop_thread: LoopThread
) -> None:
    key = {"name": "desk", "sha256": "0" * 64, "attested": {"purpose": "education"}}
    gateway = open_gateway(load=lambda: replace(other_plan(), dimensions={}), keys=[key])
    loop_thread.run(gateway.service.standing.renew())
    assert gateway.service.standing.stale == "situation"
    assert gateway.service.plan.digest.startswith("0123")


def test_whoever_leaves_it_to_another_to_tell_of_changes_tells_what_it_cannot_read(
    open_gateway: OpenGateway, loop_thread: LoopThread, capfd: pytest.CaptureFixture[str]
) -> None:
    def reread() -> Settings:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    standing = open_gateway(load=small_plan, reread=reread).service.standing
    standing.tells = False
    loop_thread.run(standing.renew())
    assert standing.stale == "defect"
    told = "keys and policy were not replaced; the last good ones stay in force: OSError"
    assert told in capfd.readouterr().err, "it alone may have no file left to open, and keeps a key that was taken away"


def test_the_same_policy_is_not_built_again(open_gateway: OpenGateway, loop_thread: LoopThread) -> None:
    gateway = open_gateway(load=small_plan)
    before = gateway.service.plan
    loop_thread.run(gateway.service.standing.renew())
    assert gateway.service.plan is before


def test_the_old_policy_is_freed_when_its_streams_have_ended(
    open_gateway: OpenGateway, opened: threading.Event, loop_thread: LoopThread
) -> None:
    gateway = open_gateway(load=other_plan)
    settle()
    old = weakref.ref(gateway.service.plan)
    with (
        httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as http,
        http.stream("POST", "/v1/chat/completions", json=ASK | {"stream": True}) as running,
    ):
        pieces = running.iter_text()
        assert MACHINE["en"] in next(pieces)
        loop_thread.run(gateway.service.standing.renew())
        gc.collect()
        assert old() is not None, "a stream still needs it"
        opened.set()
        assert "".join(pieces).endswith("[DONE]\n\n")
    gateway.stop()
    gc.collect()
    assert old() is None


def test_what_is_struck_out_is_shown_by_ready(open_gateway: OpenGateway) -> None:
    struck = (Struck("DE/flags", "detector acme.model"),)
    gateway = open_gateway(replace(small_plan(), struck=struck))
    ready = httpx2.get(f"{gateway.address}/ready", trust_env=False).json()
    assert ready["struck"] == [{"rule": "DE/flags", "test": "detector acme.model"}]
