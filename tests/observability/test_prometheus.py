"""Alerts, dashboard and numbers, judged by Prometheus itself."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.serve.metrics.families import FAMILIES
from support.checkout import ROOT
from support.commands import Served
from support.outside import until
from support.ports import free_port
from support.scraping import metrics_address, scraped
from support.serving import ScriptedUpstream, say

pytestmark = pytest.mark.server

FILES = ROOT / "deploy" / "observability"
#: What Prometheus adds to the names of a family.
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
NAMES = {family.name + part for family in FAMILIES for part in ("", *PARTS.get(family.kind, ()))}


def tool(*words: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *map(str, words)], input=given, capture_output=True, text=True, timeout=60, check=False
    )


def of_the_dashboard() -> list[str]:
    """The expressions of the dashboard, with what Grafana puts in the place of its variables."""
    panels = json.loads((FILES / "grafana-dashboard.json").read_text())["panels"]
    found = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return [
        each.replace("$__rate_interval", "1m").replace("$__range", "1h").replace("$job", "ordinance")
        .replace("$instance", ".*")
        for each in found
    ]  # fmt: skip


def test_the_example_and_the_alerts_are_well_formed() -> None:
    done = tool("check", "config", FILES / "prometheus.yml")
    assert done.returncode == 0, done.stderr
    assert "1 rule files found" in done.stdout


def test_alerts_fire_when_they_should_and_not_before() -> None:
    done = tool("test", "rules", FILES / "alerts.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", ["alerts.yml", "grafana-dashboard.json"])
def test_only_metrics_that_exist_are_named(file: str) -> None:
    named = set(re.findall(r"\bordinance_[a-z_]+", (FILES / file).read_text()))
    assert named
    assert named <= NAMES, named - NAMES


def test_every_panel_has_an_expression_that_prometheus_reads(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(of_the_dashboard())]
    assert len(rules) > 15
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = tool("check", "rules", tmp_path / "rules.yml")
    assert done.returncode == 0, done.stderr


class Prometheus:
    """A Prometheus that scrapes ``target`` each second with the example's rules."""

    def __init__(self, folder: Path, target: str) -> None:
        port = free_port()
        text = (FILES / "prometheus.yml").read_text().replace("15s", "1s").replace("127.0.0.1:9464", target)
        (folder / "prometheus.yml").write_text(text)
        (folder / "alerts.yml").write_text((FILES / "alerts.yml").read_text())
        self.address = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [
                "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._ready)

    def _ready(self) -> bool:
        try:
            return httpx2.get(f"{self.address}/-/ready", trust_env=False).status_code == 200
        except httpx2.HTTPError:
            return False

    def ask(self, path: str, **fields: str) -> Any:
        answer = httpx2.get(f"{self.address}/api/v1/{path}", params=fields, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def value(self, expression: str) -> float | None:
        """What the expression says now; None if it says nothing."""
        found = self.ask("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        alerts = self.ask("alerts")["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """A copy of what ships, without houses."""
    return shutil.copytree(ROOT / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("houses"))


@pytest.fixture
def served(upstream: ScriptedUpstream, tmp_path: Path, packs: Path) -> Iterator[Served]:
    upstream.script = say("Good day.")
    running = Served(
        "--upstream", upstream.url, "--jurisdiction", "DE", "--workers", "2", "--pack", packs,
        ORDINANCE_METRICS__PORT="0", ORDINANCE_AUDIT=str(tmp_path / "log"),
    )  # fmt: skip
    yield running
    running.stop()


def test_a_real_prometheus_reads_two_workers_and_one_alert_fires(
    served: Served, upstream: ScriptedUpstream, tmp_path: Path, packs: Path
) -> None:
    address = metrics_address(served)
    done = tool("check", "metrics", given=scraped(address))
    assert done.returncode == 0, done.stderr
    prometheus = Prometheus(tmp_path, address.removeprefix("http://").removesuffix("/metrics"))
    try:
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        until(lambda: prometheus.value("ordinance_processes") == 2)
        for number in range(8):
            asked = {**body, "stream": number % 2 == 0}
            httpx2.post(f"{served.address}/v1/chat/completions", json=asked, trust_env=False, timeout=60)
        until(lambda: prometheus.value("sum(ordinance_answers_total)") == 8)
        until(lambda: prometheus.value("ordinance_held_characters_count") == 4)
        assert prometheus.value('up{job="ordinance"}') == 1
        for expression in of_the_dashboard():
            prometheus.ask("query", query=expression)
        assert prometheus.firing() == set()

        (packs / "jurisdictions" / "DE" / "DE.ord").write_text("no pack at all")
        served.signal(signal.SIGHUP)
        until(lambda: prometheus.firing() == {"OrdinancePolicyStale"})
    finally:
        prometheus.stop()
