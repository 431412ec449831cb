"""A server that runs under signed policy: forward by SIGHUP, never back, and stale once its time is over."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx2
import pytest

from ordinance.serve.door.policies import Policies
from ordinance.trust.applied import Warrant
from support.bundles import NOW, ROOT, YEAR, Office
from support.commands import Served, run
from support.outside import WHOLE, ready, until
from support.processes import children
from support.serving import OpenGateway, ScriptedUpstream, say
from support.small_plan import small_plan
from support.ways import Machine

pytestmark = pytest.mark.server


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_real_server_goes_forward_and_not_back(upstream: ScriptedUpstream, tmp_path: Path, workers: str) -> None:
    office = Office(tmp_path / "office")
    first = office.bundle()
    office.change("zweitens")
    second = office.bundle(first)
    machine = Machine(tmp_path / "machine", more={"upstream": {"url": upstream.url}})
    machine.root.write_bytes(ROOT)

    def install(data: bytes) -> None:
        fresh = machine.bundle.with_suffix(".new")
        fresh.write_bytes(data)
        os.replace(fresh, machine.bundle)

    def shows(version: int, stale: str | None) -> bool:
        states = [ready(served)[1] for _ in range(6)]
        return all((each["bundle"]["version"], each["stale"]) == (version, stale) for each in states)

    install(first)
    served = Served("--config", machine.config, "--workers", workers)
    try:
        assert shows(1, None)
        install(second)
        served.signal(signal.SIGHUP)
        until(lambda: shows(2, None))
        install(first)
        served.signal(signal.SIGHUP)
        until(lambda: shows(2, "bundle-older"))
        install(second[:-512])
        served.signal(signal.SIGHUP)
        until(lambda: shows(2, "bundle-archive"))
        if workers == "2":  # one that is started anew verifies by itself
            install(second)
            served.signal(signal.SIGHUP)
            until(lambda: shows(2, None))
            gone = max(children(served.process.pid))
            os.kill(gone, signal.SIGKILL)
            until(lambda: gone not in children(served.process.pid))
            until(lambda: shows(2, None))
    finally:
        served.stop()
    install(first)
    done = run("serve", "--config", machine.config, "--port", "0")
    assert (done.returncode, "error[bundle-older]" in done.stderr) == (1, True)


def test_whoever_asks_hears_that_the_policy_is_stale(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """In /ready, which stays 200, and in each record."""
    upstream.script = say("Hello.")
    log = tmp_path / "audit.jsonl"
    for until_then, stale in ((NOW + YEAR, None), (NOW - timedelta(days=1), "bundle-expired")):
        warrant = Warrant(7, "a" * 64, "2026-01-01T00:00:00Z", until_then)
        gateway = open_gateway(Policies(small_plan(), warrant=warrant), audit={"path": str(log)})
        answer = httpx2.get(f"{gateway.address}/ready", trust_env=False)
        assert (answer.status_code, answer.json()["stale"]) == (200, stale)
        assert answer.json()["bundle"]["version"] == 7
        asked = httpx2.post(f"{gateway.address}/v1/chat/completions", json=WHOLE, trust_env=False)
        assert asked.status_code == 200
        until(partial(_last_is, log, stale))


def _last_is(log: Path, stale: str | None) -> bool:
    lines = log.read_text("utf-8").splitlines()
    return bool(lines) and json.loads(lines[-1]).get("stale") == stale
