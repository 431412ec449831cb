"""Which adapters the inference server has: asked at its list of models, and believed for a short while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ordinance.protocol.problems import Problem, malformed
from ordinance.serve.behind.small_answers import read_models

#: How long a list is believed, in seconds.
LIFE_SECONDS = 30.0


class Loras:
    """The names that a server answers to. Requests that come while it is asked wait for the same answer."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._until = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def names(self, ask: Callable[[], Awaitable[bytes]]) -> frozenset[str]:
        """Return the names in the server's list of models, which ``ask`` requests. Raises ``Problem`` if that fails."""
        if asyncio.get_running_loop().time() >= self._until:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._learn(ask))
                self._asking.add_done_callback(_looked_at)
            await asyncio.shield(self._asking)
        return self._names

    async def _learn(self, ask: Callable[[], Awaitable[bytes]]) -> None:
        try:
            listed = await ask()
        except Problem as problem:
            # A server that refuses to list its models has not refused the client's request.
            raise problem if problem.status >= 500 else malformed("it does not list its models") from None
        self._names = frozenset(model.id for model in read_models(listed))
        self._until = asyncio.get_running_loop().time() + LIFE_SECONDS


def _looked_at(asking: asyncio.Task[None]) -> None:
    """Retrieve the task's failure: it is reported to whoever waits, and ignored if nobody does any more."""
    if not asking.cancelled():
        asking.exception()
