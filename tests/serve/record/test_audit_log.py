"""The audit log as a file: whatever happens to it, nobody waits, no line is cut, and what was lost is counted."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ordinance.errors import ServeError
from ordinance.protocol.problems import Problem
from ordinance.serve.record import audit_log, scribe
from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.reporting import AuditSettings
from support.commands import ENGINE
from support.serving import PATIENCE
from support.waiting import until

#: How long a call that must not wait may take, in seconds; the machine may be busy.
AT_ONCE = 5.0

Open = Callable[..., AuditLog]


@pytest.fixture
def opened() -> Iterator[Open]:
    logs: list[AuditLog] = []

    def begin(path: Path | None, **more: Any) -> AuditLog:
        logs.append(AuditLog(AuditSettings(path=path, **more)))
        return logs[-1]

    yield begin
    for log in logs:
        log.close()


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def written(path: Path, count: int) -> list[Any]:
    """The records once there are so many."""
    until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count)
    found = lines(path)
    assert len(found) == count
    return found


def numbers(records: list[Any]) -> list[int]:
    return [record["n"] for record in records]


def test_a_record_has_a_version_a_time_and_an_event(opened: Open, tmp_path: Path) -> None:
    log = opened(tmp_path / "log")
    log.write({"n": 1})
    [record] = written(tmp_path / "log", 1)
    assert (record["v"], record["event"], record["n"]) == (1, "end", 1)
    assert record["time"].endswith("+00:00")
    assert log.state() == {"state": "ok", "lost": 0}
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("deed", ["moved", "deleted", "replaced"])
def test_a_file_that_was_moved_or_deleted_is_opened_anew(opened: Open, tmp_path: Path, deed: str) -> None:
    path, old = tmp_path / "log", tmp_path / "log.1"
    log = opened(path)
    log.write({"n": 1})
    written(path, 1)
    if deed == "deleted":
        path.unlink()
    else:
        path.rename(old)
    if deed == "replaced":
        path.touch()
    log.write({"n": 2})
    assert numbers(written(path, 1)) == [2]
    if deed != "deleted":
        assert numbers(lines(old)) == [1]


def test_reopening_is_asked_for_without_waiting_and_lets_the_old_file_go(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = opened(path)
    path.rename(tmp_path / "log.1")
    log.reopen()
    until(path.exists)
    until(lambda: str(tmp_path / "log.1") not in held())
    log.write({"n": 1})
    assert numbers(written(path, 1)) == [1]


def held() -> set[str]:
    """The files that this process has open."""
    return {os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}


def test_a_record_begins_on_a_line_of_its_own_where_another_process_left_half_a_line(
    opened: Open, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"n":0}\n{"n"')
    opened(path).write({"n": 1})
    until(lambda: path.read_bytes().count(b"\n") >= 3)
    assert path.read_bytes().splitlines()[1] == b'{"n"'
    assert json.loads(path.read_bytes().splitlines()[2])["n"] == 1


#: Records until the file may not grow, then more room: what stands in the file at both times.
_FULL = """
import fcntl, json, resource, signal, sys, time
from pathlib import Path
from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.reporting import AuditSettings
path, locks = Path(sys.argv[1]), sys.argv[2] == "locks"
if not locks:
    def flock(*_): raise OSError(95, "no locks here")
    fcntl.flock = flock
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = AuditLog(AuditSettings(path=path))
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
for n in range(30):
    log.write({"n": n})
while log.state()["state"] == "ok":
    time.sleep(0.01)
full = path.read_text()
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
while log.state()["state"] != "ok":
    time.sleep(0.01)
print(json.dumps([full, path.read_text(), log.state()]))
"""


@pytest.mark.server
@pytest.mark.parametrize("locks", ["locks", "no locks"])
def test_a_disk_that_fills_within_a_record_leaves_no_half_of_it_and_loses_none(tmp_path: Path, locks: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, tmp_path / "log", locks], env={**os.environ, "PYTHONPATH": str(ENGINE)},
        capture_output=True, text=True, check=True, timeout=PATIENCE * 3,
    )  # fmt: skip
    full, after, state = json.loads(done.stdout)
    assert state == {"state": "ok", "lost": 0}
    whole = [line for line in after.splitlines() if line.endswith("}")]
    assert numbers([json.loads(line) for line in whole]) == [*range(30)]
    if locks == "locks":
        assert 0 < len(full) < 1000
        assert full.endswith("}\n"), "half a record stands in the file"
        assert len(whole) == after.count("\n")
    else:  # nobody can say that the half line is ours to take back, so it stays, on a line of its own
        assert len(full) == 1000
        assert len(whole) == after.count("\n") - 1
    told = done.stderr.splitlines()
    assert told == [
        "ordinance: the audit log cannot be written: File too large",
        "ordinance: the audit log is written again; records lost since the start: 0",
    ]


_MANY = """
import sys, time
from pathlib import Path
from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.reporting import AuditSettings
log = AuditLog(AuditSettings(path=Path(sys.argv[1])))
for n in range(400):
    log.write({"who": int(sys.argv[2]), "n": n, "long": "x" * (n * 7 % 900)})
    if n % 20 == 0:
        time.sleep(0.005)
"""


@pytest.mark.server
def test_several_processes_append_to_one_file_that_is_rotated_and_no_line_is_cut_or_lost(tmp_path: Path) -> None:
    path, environment = tmp_path / "log", {**os.environ, "PYTHONPATH": str(ENGINE)}
    running = [subprocess.Popen([sys.executable, "-c", _MANY, path, str(who)], env=environment) for who in range(3)]
    rotated = 0
    while any(process.poll() is None for process in running):
        time.sleep(0.02)
        if path.exists() and path.stat().st_size:
            path.rename(tmp_path / f"log.{rotated}")
            rotated += 1
    assert [process.returncode for process in running] == [0, 0, 0]
    found = [record for file in tmp_path.iterdir() for record in lines(file)]
    assert rotated > 0
    assert sorted((each["who"], each["n"]) for each in found) == [(who, n) for who in range(3) for n in range(400)]


# what nobody reads


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A pipe with a name, and its other end, from which nobody reads yet."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def read_all(reader: int, done: Callable[[], bool]) -> bytes:
    said = b""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        try:
            said += os.read(reader, 65536)
        except BlockingIOError:
            time.sleep(0.01)
    return said


def test_a_reader_that_stops_stops_nobody_and_what_was_lost_is_counted(
    opened: Open, pipe: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribe, "STALLED_SECONDS", 0.2)
    path, reader = pipe
    log = opened(path, queue=50)
    began = time.monotonic()
    for n in range(3000):
        log.write({"n": n})
    assert time.monotonic() - began < AT_ONCE
    until(lambda: log.state()["state"] == "failing")
    lost = log.state()["lost"]
    assert lost > 1000

    said = read_all(reader, lambda: log.state()["state"] == "ok")
    log.write({"n": 3000})
    said += read_all(reader, lambda: log.state()["state"] == "ok" and not log._scribe._held)
    log.write({"n": 3001})
    log.close()
    said += os.read(reader, 65536)
    records = [json.loads(line) for line in said.splitlines()]
    assert sum(record.get("lost", 0) for record in records) == lost
    assert len(records) + lost == 3002
    assert "lost" not in records[-1]


def test_closing_a_log_that_takes_nothing_ends(
    opened: Open, pipe: tuple[Path, int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scribe, "CLOSING_SECONDS", 0.2)
    log = opened(pipe[0])
    for n in range(2000):
        log.write({"n": n})
    began = time.monotonic()
    log.close()
    assert time.monotonic() - began < PATIENCE
    assert "the audit log was closed with" in capfd.readouterr().err


def test_closing_writes_what_waits_also_where_nobody_closes(tmp_path: Path) -> None:
    log = AuditLog(AuditSettings(path=tmp_path / "log"))
    for n in range(500):
        log.write({"n": n})
    del log
    gc.collect()
    assert numbers(lines(tmp_path / "log")) == [*range(500)]


def test_a_pipe_that_nobody_reads_is_told_at_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ServeError, match="cannot be written"):
        AuditLog(AuditSettings(path=tmp_path / "pipe"))


# what is required


def begun(log: AuditLog, *numbers: int) -> list[str]:
    """The code of the problem that comes of each request, or nothing."""

    async def one(n: int) -> str:
        try:
            await log.begin({"n": n})
        except Problem as problem:
            return f"{problem.status} {problem.code}"
        return ""

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*map(one, numbers))

    return asyncio.run(all_of_them())


def test_a_required_record_stands_in_the_file_when_the_request_goes_on(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fdatasync

    def counted(descriptor: int) -> None:
        synced.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", counted)
    log = opened(tmp_path / "log", required=True)
    assert begun(log, 1) == [""]
    assert [(each["event"], each["n"]) for each in lines(tmp_path / "log")] == [("begin", 1)]
    assert begun(log, *range(2, 102)) == [""] * 100
    assert len(lines(tmp_path / "log")) == 101
    assert 1 < len(synced) < 60, "many that begin together share one wait for the disk"


def test_a_required_record_that_cannot_be_written_stops_the_request_until_it_can(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.symlink_to("/dev/full")
    log = opened(path, required=True)
    log.write({"n": 0})
    assert begun(log, 1, 2) == ["503 audit_unavailable"] * 2
    assert log.state() == {"state": "failing", "lost": 0}
    path.unlink()
    assert begun(log, 3) == [""]
    assert log.state() == {"state": "ok", "lost": 0}
    assert numbers(lines(path)) == [0, 3], "what ended meanwhile was kept; what was refused did not begin"


def test_a_required_record_is_not_waited_for_without_end(
    opened: Open, pipe: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (audit_log, scribe):
        monkeypatch.setattr(module, "STALLED_SECONDS", 0.3)
    log = opened(pipe[0], required=True)
    for n in range(1000):
        log.write({"n": n})
    assert begun(log, 1000) == ["503 audit_unavailable"]
    began = time.monotonic()
    assert begun(log, *range(50)) == ["503 audit_unavailable"] * 50
    assert time.monotonic() - began < AT_ONCE
