"""Copies of records for a sink: nobody waits for it, nothing is lost while it fails for a short time, losses are
counted, and closing takes a bounded time."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ordinance.plugins.hosted import FaultError
from ordinance.serve.record import copies as module
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.record.copies import Copies
from ordinance.settings.reporting import AuditSettings
from support.serving import PATIENCE
from support.waiting import until

pytestmark = pytest.mark.requirement("TR-3")


class Place:
    """A destination that keeps what it gets, and fails while it is ``down``."""

    def __init__(self) -> None:
        self.got: list[Mapping[str, object]] = []
        self.down = False
        self.open = threading.Event()
        self.open.set()

    def write(self, records: Sequence[Mapping[str, object]]) -> None:
        self.open.wait(PATIENCE)
        if self.down:
            raise FaultError("late")
        self.got.extend(records)


def test_each_record_arrives_once_and_in_order() -> None:
    place = Place()
    copies = Copies("acme", place.write, 1000)
    for number in range(600):
        copies.take({"number": number})
    copies.close()
    assert [each["number"] for each in place.got] == list(range(600))
    assert copies.state() == {"sink": "acme", "state": "ok", "lost": 0}


def test_a_sink_that_fails_gets_the_same_records_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    place = Place()
    place.down = True
    copies = Copies("acme", place.write, 1000)
    for number in range(5):
        copies.take({"number": number})
    until(lambda: copies.state()["state"] == "failing")
    assert copies.state()["cause"] == "late"
    copies.take({"number": 5})
    place.down = False
    until(lambda: len(place.got) == 6)
    copies.close()
    assert [each["number"] for each in place.got] == list(range(6))
    assert copies.state() == {"sink": "acme", "state": "ok", "lost": 0}


def test_beyond_its_room_records_are_lost_and_counted_and_nobody_waits() -> None:
    place = Place()
    place.open.clear()  # it takes the first batch and does not come back
    copies = Copies("acme", place.write, 10)
    for number in range(25):
        copies.take({"number": number})
    assert copies.lost == 15
    assert copies.state()["state"] == "failing"
    place.open.set()
    copies.close()
    assert [each["number"] for each in place.got] == list(range(10))


def test_a_copy_is_a_copy() -> None:
    place = Place()
    copies = Copies("acme", place.write, 10)
    rules = ["DE/a"]
    copies.take({"rules": rules})
    rules.append("DE/b")
    copies.close()
    assert place.got == [{"rules": ["DE/a"]}]


def test_closing_does_not_wait_for_a_sink_that_fails(capfd: pytest.CaptureFixture[str]) -> None:
    place = Place()
    place.down = True
    copies = Copies("acme", place.write, 10)
    copies.take({"text": "never shown"})
    until(lambda: copies.state()["state"] == "failing")
    copies.close()
    said = capfd.readouterr().err
    assert "the sink acme was closed with 1 records not handed over" in said
    assert "never shown" not in said


def test_the_audit_log_hands_over_what_it_writes(tmp_path: Path) -> None:
    place = Place()
    copies = Copies("acme", place.write, 10)
    log = AuditLog(AuditSettings(path=tmp_path / "log"), lambda: [copies])
    log.write({"request": "r1", "verdict": "pass"})
    assert log.begin_all([{"request": "r2"}])
    states: list[Any] = log.state()["sinks"]
    log.close()
    copies.close()
    assert states == [{"sink": "acme", "state": "ok", "lost": 0}]
    assert [(each["event"], each["request"]) for each in place.got] == [("end", "r1"), ("begin", "r2")]
    assert {"v", "time"} <= place.got[0].keys()
