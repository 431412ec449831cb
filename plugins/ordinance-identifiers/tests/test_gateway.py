"""The plugin as an operator runs it: allowed in the settings, asked by a pack, seen on a stream through the gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ordinance.errors import PluginError
from ordinance.loading.load import load
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER
from support.allowing import allowed
from support.packs import TODAY, write_asking
from support.serving import LoopThread, RunningGateway, ScriptedUpstream, say

pytestmark = pytest.mark.server
ASKS = 'detector id.national ("DE", "EE"), detector id.health ("GB"), detector id.phone ("DE"), detector id.email'
TEXT = (
    "In 2026 Mari (isikukood 36805280109, not 36805280108) wrote to mari@example.org and rang +49 30 23125 000. "
    "Order 943 476 5870; her NHS number is ９４３ 476 5870, and on 23.11.2026 it was 12.500 euros."
)
FOUND = ("36805280109", "mari@example.org", "+49 30 23125 000", "９４３ 476 5870")


@pytest.fixture(scope="module")
def plugin(folder: Path) -> Plugin:
    return allowed(folder, name="ordinance-identifiers", version="0.1.0")


@pytest.fixture(scope="module")
def plan(plugin: Plugin, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    where = write_asking(tmp_path_factory.mktemp("packs"), ASKS)
    return load(where, plugins=[plugin], on=TODAY, budget=Budget(seconds=10, processes=1, start=120)).plan


@pytest.fixture(scope="module")
def upstream_and_gateway(plan: Plan) -> Iterator[tuple[ScriptedUpstream, RunningGateway]]:
    thread = LoopThread()
    upstream = ScriptedUpstream(thread)
    gateway = RunningGateway(thread, plan, upstream.url, {"jurisdiction": "XA"})
    yield upstream, gateway
    gateway.stop()
    upstream.stop()
    thread.stop()


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_it_finds_never_leaves_on_a_stream(
    size: int, upstream_and_gateway: tuple[ScriptedUpstream, RunningGateway]
) -> None:
    upstream, gateway = upstream_and_gateway
    upstream.script = say(TEXT, range(size, len(TEXT), size))
    asked = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Who is Mari?"}]}
    with httpx2.Client(base_url=gateway.address, timeout=60) as client:
        answer = client.post("/v1/chat/completions", json=asked)
    assert answer.status_code == 200
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {")]
    said = "".join(each["delta"].get("content") or "" for line in lines for each in json.loads(line)["choices"])
    shown = TEXT
    for number in FOUND:
        shown = shown.replace(number, MARKER)
    assert said.startswith(shown), said


def test_a_country_that_is_not_known_stops_the_load(plugin: Plugin, tmp_path: Path) -> None:
    with pytest.raises(PluginError) as caught:
        load(write_asking(tmp_path, 'detector id.health ("DE", "XX")'), plugins=[plugin], on=TODAY)
    assert "ordinance-identifiers" in caught.value.message
    assert '`id.health` does not know "XX". Known: AT, BE, BG' in caught.value.message
