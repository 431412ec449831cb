"""Whether an Envoy's configuration lets an answer past Ordinance: read, not tried.

Takes the file that Envoy starts with, or what its admin interface shows at ``/config_dump``, which also has what a
control plane sent (Istio, Envoy Gateway, kgateway). Every listener for HTTP in it is looked at, however deep it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ordinance.doctor.findings import Finding, is_open, untried, well

LISTENERS, FILTER, ROUTES = "listeners", "ext_proc filter", "routes"
_MANAGER = "network.http_connection_manager.v3.HttpConnectionManager"
_PROCESSOR = "http.ext_proc.v3.ExternalProcessor"
_PER_ROUTE = "http.ext_proc.v3.ExtProcPerRoute"
_DUPLEX = ("FULL_DUPLEX_STREAMED", 4)
#: What a mode is when it is not written.
_DEFAULTS = {"request_header_mode": "SEND", "response_header_mode": "SEND"}
_HEADERS = ("request_header_mode", "response_header_mode")
_BODIES = ("request_body_mode", "response_body_mode")
_TRAILERS = ("request_trailer_mode", "response_trailer_mode")

Node = dict[str, Any]


def examined(config: Any, name: str, model: str = "") -> Iterator[Finding]:
    """Examine ``config``. ``name`` is a part of the name of Ordinance's filter, or of the cluster that it calls;
    ``model`` the name of the model server's cluster: listeners that do not route to it are not looked at."""
    managers = [node for node in _nodes(config) if str(node.get("@type", "")).endswith(_MANAGER)]
    routes = [node for node in _nodes(config) if "virtual_hosts" in node]
    if not managers:
        yield untried(
            LISTENERS, "no listener for HTTP in it", "nothing to look at", "Give Envoy's own file or its /config_dump."
        )
    for number, manager in enumerate(managers):
        subject = str(manager.get("stat_prefix") or f"listener {number + 1}")
        if model and not _routes_to(_routes_of(manager, routes), model):
            yield well(LISTENERS, subject, f"does not route to {model}")
            continue
        yield from _listener(manager, _routes_of(manager, routes), subject, name)


def _listener(manager: Node, routes: list[Node], subject: str, name: str) -> Iterator[Finding]:
    filters = [each for each in manager.get("http_filters", ()) if isinstance(each, dict)]
    ours = [each for each in filters if _is_processor(each) and name in str(each)]
    if not ours:
        yield is_open(
            LISTENERS, subject, f"no ext_proc filter whose name or cluster contains '{name}': nothing is governed",
            "Add the filter as in deploy/envoy/envoy.yaml, or name it with --filter.",
        )  # fmt: skip
        return
    yield from _filter(ours[0], subject)
    before = [str(each.get("name")) for each in filters[: filters.index(ours[0])]]
    if before:
        yield untried(
            FILTER, subject, f"filters stand before it and see governed answers last: {', '.join(before)}",
            "They must not change a request's or an answer's body, nor answer from a cache that others fill.",
        )  # fmt: skip
    for each in routes:
        yield from _route(each, subject, str(ours[0].get("name")))


def _filter(found: Node, subject: str) -> Iterator[Finding]:
    settings = found["typed_config"]
    if found.get("disabled"):
        yield is_open(FILTER, subject, "`disabled: true`: it runs only on routes that switch it on", "Remove it.")
    if settings.get("failure_mode_allow"):
        yield is_open(
            FILTER, subject, "`failure_mode_allow: true`: without Ordinance, answers pass ungoverned",
            "Write `failure_mode_allow: false`.",
        )  # fmt: skip
    if settings.get("observability_mode"):
        yield is_open(
            FILTER, subject, "`observability_mode: true`: Envoy does not wait for what Ordinance says", "Remove it."
        )
    yield from _modes(settings.get("processing_mode") or {}, FILTER, subject, whole=True)
    if not (settings.get("mutation_rules") or {}).get("allow_envoy"):
        yield is_open(
            FILTER, subject, "headers of the model server that begin with `x-envoy-` pass, with whatever they contain",
            "Write `mutation_rules: {allow_envoy: true}`.",
        )  # fmt: skip
    if settings.get("http_service"):
        yield is_open(FILTER, subject, "`http_service` cannot stream bodies", "Use `grpc_service`.")
    yield well(FILTER, subject, "is there")


def _modes(modes: Node, check: str, subject: str, *, whole: bool) -> Iterator[Finding]:
    """Look at processing modes; ``whole``: what is not written has its default, and does not come from elsewhere."""
    for name in (*_HEADERS, *_BODIES, *_TRAILERS):
        if name not in modes and not whole:
            continue
        mode = modes.get(name, _DEFAULTS.get(name, "NONE" if name in _BODIES else "SKIP"))
        wanted = _DUPLEX if name in _BODIES else ("SEND", 1) if name in _TRAILERS else ("SEND", "DEFAULT", 0, 1)
        if mode not in wanted:
            what = "answers are refused, or pass" if name not in _TRAILERS else "Envoy does not take this configuration"
            yield is_open(check, subject, f"`{name}: {mode}`: {what}", f"Write `{name}: {wanted[0]}`.")


def _route(node: Node, subject: str, name: str) -> Iterator[Finding]:
    """Look at what one route, virtual host or table of routes says of Ordinance's filter."""
    what = str(node.get("name") or node.get("match") or "a route")
    mine = (node.get("typed_per_filter_config") or {}).get(name)
    if isinstance(mine, dict):
        inner = mine.get("config", mine)
        if mine.get("disabled") or inner.get("disabled"):
            yield is_open(
                ROUTES, subject, "Ordinance's filter is switched off", "Remove `disabled` from `typed_per_filter_config`.",
                what,
            )  # fmt: skip
        overrides = inner.get("overrides") or {}
        if overrides.get("failure_mode_allow"):
            yield is_open(ROUTES, subject, "`failure_mode_allow` is overridden: true", "Remove the override.", what)
        if overrides.get("processing_mode"):
            yield from _modes(overrides["processing_mode"], ROUTES, f"{subject}, {what}", whole=True)
        if overrides.get("grpc_service"):
            yield untried(
                ROUTES, subject, "another service is called", "See that `grpc_service` there is Ordinance.", what
            )
    action = node.get("route")
    if isinstance(action, dict) and str(action.get("timeout", "15s")) == "15s" and "timeout" not in action:
        yield untried(
            ROUTES, subject, "no `timeout`: Envoy ends every answer after 15 s", "Write `timeout: 0s`.", what
        )


def _routes_of(manager: Node, others: list[Node]) -> list[Node]:
    """Return the tables, hosts and routes that a listener uses: its own, or those that a control plane sent, of which
    any may be meant."""
    own = [node for node in others if node is manager.get("route_config")]
    if own or "route_config" in manager:
        tables = own
    else:
        named = (manager.get("rds") or {}).get("route_config_name")
        tables = [node for node in others if node.get("name") == named] or others
    return [node for table in tables for node in _nodes(table) if "match" in node or "routes" in node or node is table]


def _routes_to(routes: list[Node], cluster: str) -> bool:
    return any(cluster in str(each.get("route", "")) for each in routes)


def _is_processor(each: Node) -> bool:
    typed = each.get("typed_config")
    return isinstance(typed, dict) and str(typed.get("@type", "")).endswith(_PROCESSOR)


def _nodes(value: Any) -> Iterator[Node]:
    """Yield every mapping in ``value``, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
