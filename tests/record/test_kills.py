"""Two processes write one record, and both are killed at random moments, again and again: no record that was
acknowledged is lost, and what is left verifies. ``RECORD_KILLS`` says how often (``make kills``: 200)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from support.commands import PROGRAMS
from support.records import codes, key_file, numbers, verified

ROUNDS = int(os.environ.get("RECORD_KILLS", "8")) // 2

#: Prints the numbers that the writers had been told are on the disk.
_KILLER = """
import sys
from pathlib import Path
from ordinance.serve.record import chained_file  # imported once, not after each fork
from ordinance.settings.reporting import AuditSettings
from support.killed_writers import kill_again_and_again
path, rounds = Path(sys.argv[1]), int(sys.argv[2])
settings = AuditSettings(path=path, key_file=path.parent / "record.pem", acknowledge="flushed", checkpoint_records=7,
                         checkpoint_seconds=0.05)
kill_again_and_again(settings, rounds)
"""


@pytest.mark.server
@pytest.mark.slow
def test_no_acknowledged_record_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "log"
    key_file(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _KILLER, path, str(ROUNDS)], env={**os.environ, "PYTHONPATH": PROGRAMS},
        capture_output=True, check=True, timeout=60 + ROUNDS * 20,
    )  # fmt: skip
    acknowledged = [int(each) for each in done.stdout.split()]
    there = numbers(path)
    found = verified(path)
    breaks = Counter(each.code for each in found.breaks)
    print(json.dumps({"kills": ROUNDS * 2, "acknowledged": len(acknowledged), "records": len(there), **breaks}))  # noqa: T201
    assert done.stderr == b""
    assert len(acknowledged) > ROUNDS
    assert set(acknowledged) <= set(there)
    assert len(there) == len(set(there))
    assert codes(found) == set(), found.problems[:5]
