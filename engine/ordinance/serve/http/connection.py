"""A connection that has a place, and does not wait for ever for a request: uvicorn bounds only the time after one."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from ordinance.serve.http.admission import Places, home_of
from ordinance.serve.http.strict_http import StrictProtocol


class Connection(StrictProtocol):
    """Closes when no request has begun in ``idle`` seconds, new or kept. Its places are those of the process."""

    def __init__(
        self, config: Config, state: ServerState, app_state: dict[str, Any], places: Places, idle: float
    ) -> None:
        super().__init__(config, state, app_state)
        self.home = ""
        self._places = places
        self._idle_seconds = idle
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete or self.transport.is_closing()

    @property
    def served(self) -> bool:
        return self.cycle is not None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.home = home_of(self.client[0] if self.client else "")
        self._places.enter(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._places.leave(self)
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._places.stay(self)
        if self.idle:
            self._watch()

    def dismiss(self) -> None:
        self.transport.abort()

    def _watch(self) -> None:
        """Look in a while whether a request has begun since now."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self._idle_seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.idle:
            self.transport.abort()
