"""Several pools behind one gateway of the chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ordinance.settings.sources import load as settings_of
from support.chart import RefusedError, render

pytestmark = pytest.mark.server

POOLS: dict[str, Any] = {
    "settings": {
        "jurisdiction": "DE",
        "upstreams": {
            "large": {"url": "http://large:8000", "models": ["llama-70b"], "fallback": "llama-8b"},
            "small": {"url": "http://small:8000", "models": ["llama-8b"]},
        },
    },
    "upstream": {"host": "", "to": []},
    "secrets": {"serverKey": {"secret": "", "key": ""}},
    "network": {"egress": [{"to": [{"podSelector": {"matchLabels": {"app": "vllm"}}}], "ports": [{"port": 8000}]}]},
}


def test_the_gateway_gets_the_pools_by_name_and_reaches_what_the_operator_names(tmp_path: Path) -> None:
    rendered = render("gateway", POOLS)
    (tmp_path / "ordinance.yaml").write_text(rendered.one("ConfigMap")["data"]["ordinance.yaml"])
    settings = settings_of(file=tmp_path / "ordinance.yaml")
    assert settings.upstream is None
    assert {name: each.models for name, each in settings.upstreams.items()} == {
        "large": ["llama-70b"], "small": ["llama-8b"],
    }  # fmt: skip
    named = [each["name"] for each in rendered.container("ordinance").get("env", ())]
    assert not [each for each in named if each.startswith("ORDINANCE_UPSTREAM")]
    egress = rendered.one("NetworkPolicy")["spec"]["egress"]
    assert POOLS["network"]["egress"][0] in egress
    assert not [each for each in egress if {"port": 8000, "protocol": "TCP"} in each["ports"]]


@pytest.mark.parametrize(
    ("shape", "changes"),
    [
        ("gateway", {"upstream": {"host": "vllm", "to": []}}),
        ("gateway", {"network": {"egress": []}}),
        ("gateway", {"secrets": {"serverKey": {"secret": "key", "key": "key"}}}),
        ("envoy", {"upstream": {"host": "vllm", "to": [{"podSelector": {}}]}}),
        ("vllm", {}),
    ],
)
def test_values_that_contradict_each_other_are_refused(shape: str, changes: dict[str, Any]) -> None:
    assert shape != "gateway" or render(shape, POOLS)
    with pytest.raises(RefusedError):
        render(shape, {**POOLS, **changes})
