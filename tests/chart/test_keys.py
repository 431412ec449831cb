"""The keys that sign marks and the record, and the job that deletes old records: rendered, refused, started here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ordinance.settings.sources import load as settings_of
from support import records
from support.bundles import write_keys
from support.chart import SHAPES, RefusedError, Rendered, peers, render, tool
from support.pod import can_be_made, line, started
from support.serving import PATIENCE, ScriptedUpstream, say
from support.shape_pods import BIN, USER, Pod
from support.waiting import until

pytestmark = pytest.mark.server

needs_root = pytest.mark.skipif(bool(can_be_made()), reason=can_be_made())

PATH = "/var/log/ordinance/audit.jsonl"
KEYS = {
    "secrets": {"mark": {"secret": "mark-key", "key": "pem"}, "audit": {"secret": "record-key", "key": "pem"}},
    "settings": {"jurisdiction": "DE", "mark": {"provider": "Town hall"}, "audit": {"path": PATH}},
}
VOLUME = {
    "extraVolumes": [{"name": "record", "persistentVolumeClaim": {"claimName": "record"}}],
    "extraVolumeMounts": [{"name": "record", "mountPath": "/var/log/ordinance"}],
}
STORE = {"secret": "record-database", "key": "writer"}
PRUNER = {"secret": "record-database", "key": "pruner"}


def laid_over(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(values))
    for name, value in changes.items():
        place = made
        *path, last = name.split("__")
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return made


def job_of(rendered: Rendered) -> dict[str, Any]:
    found: dict[str, Any] = rendered.one("CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_keys_are_files_that_the_server_alone_may_read(shape: str, tmp_path: Path) -> None:
    rendered = render(shape, KEYS)
    (volume,) = (each for each in rendered.pod["volumes"] if each["name"] == "secrets")
    assert volume["projected"]["defaultMode"] == 0o440
    assert [each["secret"] for each in volume["projected"]["sources"]] == [
        {"name": "mark-key", "items": [{"key": "pem", "path": "mark", "mode": 0o440}]},
        {"name": "record-key", "items": [{"key": "pem", "path": "audit", "mode": 0o440}]},
    ]
    (mount,) = (each for each in rendered.container("ordinance")["volumeMounts"] if each["name"] == "secrets")
    assert mount == {"name": "secrets", "mountPath": "/etc/ordinance-secrets", "readOnly": True}
    assert "mark-key" not in rendered.one("ConfigMap")["data"]["ordinance.yaml"]
    (tmp_path / "ordinance.yaml").write_text(rendered.one("ConfigMap")["data"]["ordinance.yaml"], "utf-8")
    settings = settings_of(file=tmp_path / "ordinance.yaml")
    assert settings.mark is not None
    assert settings.audit is not None
    assert str(settings.mark.key_file) == "/etc/ordinance-secrets/mark"
    assert (str(settings.audit.key_file), str(settings.audit.path)) == ("/etc/ordinance-secrets/audit", PATH)
    if shape == "envoy":
        assert "secrets" not in {each["name"] for each in rendered.container("envoy")["volumeMounts"]}


def test_without_keys_there_is_no_volume_of_secrets() -> None:
    assert "secrets" not in {each["name"] for each in render("gateway").pod["volumes"]}
    assert "CronJob" not in {each["kind"] for each in render("gateway").manifests}


def test_the_address_of_a_database_is_a_variable_and_in_no_manifest() -> None:
    values = laid_over(KEYS, {"settings__audit": {}, "secrets__auditStore": STORE, "retention": {"enabled": True}})
    values["retention"]["store"] = PRUNER
    rendered = render("gateway", values)
    container = rendered.container("ordinance")
    (job,) = job_of(rendered)["spec"]["containers"]
    for each, key in ((container, "writer"), (job, "pruner")):
        (found,) = (variable for variable in each["env"] if variable["name"] == "ORDINANCE_AUDIT__STORE")
        assert found["valueFrom"]["secretKeyRef"] == {"name": "record-database", "key": key}
    assert "store" not in rendered.settings["audit"]


@pytest.mark.parametrize(
    "changes",
    [
        {"secrets__mark__key": ""}, {"secrets__audit__key": ""}, {"secrets__mark__mode": 0o777},
        {"settings__mark": {}}, {"settings__audit": {}}, {"settings__audit": PATH}, {"secrets__auditStore": STORE},
        {"secrets__audit": {"secret": "", "key": ""}, "retention__enabled": True},
        {"settings__audit": {"store": "postgresql://u@db/r"}, "retention__enabled": True},
        {"retention__enabled": True, "retention__store": PRUNER},
        {"retention__enabled": True, "retention__olderThan": "a while"},
        {"retention__enabled": True, "retention__schedule": "daily"},
        {"retention__enabled": True, "retention__keep": "30d"},
    ],
    ids=lambda changes: "+".join(changes),
)  # fmt: skip
def test_what_would_not_start_or_not_delete_is_refused(changes: dict[str, Any]) -> None:
    render("gateway", laid_over(KEYS, {"retention__enabled": True, **VOLUME}))
    with pytest.raises(RefusedError):
        render("gateway", laid_over(KEYS, changes))


def test_the_job_is_confined_reaches_nothing_and_gets_no_requests() -> None:
    rendered = render("gateway", laid_over(KEYS, {"retention__enabled": True, "retention__olderThan": "30d", **VOLUME}))
    template = job_of(rendered)
    pod = template["spec"]
    (container,) = pod["containers"]
    server = rendered.container("ordinance")
    assert container["command"][-2:] == ["--older-than", "30d"]
    for name in ("securityContext", "image"):
        assert container[name] == server[name]
    for name in ("securityContext", "automountServiceAccountToken", "enableServiceLinks", "serviceAccountName"):
        assert pod[name] == rendered.pod[name]
    mounts = {each["name"]: each for each in container["volumeMounts"]}
    assert mounts["settings"]["readOnly"] is mounts["secrets"]["readOnly"] is True
    assert mounts["record"]["mountPath"] == "/var/log/ordinance"
    (secret,) = (each["secret"] for each in pod["volumes"] if each["name"] == "secrets")
    assert secret["items"] == [{"key": "pem", "path": "audit"}], "not the key that marks"
    labels = template["metadata"]["labels"]
    for kind in ("Service", "Deployment", "PodDisruptionBudget"):
        spec = rendered.one(kind)["spec"]
        selector = spec["selector"] if kind == "Service" else spec["selector"]["matchLabels"]
        assert not selector.items() <= labels.items(), f"the {kind} would count it in"
    (policy,) = (
        each["spec"]
        for each in rendered.manifests
        if each["kind"] == "NetworkPolicy" and each["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    )
    assert (policy["policyTypes"], policy["ingress"], policy["egress"]) == (["Ingress", "Egress"], [], [])
    assert rendered.one("CronJob")["spec"]["concurrencyPolicy"] == "Forbid"


def test_the_job_reaches_what_further_rules_allow() -> None:
    database = {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}
    rendered = render("vllm", laid_over(KEYS, {"retention__enabled": True, "network__egress": [database], **VOLUME}))
    (policy,) = (
        each["spec"]
        for each in rendered.manifests
        if each["kind"] == "NetworkPolicy" and each["metadata"]["name"].endswith("-retention")
    )
    assert [ports for _, ports in peers(policy["egress"], "to")] == [[53, 53], [5432]]


def test_kubernetes_and_checkov_take_it(tmp_path: Path) -> None:
    for shape in SHAPES:
        values = laid_over(KEYS, {"retention__enabled": True, **VOLUME})
        (tmp_path / f"{shape}.yaml").write_text(render(shape, values).text, "utf-8")
    for version in ("1.30", "1.37"):
        done = tool("kubernetes-validate", "--strict", "-k", version, *tmp_path.iterdir(), check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (done.stdout + done.stderr).count(" passed for resource ") >= 8 * len(SHAPES)
    words = ["--framework", "kubernetes", "--compact", "--quiet", "--skip-download"]
    done = tool("checkov", "-d", tmp_path, *words, "--skip-check", "CKV_K8S_11,CKV_K8S_35", check=False)
    assert done.returncode == 0, done.stdout[-4000:]


@needs_root
def test_a_pod_marks_and_chains_with_its_keys_and_the_job_deletes(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    upstream.script = say("Good day.")
    (mark,), (audit,) = (write_keys(tmp_path, name)[:1] for name in ("mark", "record"))
    record = tmp_path / "claim"
    record.mkdir()
    os.chown(record, USER, USER)
    secrets = {"secrets": {"mark": mark.read_bytes(), "audit": audit.read_bytes()}}
    values = laid_over(KEYS, {"retention__enabled": True, "retention__olderThan": "1m", **VOLUME})
    pod = Pod(tmp_path / "volumes", "gateway", upstream.url, secrets, {"record": record}, **values)
    log = record / "audit.jsonl"
    with started(pod.container("ordinance"), pod.volumes, tmp_path / "place", user=USER, programs=BIN) as process:
        line(process, "listening on")
        answer = pod.ask().json()
        until(lambda: log.exists() and b'"event":"end"' in log.read_bytes())
        process.terminate()
        process.wait(PATIENCE)
    assert answer["ordinance"]["signature"], "not marked"
    (tmp_path / "audit.jsonl").write_bytes(log.read_bytes())
    (tmp_path / "audit.jsonl.head").write_bytes((record / "audit.jsonl.head").read_bytes())
    assert records.codes(records.verified(tmp_path / "audit.jsonl")) == set()
    (container,) = job_of(pod.rendered)["spec"]["containers"]
    later = {**container, "command": [*container["command"][:-2], "--before", "2100-01-01"]}
    for number, (job, deleted) in enumerate(((container, "0 records deleted"), (later, "1 records deleted"))):
        with started(job, pod.volumes, tmp_path / f"job{number}", user=USER, programs=BIN) as process:
            assert f"{PATH}: {deleted}" in line(process, "deleted")
            assert process.wait(PATIENCE) == 0
    assert b'"event":"end"' not in log.read_bytes()
    assert log.stat().st_uid == USER
