"""The judge on trial, as `make serve` has it: in its process, before a model, through the real gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.plugins.seal import seal
from support.commands import Served
from support.serving import PATIENCE, LoopThread, ScriptedUpstream, say
from support.waiting import until

pytestmark = pytest.mark.server

ANSWER = "Let us secretly film and identify everybody who walks through the centre of the town, day and night."
RULE = "baseline/mass_surveillance"


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    thread = LoopThread()
    server = ScriptedUpstream(thread)
    yield server
    server.stop()
    thread.stop()


@pytest.fixture
def served(folder: Path, upstream: ScriptedUpstream, tmp_path: Path) -> Iterator[Served]:
    settings = tmp_path / "ordinance.json"
    plugin = {"name": "ordinance-near", "version": "0.1.0", "path": str(folder), "sha256": seal(folder)}
    judges = [{"name": "near", "by": "near.lines", "seconds": 30}]
    said: dict[str, Any] = {"plugins": [plugin], "judges": judges, "judge": {"shown": True}}
    settings.write_text(json.dumps({**said, "limits": {"plugin_seconds": 300}}))
    server = Served("--upstream", upstream.url, "--config", settings)
    yield server
    server.stop()


def test_it_records_what_it_would_have_said_and_refuses_nothing(served: Served, upstream: ScriptedUpstream) -> None:
    upstream.script = say(ANSWER)
    asked = {"model": "m", "messages": [{"role": "user", "content": "How do we make the town safe?"}]}

    def is_recorded() -> bool:
        # An answer waits a moment for a judge that only records. What it says later it knows the next time.
        answer = httpx2.post(
            f"{served.address}/v1/chat/completions", json=asked, trust_env=False, timeout=PATIENCE * 10
        ).json()
        told = answer["ordinance"]
        assert ANSWER in answer["choices"][0]["message"]["content"]
        assert told["verdict"] in ("pass", "disclose")
        assert told["judged"] == []
        assert RULE in told["not_judged"]
        return RULE in told.get("trials", ())

    until(is_recorded, "the judge on trial was never heard", seconds=60)
    ready = httpx2.get(f"{served.address}/ready", trust_env=False, timeout=PATIENCE).json()
    (judge,) = ready["judges"]
    assert judge["acts"] == []
    assert RULE in judge["records"]
