"""What the doctor reads in an Envoy's configuration: everything by which an answer would go round Ordinance."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ordinance.doctor.envoy_config import examined
from ordinance.doctor.findings import State
from support.checkout import ROOT
from support.commands import run_here

SHIPPED = ROOT / "deploy" / "envoy" / "envoy.yaml"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http"
Config = dict[str, Any]


def shipped() -> Config:
    read: Config = yaml.safe_load(SHIPPED.read_text("utf-8"))
    return read


def manager(config: Config) -> Config:
    found: Config = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def settings(config: Config) -> Config:
    found: Config = manager(config)["http_filters"][0]["typed_config"]
    return found


def host(config: Config) -> Config:
    found: Config = manager(config)["route_config"]["virtual_hosts"][0]
    return found


def opened(config: Any, name: str = "ordinance", model: str = "") -> list[str]:
    return [each.what for each in examined(config, name, model) if each.state is State.OPEN]


def test_nothing_is_open_in_what_ships() -> None:
    findings = list(examined(shipped(), "ordinance"))
    assert [each for each in findings if each.state is not State.WELL] == []
    assert findings


def _second_listener(config: Config) -> None:
    listeners = config["static_resources"]["listeners"]
    listeners.append(copy.deepcopy(listeners[0]))
    del listeners[1]["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"][0]


def _per_route(place: Callable[[Config], Config], **said: Any) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        per_route = {"@type": f"{_TYPE}.ext_proc.v3.ExtProcPerRoute", **said}
        place(config)["typed_per_filter_config"] = {"ordinance": per_route}

    return change


def _generic(config: Config) -> None:
    off = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    host(config)["routes"][0]["typed_per_filter_config"] = {"ordinance": off}


WAYS_ROUND: dict[str, tuple[Callable[[Config], None], str]] = {
    "no filter": (lambda c: manager(c)["http_filters"].pop(0), "nothing is governed"),
    "a second listener": (_second_listener, "nothing is governed"),
    "fails open": (lambda c: settings(c).update(failure_mode_allow=True), "failure_mode_allow"),
    "only watches": (lambda c: settings(c).update(observability_mode=True), "observability_mode"),
    "headers": (lambda c: settings(c).pop("mutation_rules"), "x-envoy-"),
    "off by default": (lambda c: manager(c)["http_filters"][0].update(disabled=True), "switched off"),
    "no answers": (lambda c: settings(c)["processing_mode"].pop("response_body_mode"), "response_body_mode: NONE"),
    "answers in pieces": (
        lambda c: settings(c)["processing_mode"].update(response_body_mode="STREAMED"), "response_body_mode: STREAMED",
    ),
    "no heads": (lambda c: settings(c)["processing_mode"].update(response_header_mode="SKIP"), "response_header_mode"),
    "off on a route": (_per_route(lambda c: host(c)["routes"][0], disabled=True), "switched off"),
    "off on a host": (_per_route(host, disabled=True), "switched off"),
    "off on the table": (_per_route(lambda c: manager(c)["route_config"], disabled=True), "switched off"),
    "off by a general filter config": (_generic, "switched off"),
    "fails open on a route": (
        _per_route(lambda c: host(c)["routes"][0], overrides={"failure_mode_allow": True}), "failure_mode_allow",
    ),
    "no bodies on a route": (
        _per_route(lambda c: host(c)["routes"][0], overrides={"processing_mode": {"request_body_mode": "NONE"}}),
        "request_body_mode",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS_ROUND)
def test_each_way_round_is_found(way: str) -> None:
    change, sign = WAYS_ROUND[way]
    config = shipped()
    change(config)
    assert any(sign in each for each in opened(config)), opened(config)


def test_what_a_control_plane_sent_is_read_in_a_dump() -> None:
    """A dump has listeners and tables of routes apart, each wrapped; the table is named."""
    config = shipped()
    table = manager(config).pop("route_config")
    manager(config)["rds"] = {"route_config_name": "models", "config_source": {"ads": {}}}
    table["name"] = "models"
    route = table["virtual_hosts"][0]["routes"][0]
    listener = config["static_resources"]["listeners"][0]
    dump = {
        "configs": [
            {"dynamic_listeners": [{"active_state": {"listener": listener}}]},
            {"dynamic_route_configs": [{"route_config": table}]},
        ]
    }
    assert opened(dump) == []
    off = {"@type": f"{_TYPE}.ext_proc.v3.ExtProcPerRoute", "disabled": True}
    route["typed_per_filter_config"] = {"ordinance": off}
    assert opened(dump) == ["Ordinance's filter is switched off"]


def test_a_filter_that_is_off_by_default_is_on_where_a_route_switches_it_on() -> None:
    """So Envoy Gateway writes it."""
    config = shipped()
    manager(config)["http_filters"][0]["disabled"] = True
    on = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}
    routes = host(config)["routes"]
    routes[0]["typed_per_filter_config"] = {"ordinance": on}
    assert opened(config) == []
    routes.append({"match": {"prefix": "/other"}, "route": {"cluster": "models", "timeout": "0s"}})
    findings = [each for each in examined(config, "ordinance") if each.state is State.OPEN]
    assert [each.part for each in findings] == ["models, route 2"]


def test_fields_may_be_written_as_other_tools_write_them() -> None:
    """`istioctl` and protobuf's own JSON write `httpFilters`."""

    def camel(value: Any) -> Any:
        if isinstance(value, dict):
            return {re.sub(r"_([a-z])", lambda found: found[1].upper(), k): camel(v) for k, v in value.items()}
        return [camel(each) for each in value] if isinstance(value, list) else value

    config = shipped()
    assert opened(camel(config)) == []
    settings(config)["failure_mode_allow"] = True
    assert len(opened(camel(config))) == 1


def test_a_listener_that_does_not_route_to_the_model_server_needs_no_filter() -> None:
    config = shipped()
    _second_listener(config)
    other = config["static_resources"]["listeners"][1]["filter_chains"][0]["filters"][0]["typed_config"]
    other["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["cluster"] = "pages"
    assert len(opened(config)) == 1
    assert opened(config, model="models") == []


def test_the_filter_may_have_any_name_if_its_cluster_has_ours() -> None:
    config = shipped()
    manager(config)["http_filters"][0]["name"] = "envoy.filters.http.ext_proc/7"
    assert opened(config) == []
    settings(config)["grpc_service"]["envoy_grpc"]["cluster_name"] = "picker"
    assert len(opened(config)) == 1
    assert opened(config, "picker") == []


def test_a_route_that_ends_long_answers_is_told() -> None:
    config = shipped()
    del host(config)["routes"][0]["route"]["timeout"]
    told = [each for each in examined(config, "ordinance") if each.state is State.UNTRIED]
    assert [each.what for each in told] == ["no `timeout`: Envoy ends every answer after 15 s"]


def test_the_command(tmp_path: Path) -> None:
    done = run_here("doctor", "--envoy", SHIPPED)
    assert (done.returncode, "nothing is open" in done.stdout) == (0, True)
    config = shipped()
    settings(config)["failure_mode_allow"] = True
    changed = tmp_path / "envoy.json"
    changed.write_text(json.dumps(config), "utf-8")
    done = run_here("doctor", "--envoy", changed, "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["open"]) == (1, 1)


@pytest.mark.parametrize("content", [b"a: [", b"\xff", b"a: b: c"])
def test_a_file_that_cannot_be_read_is_told_with_its_place(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "envoy.yaml"
    file.write_bytes(content)
    done = run_here("doctor", "--envoy", file)
    assert done.returncode == 2
    assert str(file) in done.stderr
    assert run_here("doctor", "--envoy", tmp_path / "none").returncode == 2
    assert run_here("doctor").returncode == 2
    assert run_here("doctor", "http://127.0.0.1:1", "--envoy", file).returncode == 2


@pytest.mark.parametrize(
    ("address", "secured", "said"),
    [("127.0.0.1", False, False), ("::1", False, False), ("ordinance.svc", False, True), ("10.0.0.7", True, False)],
)
def test_a_connection_to_ordinance_that_others_can_read_is_named(address: str, secured: bool, said: bool) -> None:
    config = shipped()
    cluster = next(each for each in config["static_resources"]["clusters"] if each["name"] == "ordinance")
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    endpoint["address"]["socket_address"]["address"] = address
    if secured:
        cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls"}
    findings = [each for each in examined(config, "ordinance") if "no TLS" in each.what]
    assert [each.state for each in findings] == ([State.UNTRIED] if said else [])
