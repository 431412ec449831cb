"""What the doctor says of several inference servers: which answer, and that each model is governed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from ordinance.doctor.attached_servers import servers
from ordinance.doctor.findings import Finding, State
from ordinance.doctor.protocols.known import APIS
from ordinance.doctor.target import Target
from ordinance.doctor.wire import POLICY, NoReplyError

STATES = [
    {"name": "a", "state": "up"},
    {"name": "b", "state": "down", "problem": "upstream_timeout"},
    {"name": "c", "state": "drained"},
    {"name": "d", "state": "up", "missing": ["gone"]},
]


def told(said: object, statuses: dict[str, int] | None = None, *, governed: bool = True) -> list[Finding]:
    models = {"data": [{"id": model} for model in statuses or {}]}

    def read(_: str, path: str) -> Any:
        return SimpleNamespace(values=[{"upstreams": said} if path == "/ready" else models])

    def ask(_: object, patch: dict[str, str]) -> Any:
        status = (statuses or {})[patch["model"]]
        if not status:
            raise NoReplyError("nobody")
        header = {POLICY: "small"}.get if governed else {}.get
        return SimpleNamespace(status=status, code="upstream_busy", header=header)

    server = SimpleNamespace(ask=read, key=None)
    target = SimpleNamespace(server=server, apis=lambda: list(APIS), ask=ask)
    return list(servers(cast(Target, target)))


def test_each_server_has_its_finding() -> None:
    found = {each.subject: each.state for each in told(STATES)}
    assert found == {"a": State.WELL, "b": State.OPEN, "c": State.WELL, "d": State.WELL, "d, gone": State.OPEN}
    (down,) = [each for each in told(STATES) if each.subject == "b"]
    assert down.what == "does not answer (upstream_timeout)"


def test_each_model_is_asked() -> None:
    found = told(STATES[:1], {"large": 200, "small": 503, "mute": 0})[1:]
    assert [each.state for each in found] == [State.WELL, State.OPEN, State.UNTRIED]
    assert {each.state for each in told(STATES[:1], {"large": 200}, governed=False)[1:]} == {State.OPEN}


def test_with_one_server_nothing_is_told() -> None:
    assert told(None, {"large": 200}) == told("nonsense", {"large": 200}) == told([]) == []
