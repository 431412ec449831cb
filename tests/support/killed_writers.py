"""Two processes that write one record and are killed at random moments, round after round. For a program of its own: it
forks, and prints what was acknowledged."""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable

from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.reporting import AuditSettings


def kill_again_and_again(
    settings: AuditSettings,
    rounds: int,
    strike: Callable[[int], int] = lambda _: 0,
    refused: tuple[type[Exception], ...] = (),
) -> int:
    """Let two processes write in each of ``rounds``, and kill them. ``strike`` gets the number of the round while they
    write, and returns how many others it killed. After one of ``refused``, which says that a record was not written,
    they go on; any other error ends them. Returns how many were killed."""
    killed = 0
    for each in range(rounds):
        reader, writer = os.pipe()
        running = []
        for who in range(2):
            pid = os.fork()
            if not pid:
                os.close(reader)
                _write(settings, (each * 2 + who) * 1_000_000, writer, refused)
            running.append(pid)
        os.close(writer)
        if random.random() < 0.9:  # else some are killed before their first record
            select.select([reader], [], [], 60)
        time.sleep(random.random() ** 2 * 0.5)
        killed += strike(each)
        for pid in running:
            time.sleep(random.random() / 50)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            killed += 1
        with open(reader, "rb") as file:
            sys.stdout.buffer.write(file.read())
        sys.stdout.flush()
    return killed


def _write(settings: AuditSettings, first: int, told: int, refused: tuple[type[Exception], ...]) -> None:
    async def one(log: AuditLog, n: int) -> None:
        while True:
            try:
                await log.end({"n": n})
            except refused:
                await asyncio.sleep(0.05)
            else:
                os.write(told, b"%d\n" % n)
            n += 10
            await asyncio.sleep(random.random() / 200)

    async def all_of_them() -> None:
        log = AuditLog(settings)
        await asyncio.gather(*(one(log, first + each) for each in range(10)))

    asyncio.run(all_of_them())
