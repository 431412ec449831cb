"""What the doctor says of plugins: that they answer, and what of the sandbox is not in force on their machine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from ordinance.doctor.attached_plugins import plugins
from ordinance.doctor.findings import Finding, State
from ordinance.doctor.target import Target
from ordinance.doctor.wire import NoReplyError


def told(said: object) -> list[Finding]:
    def ask(method: str, path: str) -> Any:
        assert (method, path) == ("GET", "/ready")
        if said is None:
            raise NoReplyError("nobody")
        return SimpleNamespace(values=[{"ready": True, "plugins": said}])

    return list(plugins(cast(Target, SimpleNamespace(server=SimpleNamespace(ask=ask)))))


def plugin(**more: Any) -> dict[str, Any]:
    confinement = {"files": "landlock 7", "network": "no: seccomp is not there"}
    return {"name": "acme", "version": "1.0", "state": "ready", "cause": None, "confinement": confinement, **more}


def test_what_is_not_in_force_is_open() -> None:
    first, second = told([plugin()])
    assert (first.state, first.subject) == (State.OPEN, "acme 1.0, network")
    assert "no: seccomp is not there" in first.what
    assert (second.state, second.subject) == (State.WELL, "acme 1.0")


def test_a_plugin_that_does_not_answer_is_told_with_its_cause() -> None:
    (found,) = told([plugin(state="failing", cause="sealed", confinement={})])
    assert (found.state, found.what) == (State.OPEN, "does not answer (sealed)")


def test_without_plugins_nothing_is_told() -> None:
    assert told([]) == told(None) == told("nonsense") == []


def test_what_a_plugin_says_is_wrong_is_told() -> None:
    first, second = told([plugin(confinement={}, wrong=["the disk is full"])])
    assert (first.state, first.what) == (State.OPEN, "says that something is wrong: the disk is full")
    assert (second.state, second.what) == (State.WELL, "answers")
