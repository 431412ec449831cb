"""An operator who reads no records still hears that a detector fails: once, and then how often."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.serve.record import failures
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.record.failures import Failures
from ordinance.settings.reporting import AuditSettings


def test_the_first_failure_is_told_at_once_and_the_rest_counted(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    told = Failures()
    told.note({"failed": []})
    assert capfd.readouterr().err == ""
    told.note({"failed": ["NO/numbers"]})
    assert capfd.readouterr().err == (
        "ordinance: a detector failed in an answer, and counts as found, in NO/numbers; /ready says why\n"
    )
    for rule in ("NO/numbers", "EU/words"):
        told.note({"failed": [rule]})
    assert capfd.readouterr().err == ""
    now[0] = failures.TOLD_EVERY
    told.note({"failed": ["NO/numbers"]})
    assert "in 3 answers, and counts as found, in EU/words, NO/numbers;" in capfd.readouterr().err


def test_a_judge_that_failed_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    """Before, standard error spoke of a detector, which the operator had none of."""
    failed = {"guard": ["baseline/terrorism", "baseline/weapons"]}
    Failures().note({"failed": ["NO/numbers", *failed["guard"]], "judge_faults": ["late"], "judges_failed": failed})
    assert capfd.readouterr().err.splitlines() == [
        "ordinance: a detector failed in an answer, and counts as found, in NO/numbers; /ready says why",
        "ordinance: the judge guard failed in an answer, and counts as found, in baseline/terrorism, baseline/weapons; "
        "/ready says why",
    ]


def test_every_record_counts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Before, standard error was silent while every answer was left out."""
    log = AuditLog(AuditSettings(path=tmp_path / "log"))
    log.write({"request": "a", "failed": []})
    log.write({"request": "b", "failed": ["NO/numbers"]})
    log.write({"request": "c", "problem": "invalid_request"})
    log.close()
    assert capfd.readouterr().err.count("a detector failed") == 1
