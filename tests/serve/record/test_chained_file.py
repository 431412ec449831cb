"""A chained log: what a full disk or another process does to it is no problem to whoever verifies it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ordinance.serve.record.logfile import LogFile
from support.commands import ENGINE
from support.records import breaks, codes, key_file, numbers, opened, record, verified, write
from support.serving import PATIENCE

#: Records until the file may not grow, then more room.
_FULL = """
import json, resource, signal, sys, time
from pathlib import Path
from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.reporting import AuditSettings
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = AuditLog(AuditSettings(path=path, key_file=path.parent / "record.pem", checkpoint_records=5, queue=20))
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, most))
for n in range(15):
    log.write({"n": n})
while log.state()["state"] == "ok":
    time.sleep(0.01)
for n in range(15, 40):
    log.write({"n": n})
full = path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
while log.state()["state"] != "ok":
    time.sleep(0.01)
log.write({"n": 40})
state = log.state()
log.close()
print(json.dumps([full, state["lost"]]))
"""


@pytest.mark.server
def test_a_full_disk_breaks_no_chain_and_what_is_lost_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    key_file(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _FULL, path], env={**os.environ, "PYTHONPATH": str(ENGINE)}, capture_output=True,
        text=True, check=True, timeout=PATIENCE * 3,
    )  # fmt: skip
    full, lost = json.loads(done.stdout)
    assert full <= 4000
    assert lost > 0
    found = verified(path)
    assert (codes(found), breaks(found)) == (set(), {"break-lost"})
    assert [each.what for each in found.breaks] == [f"{lost} records before it could not be written"]
    there = numbers(path)
    assert there == [*range(len(there) - 1), 40]
    assert len(there) + lost == 41


def test_what_another_process_left_amid_a_line_is_not_joined_with_a_record(tmp_path: Path) -> None:
    """Also where the file was open before: the record would be lost in the torn line."""
    path = tmp_path / "log"
    plain = LogFile(tmp_path / "plain")
    plain.append([b"{}\n"])
    with (tmp_path / "plain").open("ab") as other:
        other.write(b'{"v"')
    plain.append([b"{}\n"])
    assert (tmp_path / "plain").read_bytes() == b'{}\n{"v"\n{}\n'
    file = opened(path)
    write(file, record(1))
    with path.open("ab") as other:
        other.write(b'{"v"')
    write(file, record(2), record(3))
    file.close()
    found = verified(path)
    assert (codes(found), breaks(found), found.records) == (set(), {"break-torn"}, 3)


def test_a_log_that_begins_with_deep_nesting_has_no_record_without_a_chain(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"[" * 5000 + b"\n")
    file = opened(path)
    write(file, record(1))
    file.close()
    assert breaks(verified(path)) == {"break-torn"}


def test_a_process_signs_what_it_wrote_and_not_what_became_of_it(tmp_path: Path) -> None:
    """Its own chain, until the next checkpoint: an edit or a cut of it in the meantime is found."""
    for name in ("edited", "cut"):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "log"
        file = opened(path)
        write(file, record(1), record(2))
        lines = path.read_bytes().splitlines(keepends=True)
        lines[2:] = [lines[2].replace(b'"n":2', b'"n":7')] if name == "edited" else []
        path.write_bytes(b"".join(lines))
        file.close()
        assert "record-checkpoint" in codes(verified(path))
