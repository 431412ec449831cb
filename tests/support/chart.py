"""The chart as its users render it: a shape's file of values, with what a test changes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from support.checkout import ROOT

CHART = ROOT / "deploy" / "chart"
ENVIRONMENT = ROOT / ".venv" / "chart"
SHAPES = ("gateway", "vllm", "envoy")
#: How long a program of the environment may take, in seconds; the machine may be busy.
PATIENCE = 300.0


class RefusedError(Exception):
    """Helm does not render these values; the message is Helm's."""


@dataclass(frozen=True)
class Rendered:
    """``lint`` is what Helm's linter says; ``text`` the manifests as one stream of YAML, ``notes`` what is printed."""

    lint: Mapping[str, Any]
    text: str
    notes: str

    @property
    def manifests(self) -> list[dict[str, Any]]:
        return [each for each in yaml.safe_load_all(self.text) if each]

    def one(self, kind: str) -> dict[str, Any]:
        (found,) = (each for each in self.manifests if each["kind"] == kind)
        return found

    @property
    def pod(self) -> dict[str, Any]:
        found: dict[str, Any] = self.one("Deployment")["spec"]["template"]["spec"]
        return found

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.pod.get("initContainers", ()), *self.pod["containers"]]

    def container(self, name: str) -> dict[str, Any]:
        (found,) = (each for each in self.containers if each["name"] == name)
        return found

    @property
    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.one("ConfigMap")["data"]["ordinance.yaml"])
        return found


def render(shape: str, changes: Mapping[str, Any] | None = None) -> Rendered:
    """Render the shape with ``changes`` laid over its file. Raises ``RefusedError``."""
    return _rendered(shape, json.dumps(changes or {}))


@cache
def _rendered(shape: str, changes: str) -> Rendered:
    with TemporaryDirectory() as folder:
        more = Path(folder) / "changes.yaml"
        more.write_text(changes, "utf-8")
        said = json.loads(tool("python", ROOT / "tests" / "chart" / "helm.py", CHART, _values(shape), more).stdout)
    if "error" in said:
        raise RefusedError(said["error"])
    manifests = {Path(name).name: text for name, text in said["manifests"].items()}
    notes = manifests.pop("NOTES.txt", "")
    return Rendered(said["lint"], "\n---\n".join(manifests.values()), notes)


def _values(shape: str) -> Path:
    return CHART / "shapes" / f"{shape}.yaml"


def tool(*words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program of the chart's environment; what it prints to standard error is for people."""
    program, *rest = words
    command = [ENVIRONMENT / "bin" / program, *rest]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=check)


def peers(rules: Iterable[Mapping[str, Any]], side: str) -> list[tuple[Any, list[Any]]]:
    """What a NetworkPolicy's rules allow: who, and at which ports."""
    return [(rule.get(side), [port["port"] for port in rule.get("ports", ())]) for rule in rules]
