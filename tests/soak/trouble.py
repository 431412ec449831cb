"""What happens to a gateway in a soak, one thing after the other: each begins, lasts, and is over."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from soak.world import World

#: How long a part stays away, in seconds.
_AWAY = 4.0
#: What a worker may take beyond what it has, under the memory limit, in bytes.
_MORE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, from ``began`` to ``ended``, in seconds since the soak began. ``kills``: connections may break."""

    what: str
    began: float
    ended: float
    kills: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """``deed`` does it, and returns when it is over."""

    what: str
    deed: Callable[[World], Awaitable[None]]
    kills: bool = False


async def _reload(world: World) -> None:
    world.write_house()
    world.reload()
    await asyncio.sleep(_AWAY)


async def _broken_reload(world: World) -> None:
    world.write_house("house acme 1.0 { nonsense")
    world.reload()
    await asyncio.sleep(_AWAY)
    world.write_house()
    world.reload()


async def _model_dies(world: World) -> None:
    world.model.kill()
    await asyncio.sleep(_AWAY)
    await asyncio.to_thread(world.model.start)


async def _judge_dies(world: World) -> None:
    world.judge.kill()
    await asyncio.sleep(_AWAY)
    await asyncio.to_thread(world.judge.start)


async def _worker_dies(world: World) -> None:
    os.kill(random.choice(world.workers()), signal.SIGKILL)
    await asyncio.sleep(_AWAY)


async def _plugin_dies(world: World) -> None:
    for pid in world.plugins():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(_AWAY)


async def _disk_full(world: World) -> None:
    ballast = world.disk / "ballast"
    await asyncio.to_thread(_fill, ballast)
    await asyncio.sleep(_AWAY)
    ballast.unlink()


def _fill(ballast: os.PathLike[str]) -> None:
    with open(ballast, "wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2


async def _memory_short(world: World) -> None:
    """Let no worker take more than a little memory, while large questions arrive (``campaign``)."""
    limited = world.workers()
    for pid in limited:
        with suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_AS, (_size(pid) + _MORE, resource.RLIM_INFINITY))
    world.short_of_memory = True
    await asyncio.sleep(_AWAY)
    world.short_of_memory = False
    for pid in limited:
        with suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _size(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


#: In this order, again and again.
TROUBLES = (
    Trouble("reload", _reload),
    Trouble("model server dies", _model_dies),
    Trouble("worker dies", _worker_dies, kills=True),
    Trouble("broken reload", _broken_reload),
    Trouble("plugin dies", _plugin_dies),
    Trouble("disk full", _disk_full),
    Trouble("memory short", _memory_short, kills=True),
    Trouble("judge dies", _judge_dies),
)
