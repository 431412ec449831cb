"""What the chart renders: by Helm's own engine, valid for each Kubernetes that it names, and confined as it claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ordinance.loading.load import load
from ordinance.settings.model import Settings
from ordinance.settings.sources import load as settings_of
from support.chart import CHART, SHAPES, RefusedError, peers, render, tool
from support.checkout import ROOT, RULES

pytestmark = pytest.mark.server

DIGEST = "sha256:" + "0" * 64
#: The oldest Kubernetes that the chart names, and the newest that the validator knows.
VERSIONS = ("1.30", "1.37")
#: What is not done, and why.
NOT_DONE = {
    "CKV_K8S_11": "no limit of processor time: a throttled gateway delays every stream of its pod",
    "CKV_K8S_35": "the server's key is a variable: Ordinance and vLLM read it from there",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_helm_finds_nothing_to_complain_about(shape: str) -> None:
    said = render(shape).lint
    assert said["errors"] == []
    assert [each for each in said["messages"] if each["severity"] > 1] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_each_kubernetes_takes_every_manifest(version: str, tmp_path: Path) -> None:
    files = []
    for shape in SHAPES:
        files.append(tmp_path / f"{shape}.yaml")
        files[-1].write_text(render(shape, {"autoscaling": {"enabled": True}}).text, "utf-8")
    done = tool("kubernetes-validate", "--strict", "-k", version, *files, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count(" passed for resource ") == 7 * len(SHAPES)


def test_the_validator_would_notice(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(render("gateway").text.replace("readOnlyRootFilesystem", "readOnlyRoot"), "utf-8")
    assert tool("kubernetes-validate", "--strict", "-k", VERSIONS[0], wrong, check=False).returncode != 0


def test_checkov_finds_nothing_but_what_is_not_done_on_purpose(tmp_path: Path) -> None:
    for shape in SHAPES:
        (tmp_path / f"{shape}.yaml").write_text(render(shape).text, "utf-8")
    words = ["--framework", "kubernetes", "--compact", "--quiet", "--skip-download"]
    done = tool("checkov", "-d", tmp_path, *words, "--skip-check", ",".join(NOT_DONE), check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    strict = tool("checkov", "-d", tmp_path, *words, "--check", ",".join(NOT_DONE), check=False)
    assert all(code in strict.stdout for code in NOT_DONE), "what is no longer found need not be left out"


def test_checkov_finds_nothing_in_the_images(tmp_path: Path) -> None:
    """But for the tag of an image that is an argument: the files ask for its digest."""
    for file in (ROOT / "deploy" / "container").glob("*.Containerfile"):
        (tmp_path / file.stem).mkdir()
        (tmp_path / file.stem / "Dockerfile").write_text(file.read_text("utf-8"), "utf-8")
    words = ["--framework", "dockerfile", "--compact", "--skip-download", "--skip-check", "CKV_DOCKER_7"]
    done = tool("checkov", "-d", tmp_path, *words, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "Failed checks: 0" in done.stdout


def test_the_values_for_the_production_stack_start_vllm_as_this_chart_does() -> None:
    values = yaml.safe_load((CHART / "shapes" / "production-stack.yaml").read_text("utf-8"))
    (model,) = values["servingEngineSpec"]["modelSpec"]
    ours = render("vllm").container("ordinance")
    words = model["vllmConfig"]["extraArgs"]
    assert words[words.index("--middleware") :][:2] == ["--middleware", "ordinance.serve.vllm.Ordinance"]
    assert "ordinance.serve.vllm.Ordinance" in ours["command"]
    variables = {each["name"]: each["value"] for each in model["env"]}
    for each in ours["env"]:
        if each["name"] in ("ORDINANCE_CONFIG", "VLLM_NO_USAGE_STATS", "HF_HUB_OFFLINE"):
            assert variables[each["name"]] == each["value"]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_container_is_root_or_may_write_or_do_more(shape: str) -> None:
    rendered = render(shape)
    assert rendered.pod["securityContext"]["runAsUser"] > 0
    assert rendered.pod["automountServiceAccountToken"] is False
    for container in rendered.containers:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["image"].endswith(f"@{DIGEST}")
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_leaves_but_what_is_named(shape: str) -> None:
    policy = render(shape).one("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    pool = [[{"podSelector": {"matchLabels": {"app": "vllm"}}}], [8000]]
    names = [53, 53]
    allowed = [[who if ports != names else "names", ports] for who, ports in peers(policy["egress"], "to")]
    assert allowed == ([] if shape == "vllm" else [pool, ["names", names]])
    assert all(rule["from"] for rule in policy["ingress"])


@pytest.mark.parametrize("shape", SHAPES)
def test_without_names_nobody_comes_in_and_nothing_leaves(shape: str) -> None:
    nobody: dict[str, Any] = {"clients": [], "metrics": []}
    policy = render(shape, {"network": nobody}).one("NetworkPolicy")["spec"]
    assert policy["ingress"] == []
    if shape == "vllm":
        assert policy["egress"] == []
    with pytest.raises(RefusedError, match="upstream"):
        render("gateway", {"upstream": {"to": []}})


def test_the_times_of_a_stop_fit_each_other() -> None:
    """Longer than a balancer needs to notice, and shorter than what kills the pod (docs/operations.md, Stopping)."""
    for shape in SHAPES:
        rendered = render(shape, {"probes": {"periodSeconds": 7, "failureThreshold": 3}, "stop": {"graceSeconds": 90}})
        probe = rendered.container("ordinance")["readinessProbe"]
        noticed = probe["periodSeconds"] * probe["failureThreshold"]
        if shape == "vllm":
            words = rendered.container("ordinance")["command"]
            assert words[words.index("--shutdown-timeout") + 1] == "90"
            drain = rendered.container("ordinance")["lifecycle"]["preStop"]["sleep"]["seconds"]
        else:
            drain, grace = rendered.settings["drain_seconds"], rendered.settings["grace_seconds"]
            assert grace == 90
        assert noticed < drain
        assert rendered.pod["terminationGracePeriodSeconds"] >= drain + 90 + 10
    envoy = render("envoy").container("envoy")
    assert envoy["restartPolicy"] == "Always", "a sidecar, which ends after Ordinance has"


def test_pods_scale_by_their_streams() -> None:
    scaler = render("gateway", {"autoscaling": {"streams": 321}}).one("HorizontalPodAutoscaler")["spec"]
    (metric,) = scaler["metrics"]
    assert metric["pods"]["metric"]["name"] == "ordinance_streams"
    assert metric["pods"]["target"] == {"type": "AverageValue", "averageValue": "321"}
    assert "replicas" not in render("gateway").one("Deployment")["spec"], "the scaler decides"
    assert render("vllm").one("Deployment")["spec"]["replicas"] == 2
    budget = render("gateway").one("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == render("gateway").one("Deployment")["spec"]["selector"]


def test_an_upgrade_is_another_configmap_and_a_pod_keeps_its_own() -> None:
    first, second = (render("gateway", {"policy": {"expect": digit * 64}}) for digit in "ab")
    names = [each.one("ConfigMap")["metadata"]["name"] for each in (first, second)]
    assert names[0] != names[1]
    for each, name in zip((first, second), names, strict=True):
        assert each.one("ConfigMap")["immutable"] is True
        assert each.pod["volumes"][0]["configMap"]["name"] == name
    assert first.one("Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert second.settings["expect"] == "b" * 64


@pytest.mark.parametrize("shape", SHAPES)
def test_the_settings_are_ones_that_ordinance_reads(shape: str, tmp_path: Path) -> None:
    pack = (RULES / "jurisdictions" / "EE" / "EE.ord").read_text("utf-8")
    own = {"policy": {"packs": {"EE.ord": pack}}}
    assert render(shape, own).settings["packs"] == ["/opt/ordinance/rules/jurisdictions", "packs"]
    rendered = render(shape, {**own, "settings": {"jurisdiction": "EE", "packs": ["packs"]}})
    data = rendered.one("ConfigMap")["data"]
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "EE.ord").write_text(data["EE.ord"], "utf-8")
    (tmp_path / "ordinance.yaml").write_text(data["ordinance.yaml"], "utf-8")
    read: Settings = settings_of(file=tmp_path / "ordinance.yaml")
    assert (read.jurisdiction, read.metrics.port) == ("EE", 9464)
    assert read.conversation.store is not None
    assert read.conversation.store.get_secret_value() == "none"
    assert read.packs == [tmp_path / "packs"]
    assert data["EE.ord"].rstrip("\n") == pack.rstrip("\n")
    assert load([tmp_path / "packs"]).plan.digest


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"image": {"digest": "latest"}}, "digest"),
        ({"shape": "cluster"}, "shape"),
        ({"settings": {"host": "127.0.0.1"}}, "settings"),
        ({"policy": {"expect": "abc"}}, "expect"),
        ({"policy": {"packs": {"notes.txt": "x"}}}, "notes.txt"),
        ({"privileged": True}, "privileged"),
        ({"user": 0}, "user"),
    ],
)
def test_values_that_would_not_do_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        render("gateway", changes)


def test_the_envoy_of_a_pod_has_the_configuration_that_ships_with_the_addresses_of_the_pod() -> None:
    changes: dict[str, Any] = {"upstream": {"host": "pool.example", "port": 8123}, "envoy": {"port": 10123}}
    config = yaml.safe_load(render("envoy", changes).one("ConfigMap")["data"]["envoy.yaml"])
    shipped = yaml.safe_load((ROOT / "deploy" / "envoy" / "envoy.yaml").read_text("utf-8"))
    (listener,), clusters = config["static_resources"]["listeners"], config["static_resources"]["clusters"]
    assert listener["address"]["socket_address"] == {"address": "0.0.0.0", "port_value": 10123}
    models = next(each for each in clusters if each["name"] == "models")
    assert models["type"] == "STRICT_DNS"
    place = models["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    assert place == {"address": "pool.example", "port_value": 8123}
    ordinance = next(each for each in clusters if each["name"] == "ordinance")
    (first, *_) = shipped["static_resources"]["listeners"]
    assert listener["filter_chains"] == first["filter_chains"]
    assert ordinance in shipped["static_resources"]["clusters"], "in the same pod, on loopback"


def test_an_envoy_needs_an_image_of_its_own() -> None:
    with pytest.raises(RefusedError, match="image"):
        render("envoy", {"envoy": {"image": {"digest": ""}}})


def test_what_is_open_is_said_after_an_installation() -> None:
    notes = render("gateway", {"network": {"clients": []}, "settings": {"jurisdiction": ""}}).notes
    for name in ("settings.jurisdiction", "policy.expect", "network.clients", "settings.keys"):
        assert f"No `{name}`" in notes
    assert "jurisdiction" not in render("gateway").notes


def test_the_chart_has_the_version_of_the_package() -> None:
    from ordinance import __version__

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert chart["appVersion"] == chart["version"] == __version__
