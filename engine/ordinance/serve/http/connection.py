"""A connection that has a place, does not wait for ever for a request (uvicorn bounds only the time after one), and can
be left to another process."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.server import ServerState

from ordinance.serve.http.admission import Places, home_of
from ordinance.serve.http.handover import Handover
from ordinance.serve.http.strict_http import StrictProtocol

#: A connection whose last bytes its client has not read, or for which there is no room, is left after this time, in
#: seconds.
_LATER_SECONDS = 0.02
#: Between two requests, as h11 calls what client and server are doing.
_BETWEEN = ((h11.IDLE, h11.IDLE), (h11.DONE, h11.DONE))


class Connection(StrictProtocol):
    """Closes when no request has begun in ``idle`` seconds, new or kept. Its places are those of the process. ``read``
    is what another process has read from it."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        app_state: dict[str, Any],
        places: Places,
        idle: float,
        read: bytes = b"",
    ) -> None:
        super().__init__(config, state, app_state)
        self._read = read
        self._handover: Handover | None = None
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
        if self._read:
            self.data_received(self._read)

    def connection_lost(self, exc: Exception | None) -> None:
        self._places.leave(self)
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        if self._handover is not None and not self.transport.is_closing():
            self._depart(self._handover)
            return
        super().on_response_complete()
        self._places.stay(self)
        if self.idle:
            self._watch()

    def dismiss(self) -> None:
        self.transport.abort()

    def give_to(self, handover: Handover) -> None:
        """Leave this connection to another process, with which the client goes on: now, or when its request has been
        answered."""
        if self._handover is None:
            self._handover = handover
            if self.idle:
                self._depart(handover)

    def _depart(self, handover: Handover) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self.transport.pause_reading()
        if (self.conn.our_state, self.conn.their_state) not in _BETWEEN:  # the request was refused before its end
            self.transport.close()
            return
        taken = False
        if not self.transport.get_write_buffer_size():
            try:
                taken = handover.leave(self.transport.get_extra_info("socket").fileno(), self.conn.trailing_data[0])
            except OSError:  # it cannot be left, so its client has to connect again
                taken = True
        if taken:
            self.transport.abort()  # closes this process's descriptor alone
        else:
            self.loop.call_later(_LATER_SECONDS, self._depart, handover)

    def _watch(self) -> None:
        """Look in a while whether a request has begun since now."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self._idle_seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.idle:
            self.transport.abort()
