"""Whoever opens connections and is silent stops nobody, and fills no log: `ordinance serve` as a process."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest

from support.commands import GERMANY, Served
from support.processes import children, spent
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, Wire, chunk, event, say

pytestmark = pytest.mark.server

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
SILENT = 200


@pytest.fixture
def crowd() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class FewFiles(Served):
    """May have 128 files open, as the operating system says, hard and soft."""

    starter = ("sh", "-c", 'ulimit -n 128; exec "$@"', "sh")


def press(served: Served, crowd: ExitStack) -> None:
    """Open many connections and say nothing. The kernel takes those that nobody accepts yet."""
    for _ in range(SILENT):
        client = socket.socket()
        crowd.enter_context(client)
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.connect(("127.0.0.1", served.port))


def seconds_of_processor(served: Served) -> float:
    return sum(spent(pid) for pid in (served.process.pid, *children(served.process.pid)))


@pytest.mark.parametrize(("workers", "when"), [("1", "start"), ("2", "start"), ("1", "later")])
def test_silent_connections_stop_nobody_and_fill_no_log(
    upstream: ScriptedUpstream, crowd: ExitStack, tmp_path: Path, workers: str, when: str
) -> None:
    upstream.script = say("Hello.")
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\n")
    words = ("--upstream", upstream.url, *GERMANY, "--config", settings, "--workers", workers)
    served = (FewFiles if when == "start" else Served)(*words)
    try:
        if when == "later":  # descriptors run out below the bound that was reckoned at the start
            httpx2.get(f"{served.address}/health", trust_env=False, timeout=PATIENCE)  # it has started
            resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE, (48, 48))
        before, began = seconds_of_processor(served), time.monotonic()
        for _ in range(4):
            press(served, crowd)
            for _ in range(2):
                health = httpx2.get(f"{served.address}/health", trust_env=False, timeout=PATIENCE)
                assert health.json() == {"status": "alive"}
                answer = httpx2.post(
                    f"{served.address}/v1/chat/completions", json=ASK, trust_env=False, timeout=PATIENCE
                )
                assert "Hello." in answer.json()["choices"][0]["message"]["content"]
        spent, minutes = seconds_of_processor(served) - before, (time.monotonic() - began) // 60
    finally:
        _, errors = served.stop()
    lines = errors.splitlines()
    closed = sum("connections were closed to make room" in line for line in lines)
    assert int(workers) <= closed <= int(workers) * (1 + minutes), lines  # at once, then once a minute
    assert len(lines) - closed <= 3, lines[:5]
    assert "Traceback" not in errors
    assert ("raise it to 2080" in errors) is (when == "start")
    assert spent < 5


@pytest.mark.parametrize(
    ("limits", "status"), [({"connections": 2}, 503), ({"connections_per_address": 2}, 429)], ids=["all", "address"]
)
def test_one_request_too_many_is_told_to_come_again_and_the_probes_are_answered(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, limits: dict[str, int], status: int
) -> None:
    async def script(wire: Wire) -> None:
        if wire.asked.path == "/v1/models":
            await say("")(wire)
            return
        await wire.head()
        await wire.send(event(chunk(content="Begun. ")))
        await wire.until_gone()

    upstream.script = script
    gateway = open_gateway(limits=limits)
    asked, pieces = {**ASK, "stream": True}, list[Iterator[str]]()
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as http, ExitStack() as running:
        for _ in range(2):
            answer = running.enter_context(http.stream("POST", "/v1/chat/completions", json=asked))
            pieces.append(answer.iter_text())  # an iterator that nobody refers to ends its stream
            assert next(pieces[-1])
        refused = http.post("/v1/chat/completions", json=asked)
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, "busy")
        assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
        assert http.get("/health").status_code == 200
        assert http.get("/ready").status_code == 200
    upstream.script = say("Hello.")
    deadline = time.monotonic() + PATIENCE
    while (
        again := httpx2.post(f"{gateway.address}/v1/chat/completions", json=ASK, trust_env=False)
    ).status_code != 200:
        assert time.monotonic() < deadline, again.text
        time.sleep(0.05)
    assert "Hello." in json.dumps(again.json())
