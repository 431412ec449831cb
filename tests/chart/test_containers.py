"""What the chart's containers run, started here with their very command lines, confined as their manifests say."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.loading.load import load
from support.checkout import RULES
from support.outside import until
from support.pod import can_be_made, line, started
from support.serving import PATIENCE, ScriptedUpstream, say
from support.shape_pods import BIN, ENVOY, USER, Pod

pytestmark = [pytest.mark.server, pytest.mark.skipif(bool(can_be_made()), reason=can_be_made())]

CANARY = "ordinance-canary-86a-5d21e8"


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
    answer = pod.ask().json()
    assert answer["ordinance"]["verdict"] == "withhold"
    assert CANARY not in json.dumps(answer)
    numbers = httpx2.get(f"http://127.0.0.1:{pod.metrics}/metrics", timeout=PATIENCE, trust_env=False).text
    assert "ordinance_streams 0" in numbers, "what pods scale by"


def test_a_pod_that_is_to_end_is_unready_and_still_answers(gateway: tuple[Pod, Any]) -> None:
    pod, process = gateway
    os.kill(process.pid, signal.SIGTERM)
    until(lambda: pod.probe("readinessProbe") == 503)
    assert pod.ask().status_code == 200, "whoever still comes"
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
        settings = {"jurisdiction": "EE", "locale": "et-EE", "packs": ["packs"]}
        policy = {"packs": {"EE.ord": pack}, "expect": expected}
        pod = Pod(tmp_path / str(number), "gateway", upstream.url, settings=settings, policy=policy)
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
    container = pod.container("envoy")
    with started(container, pod.volumes, tmp_path / "envoy", user=USER, programs=ENVOY, heard=False):
        until(lambda: pod.answers(500, 503))
        assert upstream.asked == [], "without Ordinance, Envoy asks nobody"
        container = pod.container("ordinance")
        with started(container, pod.volumes, tmp_path / "ordinance", user=USER, programs=ENVOY) as process:
            until(lambda: pod.answers(200))
            answer = pod.ask()
            assert answer.json()["ordinance"]["verdict"] == "withhold"
            assert CANARY not in answer.text
            os.kill(process.pid, signal.SIGTERM)
            assert pod.ask().status_code == 200, "it drains"
            assert process.wait(pod.rendered.pod["terminationGracePeriodSeconds"]) == 0
        until(lambda: pod.answers(500, 503))
