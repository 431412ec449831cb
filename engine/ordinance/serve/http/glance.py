"""A look that costs something, shared by all who want to know: ``/ready`` needs no key, so anybody may ask it often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Glance(Generic[T]):
    """Looks at most once in ``seconds``; whoever asks meanwhile gets, or waits for, what was seen."""

    def __init__(self, look: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._looking: asyncio.Task[T] | None = None
        self._until = 0.0

    async def __call__(self) -> T:
        loop = asyncio.get_running_loop()
        if self._looking is None or (self._looking.done() and loop.time() >= self._until):
            self._until = loop.time() + self._seconds
            self._looking = loop.create_task(self._see())
        return await asyncio.shield(self._looking)

    async def _see(self) -> T:
        return await self._look()
