"""An operator who reads no records still hears that a detector fails: once, and then how often."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.serve.record import failures
from ordinance.serve.record.audit import AuditLog
from ordinance.serve.record.failures import Failures
from ordinance.settings.sections import AuditSettings


def test_the_first_failure_is_told_at_once_and_the_rest_counted(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    told = Failures()
    told.note([])
    assert capfd.readouterr().err == ""
    told.note(["NO/numbers"])
    assert capfd.readouterr().err == (
        "ordinance: a detector failed in an answer, and counts as found, in NO/numbers; /ready says why\n"
    )
    for rule in ("NO/numbers", "EU/words"):
        told.note([rule])
    assert capfd.readouterr().err == ""
    now[0] = failures.TOLD_EVERY
    told.note(["NO/numbers"])
    assert "in 3 answers, and counts as found, in EU/words, NO/numbers;" in capfd.readouterr().err


def test_every_record_counts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Before, standard error was silent while every answer was left out."""
    log = AuditLog(AuditSettings(path=tmp_path / "log"))
    log.write({"request": "a", "failed": []})
    log.write({"request": "b", "failed": ["NO/numbers"]})
    log.write({"request": "c", "problem": "invalid_request"})
    log.close()
    assert capfd.readouterr().err.count("a detector failed") == 1
