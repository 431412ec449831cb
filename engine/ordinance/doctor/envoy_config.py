"""Whether an Envoy's configuration lets an answer past Ordinance: read, not tried.

Takes the file that Envoy starts with, or what its admin interface shows at ``/config_dump``, which also has what a
control plane sent (Istio, Envoy Gateway, kgateway). Every listener for HTTP in it is looked at, however deep it lies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.settings.model import is_loopback

LISTENERS, FILTER, ROUTES = "listeners", "ext_proc filter", "routes"
_MANAGER = "network.http_connection_manager.v3.HttpConnectionManager"
_PROCESSOR = "http.ext_proc.v3.ExternalProcessor"
#: For each mode: what it must be, as a word or as a number, and what it is where it is not written.
_HEADERS = ("SEND", "DEFAULT", 0, 1)
_MODES: dict[str, tuple[tuple[str | int, ...], str]] = {
    "request_header_mode": (_HEADERS, "SEND"),
    "response_header_mode": (_HEADERS, "SEND"),
    "request_body_mode": (("FULL_DUPLEX_STREAMED", 4), "NONE"),
    "response_body_mode": (("FULL_DUPLEX_STREAMED", 4), "NONE"),
    "request_trailer_mode": (("SEND", 1), "SKIP"),
    "response_trailer_mode": (("SEND", 1), "SKIP"),
}
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")

Node = dict[str, Any]


def examined(config: Any, name: str, model: str = "") -> Iterator[Finding]:
    """Examine ``config``. ``name`` is a part of the name of Ordinance's filter, or of the cluster that it calls;
    ``model`` a part of the name of the model server's cluster: what does not route to it is not looked at."""
    config = _named_as_envoy_does(config)
    managers = [node for node in _nodes(config) if str(node.get("@type", "")).endswith(_MANAGER)]
    tables = [node for node in _nodes(config) if "virtual_hosts" in node]
    clusters = {str(node["name"]): node for node in _nodes(config) if "name" in node and _is_cluster(node)}
    if not managers:
        yield untried(LISTENERS, "none", "the file has no listener for HTTP", "Give Envoy's own file or /config_dump.")
    for number, manager in enumerate(managers):
        subject = str(manager.get("stat_prefix") or f"listener {number + 1}")
        routes = [each for table in _tables_of(manager, tables) for each in _routes_in(table)]
        if model:
            routes = [each for each in routes if model in str(each.action)]
            if not routes:
                yield well(LISTENERS, subject, f"does not route to {model}")
                continue
        yield from _listener(manager, routes, subject, name, clusters)


@dataclass(frozen=True, slots=True)
class _Route:
    """A route: its name, where it leads, and what it, its host and its table say of filters, the nearest first."""

    name: str
    action: Node
    said: tuple[Node, ...]

    def of(self, filter_name: str) -> Node:
        """Return what is said of one filter."""
        return next((each[filter_name] for each in self.said if isinstance(each.get(filter_name), dict)), {})


def _listener(
    manager: Node, routes: list[_Route], subject: str, name: str, clusters: dict[str, Node]
) -> Iterator[Finding]:
    filters = [each for each in _list(manager.get("http_filters")) if isinstance(each, dict)]
    ours = [each for each in filters if _is_processor(each) and name in str(each)]
    if not ours:
        yield is_open(
            LISTENERS, subject, f"no ext_proc filter whose name or cluster contains '{name}': nothing is governed",
            "Add the filter as in deploy/envoy/envoy.yaml, or name it with --filter.",
        )  # fmt: skip
        return
    for each in ours:
        yield from _filter(each["typed_config"], subject)
        yield from _connection(each["typed_config"], subject, clusters)
    before = [str(each.get("name")) for each in filters[: filters.index(ours[0])]]
    if before:
        yield untried(
            FILTER, subject, f"filters stand before it and see governed answers last: {', '.join(before)}",
            "They must not change the body of a request or an answer, nor answer from a cache.",
        )  # fmt: skip
    for route in routes:
        yield from _route(route, ours, subject)


def _filter(settings: Node, subject: str) -> Iterator[Finding]:
    found = [
        is_open(FILTER, subject, what, help)
        for wrong, what, help in (
            (
                settings.get("failure_mode_allow"),
                "`failure_mode_allow: true`: without Ordinance, answers pass ungoverned",
                "Write `failure_mode_allow: false`.",
            ),
            (
                settings.get("observability_mode"),
                "`observability_mode: true`: Envoy does not wait for what Ordinance says",
                "Remove it.",
            ),
            (
                not _table(settings.get("mutation_rules")).get("allow_envoy"),
                "headers of the model server that begin with `x-envoy-` pass, with whatever they contain",
                "Write `mutation_rules: {allow_envoy: true}`.",
            ),
            (settings.get("http_service"), "`http_service` cannot stream bodies", "Use `grpc_service`."),
        )
        if wrong
    ]
    found += _modes(_table(settings.get("processing_mode")), FILTER, subject)
    yield from found
    if not found:
        yield well(FILTER, subject, "is there, and fails closed")


def _connection(settings: Node, subject: str, clusters: dict[str, Node]) -> Iterator[Finding]:
    """Look at how Envoy reaches Ordinance: whoever is on the way reads what was asked and answered."""
    called = _table(_table(settings.get("grpc_service")).get("envoy_grpc"))
    cluster = clusters.get(str(called.get("cluster_name")), {})
    hosts = [
        str(node["address"]) for node in _nodes(cluster.get("load_assignment")) if isinstance(node.get("address"), str)
    ]
    if any(not is_loopback(host) for host in hosts) and "transport_socket" not in cluster:
        yield untried(
            FILTER, subject, f"the connection to Ordinance, cluster {called.get('cluster_name')}, has no TLS",
            "Add `transport_socket` as in docs/envoy.md, unless a mesh encrypts it.",
        )  # fmt: skip


def _modes(modes: Node, check: str, subject: str, part: str = "") -> Iterator[Finding]:
    for name, (wanted, default) in _MODES.items():
        mode = modes.get(name, default)
        if mode not in wanted:
            yield is_open(check, subject, f"`{name}: {mode}`", f"Write `{name}: {wanted[0]}`.", part)


def _route(route: _Route, ours: list[Node], subject: str) -> Iterator[Finding]:
    """Look at what holds for Ordinance's filter on one route."""
    on = [each for each in ours if _is_on(route.of(str(each.get("name"))), each)]
    if not on:
        yield is_open(
            ROUTES, subject, "Ordinance's filter is switched off",
            "Remove `disabled`, or attach the policy to the whole listener.", route.name,
        )  # fmt: skip
    for each in on:
        said = route.of(str(each.get("name")))
        overrides = _table(said.get("overrides") or _table(said.get("config")).get("overrides"))
        if overrides.get("failure_mode_allow"):
            yield is_open(ROUTES, subject, "`failure_mode_allow: true` here", "Remove the override.", route.name)
        if overrides.get("processing_mode"):
            yield from _modes(_table(overrides["processing_mode"]), ROUTES, subject, route.name)
        if overrides.get("grpc_service"):
            yield untried(ROUTES, subject, "another service is called", "It must be an Ordinance.", route.name)
    if "timeout" not in route.action:
        yield untried(
            ROUTES, subject, "no `timeout`: Envoy ends every answer after 15 s", "Write `timeout: 0s`.", route.name
        )


def _is_on(said: Node, found: Node) -> bool:
    """Return whether a filter runs where ``said`` is said of it: one that is off by default must be switched on."""
    if said.get("disabled") or _table(said.get("config")).get("disabled"):
        return False
    return not found.get("disabled") or bool(said)


def _tables_of(manager: Node, tables: list[Node]) -> list[Node]:
    """Return the tables of routes that a listener uses: its own, or the one that it names; all, if that is not here."""
    if isinstance(manager.get("route_config"), dict):
        return [manager["route_config"]]
    named = _table(manager.get("rds")).get("route_config_name")
    return [each for each in tables if each.get("name") == named] or tables


def _routes_in(table: Node) -> Iterator[_Route]:
    for host in map(_table, _list(table.get("virtual_hosts"))):
        for number, route in enumerate(map(_table, _list(host.get("routes")))):
            if isinstance(action := route.get("route"), dict):
                said = tuple(_table(each.get("typed_per_filter_config")) for each in (route, host, table))
                name = str(route.get("name") or f"{host.get('name', 'host')}, route {number + 1}")
                yield _Route(name, action, said)


def _is_cluster(node: Node) -> bool:
    return "load_assignment" in node or "lb_policy" in node or "eds_cluster_config" in node


def _is_processor(each: Node) -> bool:
    typed = each.get("typed_config")
    return isinstance(typed, dict) and str(typed.get("@type", "")).endswith(_PROCESSOR)


def _table(value: Any) -> Node:
    """Return ``value`` if it is a mapping, else an empty one: what has another form sets nothing."""
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _nodes(value: Any) -> Iterator[Node]:
    """Yield every mapping in ``value``, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += reversed(each.values())
        elif isinstance(each, list):
            waiting += reversed(each)


def _named_as_envoy_does(value: Any) -> Any:
    """Return ``value`` with the names of fields as Envoy's manual writes them; tools also write them `inThisWay`."""
    if isinstance(value, dict):
        return {_field(key): _named_as_envoy_does(each) for key, each in value.items()}
    return [_named_as_envoy_does(each) for each in value] if isinstance(value, list) else value


def _field(key: Any) -> Any:
    named = isinstance(key, str) and key.isalnum() and key[:1].islower()
    return _CAPITAL.sub(r"_\1", key).lower() if named else key
