"""What the chart's containers run, started here with their very command lines, confined as their manifests say."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.loading.load import load
from support.chart import render
from support.checkout import ROOT, RULES
from support.databases import free_port
from support.outside import until
from support.pod import can_be_made, files_of, line, started
from support.serving import PATIENCE, ScriptedUpstream, say

pytestmark = [pytest.mark.server, pytest.mark.skipif(bool(can_be_made()), reason=can_be_made())]

USER = 65532
ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
CANARY = "ordinance-canary-86a-5d21e8"
BIN = ROOT / ".venv" / "test" / "bin"
#: The command beside an Envoy, and an Envoy, in the environment of `make test-envoy`.
ENVOY = ROOT / ".venv" / "envoy" / "bin"


def laid(files: Mapping[str, Mapping[str, str]], folder: Path) -> dict[str, Path]:
    """Lay out the files of each volume as a kubelet does: in a dated folder, to which links lead."""
    volumes = {}
    for name, texts in files.items():
        volume = folder / name
        dated = volume / "..2026_11_27"
        for path, text in texts.items():
            (dated / path).parent.mkdir(parents=True, exist_ok=True)
            (dated / path).write_text(text, "utf-8")
            (dated / path).chmod(0o644)
        (volume / "..data").symlink_to(dated.name)
        for first in {path.partition("/")[0] for path in texts}:
            (volume / first).symlink_to(f"..data/{first}")
        volumes[name] = volume
    for each in (folder, *folder.parents):
        if each.stat().st_mode & 0o005 != 0o005 and str(each).startswith("/tmp/"):
            each.chmod(each.stat().st_mode | 0o055)
    return volumes


class Pod:
    """The pod of a shape, on ports that are free here: they are all that is changed of what was rendered."""

    def __init__(self, folder: Path, shape: str, upstream: str, **policy: Any) -> None:
        self.port, self.metrics, self.between = free_port(), free_port(), free_port()
        host, port = upstream.removeprefix("http://").removesuffix("/v1").split(":")
        values: dict[str, Any] = {
            "upstream": {"host": host, "port": int(port)}, "metrics": {"port": self.metrics}, "policy": policy,
            "stop": {"graceSeconds": 5}, "probes": {"periodSeconds": 1}, "envoy": {"port": self.port},
        }  # fmt: skip
        if policy:
            values["settings"] = {"jurisdiction": "EE", "locale": "et-EE", "packs": ["packs"]}
        self.rendered = render(shape, values)
        files = files_of(self.rendered.pod, self.rendered.one("ConfigMap"))
        self.volumes = laid({"settings": {name: self._here(text) for name, text in files["settings"].items()}}, folder)

    def _here(self, text: str) -> str:
        """Every address on loopback; ports that a pod has for itself are free ones."""
        ports = {"port: 8080": f"port: {self.port}", "port_value: 9002": f"port_value: {self.between}"}
        for theirs, ours in (("0.0.0.0", "127.0.0.1"), *ports.items()):
            text = text.replace(theirs, ours)
        return text

    def container(self, name: str) -> dict[str, Any]:
        found = self.rendered.container(name)
        words = [word.replace("0.0.0.0:9002", f"127.0.0.1:{self.between}") for word in found["command"]]
        return {**found, "command": words}

    def probe(self, name: str) -> int:
        """Ask as the kubelet would; the status."""
        found = self.rendered.container("ordinance")[name]["httpGet"]
        headers = {each["name"].lower(): each["value"] for each in found["httpHeaders"]}
        url = f"http://127.0.0.1:{self.port}{found['path']}"
        return httpx2.get(url, headers=headers, timeout=PATIENCE, trust_env=False).status_code


@pytest.fixture
def gateway(tmp_path: Path, upstream: ScriptedUpstream) -> Iterator[tuple[Pod, Any]]:
    upstream.script = say(f"Guten Tag. Hier ist {CANARY}. Ende.")
    pod = Pod(tmp_path / "volumes", "gateway", upstream.url)
    container = pod.container("ordinance")
    with started(container, pod.volumes, tmp_path / "place", user=USER, programs=BIN) as process:
        line(process, "listening on")
        yield pod, process


def test_the_gateway_serves_from_a_read_only_root_without_any_privilege(gateway: tuple[Pod, Any]) -> None:
    pod, process = gateway
    status = dict(each.split(":\t", 1) for each in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    assert status["Uid"].split() == [str(USER)] * 4
    assert {status[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert [pod.probe(name) for name in ("startupProbe", "livenessProbe", "readinessProbe")] == [200] * 3
    url = f"http://127.0.0.1:{pod.port}/v1/chat/completions"
    answer = httpx2.post(url, json=ASK, timeout=PATIENCE, trust_env=False).json()
    assert answer["ordinance"]["verdict"] == "withhold"
    assert CANARY not in json.dumps(answer)
    numbers = httpx2.get(f"http://127.0.0.1:{pod.metrics}/metrics", timeout=PATIENCE, trust_env=False).text
    assert "ordinance_streams 0" in numbers, "what pods scale by"


def test_a_pod_that_is_to_end_is_unready_and_still_answers(gateway: tuple[Pod, Any]) -> None:
    pod, process = gateway
    os.kill(process.pid, signal.SIGTERM)
    until(lambda: pod.probe("readinessProbe") == 503)
    url = f"http://127.0.0.1:{pod.port}/v1/chat/completions"
    assert httpx2.post(url, json=ASK, timeout=PATIENCE, trust_env=False).status_code == 200, "whoever still comes"
    assert pod.probe("livenessProbe") == 200, "or it would be killed"
    assert process.wait(pod.rendered.pod["terminationGracePeriodSeconds"]) == 0


def test_a_pod_with_another_policy_than_the_expected_one_does_not_start(
    tmp_path: Path, upstream: ScriptedUpstream
) -> None:
    pack = (RULES / "jurisdictions" / "EE" / "EE.ord").read_text("utf-8")
    approved = tmp_path / "EE.ord"
    approved.write_text(pack.rstrip("\n") + "\n", "utf-8")
    digest = load([approved]).plan.digest
    for number, expected in enumerate((digest, "0" * 64)):
        pod = Pod(tmp_path / str(number), "gateway", upstream.url, packs={"EE.ord": pack}, expect=expected)
        container = pod.container("ordinance")
        with started(container, pod.volumes, tmp_path / f"place{number}", user=USER, programs=BIN) as process:
            if expected == digest:
                assert digest[:16] in line(process, "listening on")
            else:
                assert f"has the digest {digest}" in line(process, "error[policy]")
                assert process.wait(PATIENCE) == 1


def test_a_container_that_needs_to_write_its_root_would_fail(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    """The confinement is there: what it forbids fails."""
    pod = Pod(tmp_path / "volumes", "gateway", upstream.url)
    container = {
        **pod.rendered.container("ordinance"),
        "command": ["sh", "-c", "touch /etc/ordinance/x /x; touch /tmp/x && echo written"],
    }
    with started(container, pod.volumes, tmp_path / "place", user=USER, programs=BIN) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    assert said.count("Read-only file system") == 2
    assert said.endswith("written\n")


@pytest.mark.skipif(not (ENVOY / "envoy").exists(), reason="no Envoy: make ready-envoy")
def test_an_envoy_with_ordinance_beside_it_answers_and_alone_does_not(
    tmp_path: Path, upstream: ScriptedUpstream
) -> None:
    upstream.script = say(f"Guten Tag. Hier ist {CANARY}. Ende.")
    pod = Pod(tmp_path / "volumes", "envoy", upstream.url)
    url = f"http://127.0.0.1:{pod.port}/v1/chat/completions"

    def ask() -> httpx2.Response:
        return httpx2.post(url, json=ASK, timeout=PATIENCE, trust_env=False)

    def answers(*statuses: int) -> bool:
        try:
            return ask().status_code in statuses
        except httpx2.TransportError:
            return False

    container = pod.container("envoy")
    with started(container, pod.volumes, tmp_path / "envoy", user=USER, programs=ENVOY):
        until(lambda: answers(500, 503))
        assert upstream.asked == [], "without Ordinance, Envoy asks nobody"
        container = pod.container("ordinance")
        with started(container, pod.volumes, tmp_path / "ordinance", user=USER, programs=ENVOY) as process:
            until(lambda: answers(200))
            answer = ask()
            assert answer.json()["ordinance"]["verdict"] == "withhold"
            assert CANARY not in answer.text
            os.kill(process.pid, signal.SIGTERM)
            assert ask().status_code == 200, "it drains"
            assert process.wait(pod.rendered.pod["terminationGracePeriodSeconds"]) == 0
        until(lambda: answers(500, 503))
