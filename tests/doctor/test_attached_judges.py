"""What the doctor says of judges: that they answer, and where they only record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from ordinance.doctor.attached_judges import judges
from ordinance.doctor.findings import Finding, State
from ordinance.doctor.target import Target
from ordinance.doctor.wire import NoReplyError


def told(said: object) -> list[Finding]:
    def ask(method: str, path: str) -> Any:
        assert (method, path) == ("GET", "/ready")
        if said is None:
            raise NoReplyError("nobody")
        return SimpleNamespace(values=[{"ready": True, "judges": said}])

    return list(judges(cast(Target, SimpleNamespace(server=SimpleNamespace(ask=ask)))))


def judge(**more: Any) -> dict[str, Any]:
    return {"name": "guard", "state": "ready", "calibration": "valid", "acts": ["b/weapons"], "records": [], **more}


def test_a_judge_that_answers_is_well() -> None:
    (found,) = told([judge()])
    assert (found.state, found.subject) == (State.WELL, "guard")


def test_one_that_fails_its_canaries_or_is_silent_is_open() -> None:
    for state in ("canary", "silent", "unreachable"):
        (found,) = told([judge(state=state)])
        assert (found.state, found.what) == (State.OPEN, f"has failed ({state})")


def test_what_only_records_and_a_void_calibration_are_open() -> None:
    void, rule = told([judge(state="records", calibration="void: another model", acts=[], records=["b/weapons"])])
    assert (void.state, void.what) == (State.OPEN, "void: another model")
    assert (rule.state, rule.subject) == (State.OPEN, "guard, b/weapons")


def test_without_judges_nothing_is_told() -> None:
    assert told([]) == told(None) == told("nonsense") == []
