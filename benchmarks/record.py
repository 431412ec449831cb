"""What a record costs, in processor time of the whole process: as one write on the event loop (which a disk or a reader
can stop), and as it is done, through a queue and a thread; beside a loop that records nothing. Then how long a request
waits for the disk where its record is required, alone and with many at once.

    .venv/test/bin/python benchmarks/record.py [--pace N] [--seconds N] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.reporting import AuditSettings

RECORD: dict[str, Any] = {
    "request": "0123456789abcdef" * 2, "key": "desk", "api": "chat/completions", "model": "m", "stream": True,
    "status": 200, "seconds": 1.234, "digest": "0123456789abcdef" * 4, "jurisdiction": "DE", "locale": "de",
    "verdict": "disclose", "rules": ["EU/machine"], "failed": [], "trials": [], "notices": ["disclosure"], "choices": 1,
    "balanced": True,
}  # fmt: skip


async def paced(write: Callable[[dict[str, Any]], None], pace: int, seconds: float) -> float:
    """Microseconds of processor time for a record, at so many a second."""
    count, began, spent = 0, time.monotonic(), time.process_time()
    while (now := time.monotonic() - began) < seconds:
        due = int(now * pace)
        while count < due:
            write(RECORD)
            count += 1
        await asyncio.sleep(0.002)
    await asyncio.sleep(0.1)
    return (time.process_time() - spent) / max(count, 1) * 1e6


async def waits(log: AuditLog, at_once: int, rounds: int) -> tuple[float, float]:
    """The median wait of a request for its record, in milliseconds, and records a second."""
    taken: list[float] = []

    async def one() -> None:
        began = time.perf_counter()
        await log.begin(RECORD)
        taken.append((time.perf_counter() - began) * 1e3)

    began = time.perf_counter()
    for _ in range(rounds):
        await asyncio.gather(*(one() for _ in range(at_once)))
    return statistics.median(taken), at_once * rounds / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pace", type=int, nargs="+", default=[100, 1000, 5000], help="records a second")
    parser.add_argument("--seconds", type=float, default=3, help="that each measurement lasts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the file lies (default: a temporary one)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        descriptor = os.open(Path(folder) / "direct", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        def direct(record: dict[str, Any]) -> None:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            os.write(descriptor, msgspec.json.encode({"time": now, **record}) + b"\n")

        log = AuditLog(AuditSettings(path=Path(folder) / "log", required=True))
        ways: dict[str, Callable[[dict[str, Any]], None]] = {
            "nothing": lambda _: None, "one write on the loop": direct, "queue and thread": log.write,
        }  # fmt: skip
        print(f"{'records a second':24}" + "".join(f"{name:>24}" for name in ways) + f"{'ratio':>8}")
        for pace in given.pace:
            found: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(given.rounds):
                for name, write in ways.items():
                    found[name].append(asyncio.run(paced(write, pace, given.seconds)))
            nothing, before, now = (min(each) for each in found.values())
            cells = "".join(f"{each:21.1f} µs" for each in (nothing, before, now))
            print(f"{pace:<24}{cells}{(now - nothing) / (before - nothing):8.2f}")
        for at_once in (1, 16, 128):
            wait, rate = asyncio.run(waits(log, at_once, 2000 // at_once))
            print(f"required, {at_once:3} at once: {wait:7.2f} ms to wait, {rate:8.0f} a second")
        log.close()


if __name__ == "__main__":
    main()
