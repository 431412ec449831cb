"""Waits for a model server, which all end when this server stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ordinance.protocol.problems import Problem, stopping
from ordinance.serve.behind.contract import too_slow


class Waits:
    """The waits of one server for its model server. ``failures`` are the errors by which a connection fails."""

    def __init__(self, *failures: type[Exception]) -> None:
        self._failures: tuple[type[Exception], ...] = (TimeoutError, *failures)
        self._running: set[asyncio.Timeout] = set()
        self._ended = False

    def end(self) -> None:
        """End all waits, those that would begin too: each gets a ``Problem`` (503)."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for wait in self._running:
            if not wait.expired():
                wait.reschedule(now)

    @asynccontextmanager
    async def until(self, deadline: float, broken: Callable[[Exception], Problem] | None = None) -> AsyncIterator[None]:
        """Wait inside, at most until ``deadline`` (the loop's time) or ``end``. Raises ``Problem``: ``broken`` makes
        that of a connection that fails or of a wait that is too long; without it, it is ``too_slow``."""
        if self._ended:
            raise stopping()
        wait = asyncio.timeout_at(deadline)
        try:
            async with wait:
                self._running.add(wait)
                yield
        except self._failures as error:
            if self._ended:
                raise stopping() from None
            raise (too_slow() if broken is None else broken(error)) from None
        finally:
            self._running.discard(wait)
        if self._ended:
            raise stopping()
