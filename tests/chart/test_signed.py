"""A chart whose policy is a signed bundle: what is rendered, what is refused, and that only that policy starts."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.settings.sources import load as settings_of
from support.bundles import ROOT, SIGNERS, Office
from support.bundles import signed as signed_by
from support.chart import SHAPES, RefusedError, render, tool
from support.checkout import ROOT as CHECKOUT
from support.commands import run_here
from support.pod import can_be_made, line, started
from support.serving import PATIENCE, ScriptedUpstream, say
from support.shape_pods import BIN, ENVOY, USER, Pod
from support.waiting import until

pytestmark = pytest.mark.server

needs_root = pytest.mark.skipif(bool(can_be_made()), reason=can_be_made())
needs_envoy = pytest.mark.skipif(not (ENVOY / "envoy").exists(), reason="no Envoy: make ready-envoy")

DIGEST = "1" * 64


def values(secret: str = "policy-1", expect: str = DIGEST, **bundle: Any) -> dict[str, Any]:
    """What an operator adds to the file of a shape."""
    of_bundle = {
        "root": ROOT.decode(),
        "volume": {"secret": {"secretName": secret}},
        "state": {"persistentVolumeClaim": {"claimName": "ordinance-state"}},
        **bundle,
    }
    return {"settings": {"jurisdiction": "XA", "locale": "en"}, "policy": {"bundle": of_bundle, "expect": expect}}


# rendered


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_but_the_bundle_is_applied_and_it_must_be_signed(shape: str, tmp_path: Path) -> None:
    rendered = render(shape, values())
    config = rendered.one("ConfigMap")["data"]
    assert config["root.json"].encode() == ROOT, "byte for byte, as its people signed it"
    file = tmp_path / "ordinance.yaml"
    file.write_text(config["ordinance.yaml"], "utf-8")
    settings = settings_of(file=file)
    assert settings.trust is not None
    assert (settings.trust.required, settings.expect) == (True, DIGEST)
    assert settings.packs == [Path("/etc/ordinance-policy/policy.bundle")]
    assert settings.trust.root == tmp_path / "root.json"
    mounts = {each["name"]: each for each in rendered.container("ordinance")["volumeMounts"]}
    assert mounts["policy"] == {"name": "policy", "mountPath": "/etc/ordinance-policy", "readOnly": True}
    assert mounts["state"]["mountPath"] == str(settings.trust.state.parent if settings.trust.state else "")
    assert "readOnly" not in mounts["state"]
    items = next(each for each in rendered.pod["volumes"] if each["name"] == "settings")["configMap"]["items"]
    assert {"key": "root.json", "path": "root.json"} in items
    assert "policy.bundle" not in rendered.notes


def test_without_one_the_notes_say_so() -> None:
    assert "nobody's signature is needed" in render("gateway").notes


def test_kubernetes_and_checkov_take_it(tmp_path: Path) -> None:
    for shape in SHAPES:
        (tmp_path / f"{shape}.yaml").write_text(render(shape, values()).text, "utf-8")
    done = tool("kubernetes-validate", "--strict", "-k", "1.30", *tmp_path.iterdir(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    words = ["--framework", "kubernetes", "--compact", "--quiet", "--skip-download"]
    done = tool("checkov", "-d", tmp_path, *words, "--skip-check", "CKV_K8S_11,CKV_K8S_35", check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def _changed(**changes: Any) -> dict[str, Any]:
    made = values()
    for name, value in changes.items():
        place: dict[str, Any] = made
        *path, last = name.split("__")
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return made


@pytest.mark.parametrize(
    "changes",
    [
        {"policy__bundle__root": ""}, {"policy__bundle__volume": {}}, {"policy__bundle__state": {}},
        {"policy__expect": ""}, {"policy__packs": {"house.ord": "x"}}, {"policy__volume": {"emptyDir": {}}},
        {"settings__packs": ["packs"]}, {"settings__trust": {"root": "root.json", "required": False}},
        {"policy__bundle__file": "../policy.bundle"}, {"settings__ext_proc": {"listen": "0.0.0.0:9002"}},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_what_would_let_another_policy_in_is_refused(changes: dict[str, Any]) -> None:
    render("gateway", _changed())
    with pytest.raises(RefusedError):
        render("gateway", _changed(**changes))


def test_another_bundle_is_a_rolling_upgrade_that_stops_at_the_first_pod() -> None:
    def deployed(**changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = render("gateway", values(**changes)).one("Deployment")["spec"]
        return found

    def config(found: dict[str, Any]) -> str:
        volumes = found["template"]["spec"]["volumes"]
        return str(next(each["configMap"]["name"] for each in volumes if each["name"] == "settings"))

    first, second = deployed(), deployed(secret="policy-2", expect="2" * 64)
    assert config(first) != config(second), "pods that still run keep the digest that they have"
    assert first["template"] != deployed(secret="policy-2")["template"], "the name of the Secret is enough"
    assert first["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


# started


@cache
def digest_of(bundle: bytes, folder: Path) -> str:
    """What `ordinance check` prints of a bundle, as an operator copies it."""
    file = folder / "policy.bundle"
    file.write_bytes(bundle)
    done = run_here("check", file)
    return next(word for word in done.stdout.replace(",", " ").split() if len(word) == 64 and word.isalnum())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A claim, as a kubelet gives it to the pod's group."""
    made = tmp_path / "claim"
    made.mkdir()
    os.chown(made, USER, USER)
    return made


@pytest.fixture
def pod(tmp_path: Path, upstream: ScriptedUpstream, state: Path) -> Callable[..., Pod]:
    made: list[Pod] = []

    def make(bundle: bytes, expect: str, shape: str = "gateway") -> Pod:
        secrets = {"policy": {"policy.bundle": bundle}}
        place = tmp_path / f"pod{len(made)}"
        made.append(Pod(place, shape, upstream.url, secrets, {"state": state}, **values(expect=expect)))
        return made[-1]

    return make


@needs_root
def test_a_pod_applies_its_bundle_a_newer_one_and_never_again_an_older(
    tmp_path: Path, upstream: ScriptedUpstream, state: Path, pod: Callable[..., Pod]
) -> None:
    office = Office(tmp_path / "office")
    first = office.bundle()
    office.change("a further example phrase")
    second = office.bundle(first)
    digests = [digest_of(each, tmp_path) for each in (first, second)]
    upstream.script = say("Good day. Here is a further example phrase. Bye.")
    for number, bundle in enumerate((first, second)):
        made = pod(bundle, digests[number])
        with started(
            made.container("ordinance"), made.volumes, tmp_path / f"place{number}", user=USER, programs=BIN
        ) as process:
            assert digests[number][:16] in line(process, "listening on")
            url = f"http://127.0.0.1:{made.port}/ready"
            state_of = httpx2.get(url, timeout=PATIENCE, trust_env=False).json()
            assert state_of["bundle"]["version"] == number + 1
            assert ("further example" in made.ask().text) is (number == 0)
        assert (state / "trust.json").stat().st_uid == USER
    again = pod(first, digests[0])
    with started(again.container("ordinance"), again.volumes, tmp_path / "again", user=USER, programs=BIN) as process:
        assert "version 2 was applied here" in line(process, "error[bundle-older]")
        assert process.wait(PATIENCE) == 1


@needs_root
@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (lambda office, _: office.draft(), "error[bundle-signatures]"),
        (lambda office, _: signed_by(office.draft(), *SIGNERS[:-2]), "error[bundle-signatures]"),
        (lambda _, bundle: bundle[:-9], "error[bundle-archive]"),
        (lambda _, bundle: bundle, "error[policy]"),
    ],
    ids=["unsigned", "by too few", "cut", "another digest than the release's"],
)
def test_a_pod_with_anything_else_does_not_start(
    tmp_path: Path, pod: Callable[..., Pod], state: Path, spoiled: Callable[[Office, bytes], bytes], said: str
) -> None:
    office = Office(tmp_path / "office")
    bundle = office.bundle()
    expect = "0" * 64 if said == "error[policy]" else digest_of(bundle, tmp_path)
    made = pod(spoiled(office, bundle), expect)
    with started(made.container("ordinance"), made.volumes, tmp_path / "place", user=USER, programs=BIN) as process:
        line(process, said)
        assert process.wait(PATIENCE) in (1, 2)
    assert not (state / "trust.json").exists(), "nothing was applied"


@needs_root
@needs_envoy
def test_beside_an_envoy_the_same(tmp_path: Path, upstream: ScriptedUpstream, pod: Callable[..., Pod]) -> None:
    office = Office(tmp_path / "office")
    office.change("a further example phrase")
    bundle = office.bundle()
    upstream.script = say("Good day. Here is a further example phrase. Bye.")
    made = pod(bundle, digest_of(bundle, tmp_path), "envoy")
    with (
        started(made.container("envoy"), made.volumes, tmp_path / "envoy", user=USER, programs=ENVOY, heard=False),
        started(
            made.container("ordinance"), made.volumes, tmp_path / "ordinance", user=USER, programs=ENVOY
        ) as process,
    ):
        until(lambda: made.answers(200), seconds=60)
        assert "further example" not in made.ask().text
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(made.rendered.pod["terminationGracePeriodSeconds"]) == 0


def test_the_images_can_verify() -> None:
    """The library for signatures is an extra of the wheel."""
    for file in (CHECKOUT / "deploy" / "container").glob("*.Containerfile"):
        assert "trust]" in file.read_text("utf-8"), file.name
