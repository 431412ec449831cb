"""vLLM with Ordinance in it reaches the judge and the collector that are configured, and nothing else."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest

from egress.conftest import RESOLVER, place
from support.collecting import SpanCollector
from support.commands import GERMANY
from support.judged_packs import values
from support.judges import installed
from support.resolver import Resolver
from support.scripted_judge import JudgeServer
from support.tracing import Tracer
from support.vllm_server import ENVIRONMENT, ORDINANCE, VllmServer, variables
from support.waiting import until

pytestmark = [
    pytest.mark.slow, pytest.mark.requirement("DET-1"),
    pytest.mark.skipif(not ENVIRONMENT.exists(), reason="there is no vLLM here: make vllm"),
]  # fmt: skip

#: What vLLM connects a datagram socket to, and sends nothing, to learn which address this machine has.
ADDRESS_FINDERS = {("8.8.8.8", 80), ("2001:4860:4860::8888", 80)}
PATIENCE = 120.0


def traced(tmp_path: Path, judge: JudgeServer, collector: SpanCollector, **given: str) -> tuple[Tracer, set[str]]:
    """Chat with such a server; the trace, and the names that were asked for."""
    settings = tmp_path / "ordinance.json"
    audit = str(tmp_path / "audit.jsonl")
    written = values(
        tmp_path, installed(tmp_path), judge, jurisdiction="DE", audit=audit, traces={"url": collector.url}
    )
    written["packs"].append(GERMANY[3])
    settings.write_text(json.dumps(written))
    tracer, resolver = Tracer(tmp_path / "trace"), Resolver(RESOLVER, {})
    server = VllmServer(
        ("--served-model-name", "tiny", *ORDINANCE), variables(ORDINANCE_CONFIG=str(settings), **given),
        tmp_path / "log", tracer.words,
    )  # fmt: skip
    try:
        server.wait()
        for stream in (False, True):
            asked = {"model": "tiny", "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 5}
            url = f"{server.address}/v1/chat/completions"
            answer = httpx2.post(url, json={**asked, "stream": stream}, trust_env=False, timeout=PATIENCE)
            assert answer.status_code == 200, answer.text
            assert "You are interacting with an AI system" in answer.text
        until(lambda: len(collector.spans) > 1, "no span has come", PATIENCE)
        assert judge.seen
    finally:
        server.stop()
        resolver.stop()
        print(server.tail())  # noqa: T201 - pytest shows it beside a failure
    return tracer, resolver.asked


def test_only_what_is_configured_is_reached(tmp_path: Path, judge: JudgeServer, collector: SpanCollector) -> None:
    """The server's own processes talk over sockets of the file system."""
    tracer, asked = traced(tmp_path, judge, collector, VLLM_HOST_IP="127.0.0.1")
    assert tracer.reached() == {place(judge.url), place(collector.url)}
    assert {host for host, _ in tracer.bound() if not ip_address(host).is_loopback} == set()
    assert asked == set()


def test_without_an_address_of_its_own_vllm_looks_for_one(
    tmp_path: Path, judge: JudgeServer, collector: SpanCollector
) -> None:
    """It is vLLM's own doing, and the reason why docs/vllm.md sets VLLM_HOST_IP."""
    tracer, asked = traced(tmp_path, judge, collector)
    own = tracer.reached() - {place(judge.url), place(collector.url)}
    assert own == ADDRESS_FINDERS
    assert asked == set()
