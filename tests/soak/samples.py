"""What a gateway shows of itself during a soak, once every so often."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

import httpx2

from soak.clients import Clients
from soak.world import World
from support.scraping import read

#: How often it is looked at, in seconds.
EVERY = 1.0
_KIND = re.compile(r'ordinance_failures_total\{kind="(\w+)"\}')


@dataclass(frozen=True, slots=True)
class Sample:
    """The gateway ``at`` so many seconds: its memory in MiB, answers under way as it says and as its clients say, and
    its counts since it began."""

    at: float
    memory: float
    open: int
    streams: float
    answers: float
    added_sum: float
    added_count: float
    lost: float
    failures: dict[str, float]


async def watch(world: World, clients: Clients, kept: list[Sample]) -> None:
    """Look at the gateway until the clients stop."""
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
        while not clients.stopping:
            try:
                found = read((await http.get(world.metrics)).text)
            except httpx2.TransportError:
                found = {}
            memory = await asyncio.to_thread(world.memory)
            if found:
                kept.append(_sample(time.monotonic() - clients.began, memory, clients.open, found))
            await asyncio.sleep(EVERY)


def _sample(at: float, memory: float, under_way: int, found: dict[str, float]) -> Sample:
    def total(name: str) -> float:
        return sum(value for key, value in found.items() if key.partition("{")[0] == name)

    failures = {match[1]: value for key, value in found.items() if (match := _KIND.fullmatch(key)) and value}
    return Sample(
        at, memory, under_way, total("ordinance_streams"), total("ordinance_answers_total"),
        total("ordinance_added_seconds_sum"), total("ordinance_added_seconds_count"),
        total("ordinance_audit_lost_total"), failures,
    )  # fmt: skip
