"""The names of models that a record may hold: those that the server lists. Any other is a client's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ordinance.protocol.problems import Problem
from ordinance.serve.behind.loras import LIFE_SECONDS, Loras

#: How long the server may take to list its models, in seconds.
_PATIENCE_SECONDS = 2.0


class Names:
    """Kept once they were listed. A server that lists none, or not this one, is asked again after a while."""

    def __init__(self, listed: Loras) -> None:
        self._listed = listed
        self._known: frozenset[str] = frozenset()
        self._until = float("-inf")

    def shown(self, model: str) -> str | None:
        """Return ``model``, or None if the server has not listed it."""
        return model if model in self._known else None

    async def learn(self, model: str, ask: Callable[[], Awaitable[bytes]]) -> None:
        """Look whether the server, which has answered as ``model``, lists it; ``ask`` gives the list."""
        now = asyncio.get_running_loop().time()
        if model in self._known or now < self._until:
            return
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self._known = await self._listed.names(ask)
        except (Problem, TimeoutError):
            pass
        if model not in self._known:
            self._until = now + LIFE_SECONDS
