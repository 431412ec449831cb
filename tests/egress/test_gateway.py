"""A gateway with all that can be configured reaches what is configured, and nothing else, and asks nobody for names."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest

from egress.conftest import RESOLVER, Watched, place
from support.collecting import SpanCollector
from support.commands import GERMANY, Served
from support.databases import Database, PostgresqlServer, RedisServer
from support.judged_packs import values
from support.judges import installed
from support.record_tables import RecordDatabase, wait_for
from support.resolver import Resolver
from support.scraping import metrics_address, scraped
from support.scripted_judge import JudgeServer
from support.serving import PATIENCE, ScriptedUpstream, say
from support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.requirement("DET-1")]

MESSAGES = [{"role": "user", "content": "Good day."}]
ASKED: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": MESSAGES}, "completions": {"prompt": "Good day."},
    "responses": {"input": "Good day."}, "messages": {"messages": MESSAGES, "max_tokens": 9},
}  # fmt: skip


@pytest.fixture(params=["postgresql", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[Database]:
    with TemporaryDirectory(prefix=f"ordinance-{request.param}-") as folder:
        running = (PostgresqlServer if request.param == "postgresql" else RedisServer)(Path(folder))
        if isinstance(running, PostgresqlServer):
            wait_for(running)
        yield running
        running.stop()


def converse(served: Served) -> None:
    """Ask every API, streamed and not, on connections of their own, so that both workers are asked; reload between."""
    for turn in range(4):
        for route, body in ASKED.items():
            asked = {"model": "m", "stream": turn % 2 == 0, **body}
            answer = httpx2.post(f"{served.address}/v1/{route}", json=asked, trust_env=False, timeout=PATIENCE * 3)
            assert answer.status_code in (200, 502), answer.text  # the script speaks chat completions
        for route in ("/ready", "/health", "/v1/models", "/chat"):
            httpx2.get(served.address + route, trust_env=False, timeout=PATIENCE * 3)
        if turn == 1:
            served.signal(signal.SIGHUP)


def test_only_what_is_configured_is_reached(
    upstream: ScriptedUpstream, judge: JudgeServer, collector: SpanCollector, store: Database, tmp_path: Path,
    watched: Watched,
) -> None:  # fmt: skip
    (tmp_path / "secret").write_text("a secret of thirty-two characters")
    settings = tmp_path / "ordinance.json"
    audit = "audit.jsonl"
    if isinstance(store, PostgresqlServer):
        audit = RecordDatabase(store, "egress").url()
    more = {
        "upstream": {"url": upstream.url}, "audit": audit, "traces": {"url": collector.url}, "metrics": {"port": 0},
        "conversation": {"store": store.url, "secret_file": str(tmp_path / "secret")}, "workers": 2, "chat": True,
    }  # fmt: skip
    written = values(tmp_path, installed(tmp_path), judge, jurisdiction="DE", **more)
    written["packs"].append(GERMANY[3])
    settings.write_text(json.dumps(written))
    upstream.script = say("A first sentence. And a second one.", range(0, 30, 7))
    resolver = Resolver(RESOLVER, {})
    served, tracer = watched("--config", settings, ORDINANCE_CONVERSATION__STORE=store.url)
    try:
        metrics = metrics_address(served)
        converse(served)
        until(lambda: len(collector.spans) > 4, "no span has come", PATIENCE * 3)
        assert "ordinance_answers_total" in scraped(metrics)
        assert len(judge.seen) > 6
    finally:
        served.stop()
        resolver.stop()
    assert tracer.reached() == {place(each) for each in (upstream.url, judge.url, collector.url, store.url)}
    assert tracer.bound() == {("127.0.0.1", 0)}, "for requests and for metrics, at free ports"
    assert resolver.asked == set()


def test_a_name_in_the_settings_is_the_one_name_that_is_asked_for(upstream: ScriptedUpstream, watched: Watched) -> None:
    resolver = Resolver(RESOLVER, {"model.internal": "127.0.0.1"})
    host, port = place(upstream.url)
    served, tracer = watched("--upstream", f"http://model.internal:{port}/v1")
    try:
        answer = httpx2.post(
            f"{served.address}/v1/chat/completions", json={"model": "m", **ASKED["chat/completions"]}, trust_env=False,
            timeout=PATIENCE * 3,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
    finally:
        served.stop()
        resolver.stop()
    assert resolver.asked == {"model.internal"}
    # Before it chooses among addresses, the C library connects a socket to each, port 0, and sends nothing.
    assert tracer.reached() - {(host, 0)} == {(host, port), (RESOLVER, 53)}
