"""A connection that does not wait for ever for the head of a request: uvicorn bounds only the time between requests."""

from __future__ import annotations

import asyncio
from typing import Any

from ordinance.serve.strict_http import StrictProtocol

#: How long a client may take to send the head of a request, in seconds.
HEAD_SECONDS = 30.0


class PatientConnection(StrictProtocol):
    """Closes when a request has not begun in time."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is None and self._is_idle():
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Look in a while whether a request has begun since now."""
        self._timer = self.loop.call_later(HEAD_SECONDS, self._look, self.cycle)

    def _look(self, last: object) -> None:
        self._timer = None
        if self.transport.is_closing() or not self._is_idle():
            return
        if self.cycle is last:
            self.transport.close()
        else:
            self._watch()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete
