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

from support.commands import ENGINE
from support.records import codes, key_file, numbers, verified

ROUNDS = int(os.environ.get("RECORD_KILLS", "8")) // 2

#: Forks two writers a round, kills them, and prints the numbers that they had been told are on the disk.
_KILLER = """
import asyncio, os, random, select, signal, sys, time
from pathlib import Path
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.record import chained_file  # imported once, not after each fork
from ordinance.settings.reporting import AuditSettings
path, rounds = Path(sys.argv[1]), int(sys.argv[2])
settings = AuditSettings(path=path, key_file=path.parent / "record.pem", acknowledge="flushed", checkpoint_records=7,
                         checkpoint_seconds=0.05)

def write(first, told):
    async def one(log, n):
        while True:
            await log.end({"n": n})
            os.write(told, b"%d\\n" % n)
            n += 10
            await asyncio.sleep(random.random() / 200)
    async def all_of_them():
        log = AuditLog(settings)
        await asyncio.gather(*(one(log, first + each) for each in range(10)))
    asyncio.run(all_of_them())

for each in range(rounds):
    reader, writer = os.pipe()
    running = []
    for who in range(2):
        pid = os.fork()
        if not pid:
            os.close(reader)
            write((each * 2 + who) * 1_000_000, writer)
        running.append(pid)
    os.close(writer)
    if random.random() < 0.9:  # else some are killed before their first record
        select.select([reader], [], [], 60)
    time.sleep(random.random() ** 2 * 0.5)
    for pid in running:
        time.sleep(random.random() / 50)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with open(reader, "rb") as file:
        sys.stdout.buffer.write(file.read())
"""


@pytest.mark.server
@pytest.mark.slow
def test_no_acknowledged_record_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "log"
    key_file(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _KILLER, path, str(ROUNDS)], env={**os.environ, "PYTHONPATH": str(ENGINE)},
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
