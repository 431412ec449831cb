"""One soak: the world, its clients, what happens to it, and what is made of that."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx2

from soak import verdicts
from soak.clients import Clients
from soak.report import Soak, write
from soak.said import FIRST, KINDS
from soak.samples import Sample, watch
from soak.trouble import TROUBLES, Happened, Trouble
from soak.verdicts import Verdict
from soak.world import DISK, World
from support.checkout import ROOT
from support.records import verified

#: How long all troubles take once, at least, in seconds; a longer soak has them again.
_ROUND = 110.0
#: Nothing happens so long at the beginning, and at the end, in seconds: there it must be whole again.
_CALM, _LAST = 6.0, 12.0
_CLIENTS = 20
#: A question that is large enough to need memory, in words.
_LARGE = 200_000
_INSIDE = "SOAK_INSIDE"
#: What makes a place of its own: a disk of its own can be mounted there, and all that was started there ends with it.
_APART = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def main(words: Sequence[str]) -> int:
    """Run the command: 0 if every verdict is kept."""
    parser = argparse.ArgumentParser(description="Run a gateway under load while everything around it dies.")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--clients", type=int, default=_CLIENTS, help=f"clients at once (default: {_CLIENTS})")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "soak", help="where the page goes")
    asked = parser.parse_args(words)
    if _INSIDE not in os.environ:
        return _apart(words)
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ordinance-soak-") as name:
        folder = Path(name)
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "none", disk], check=True)
        try:
            soak = run(folder, asked.minutes, asked.clients)
        finally:
            subprocess.run(["umount", "--lazy", disk], check=False)
            with suppress(FileNotFoundError):
                shutil.copy(folder / "server.log", asked.out)
    page = write(soak, asked.out)
    for each in soak.verdicts:
        print(f"{'kept    ' if each.kept else 'NOT KEPT'}  {each.what}: {each.figures}")
    print(f"the page is {page}")
    return 0 if all(each.kept for each in soak.verdicts) else 1


def _apart(words: Sequence[str]) -> int:
    """Run it again in namespaces of its own; as root of one's own, where one is not root."""
    own = () if os.geteuid() == 0 else ("--map-root-user",)
    command = [*_APART, *own, sys.executable, str(Path(__file__).parent), *words]
    return subprocess.call(command, env={**os.environ, _INSIDE: "1"})


def run(folder: Path, minutes: float, clients: int) -> Soak:
    """Run a soak in ``folder``, whose folder ``disk`` is a small disk; what was seen."""
    world = World(folder)
    seen: list[Sample] = []
    happened: list[Happened] = []
    try:
        asked = Clients(world.address, clients, time.monotonic())
        asyncio.run(_during(world, asked, seen, happened, minutes * 60))
        seconds = time.monotonic() - asked.began
    finally:
        status = world.stop()
    return Soak(seconds, clients, asked.came, seen, happened, _verdicts(world, asked, seen, happened, minutes, status))


async def _during(world: World, clients: Clients, seen: list[Sample], happened: list[Happened], seconds: float) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(clients.run())
        group.create_task(watch(world, clients, seen))
        large = group.create_task(_large_questions(world, clients))
        await asyncio.sleep(_CALM)
        rounds = max(1, round((seconds - _CALM - _LAST) / _ROUND))
        plan = [each for _ in range(rounds) for each in TROUBLES]
        share = (seconds - _CALM - _LAST) / len(plan)
        for number, trouble in enumerate(plan):
            happened.append(await _trouble(world, clients, trouble))
            await asyncio.sleep(max(0.0, _CALM + (number + 1) * share - (time.monotonic() - clients.began)))
        await _ready(world)
        happened.append(Happened("ready", (now := time.monotonic() - clients.began), now))
        await asyncio.sleep(_LAST)
        clients.stopping = True
        large.cancel()


async def _trouble(world: World, clients: Clients, trouble: Trouble) -> Happened:
    began = time.monotonic() - clients.began
    print(f"{began:6.0f} s  {trouble.what}; {len(clients.came)} answers so far", flush=True)
    await trouble.deed(world)
    return Happened(trouble.what, began, time.monotonic() - clients.began, trouble.kills)


async def _ready(world: World) -> None:
    """Wait until the gateway says that it is ready, for two minutes at most."""
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
        for _ in range(240):
            with suppress(httpx2.TransportError):
                if (await http.get(f"{world.address}/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.5)


async def _large_questions(world: World, clients: Clients) -> None:
    """Ask large questions, while memory is short."""
    numbers = itertools.count(FIRST + 10_000_000, len(KINDS))
    async with httpx2.AsyncClient(base_url=world.address, trust_env=False, timeout=None) as http:
        while True:
            await asyncio.sleep(0.2)
            if world.short_of_memory:
                number = next(numbers)
                asked = f"{number} " + "word " * _LARGE
                clients.came += await asyncio.gather(*(clients.ask(http, number, asked) for _ in range(3)))


def _verdicts(
    world: World, clients: Clients, seen: Sequence[Sample], happened: Sequence[Happened], minutes: float, status: int
) -> list[Verdict]:
    recorded = {
        entry["request"]
        for line in world.record.read_bytes().splitlines()
        if (entry := json.loads(line)).get("event") == "end"
    }
    return [
        verdicts.nothing_held_is_released(clients.came),
        verdicts.nothing_acknowledged_is_lost(
            clients.came, recorded, [each.code for each in verified(world.record).problems]
        ),
        verdicts.every_failure_is_told(clients.came, happened),
        verdicts.it_is_whole_again(clients.came, happened[-1].ended),
        verdicts.memory_is_flat([each.memory for each in seen], minutes),
        Verdict("It stops by itself", status == 0, f"exit status {status}"),
    ]
