"""What is shown to the shadow policy: a request, and what the model server said to it."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

from ordinance.runtime.remembered import Remembered
from ordinance.serve.behind.contract import Answer, Want
from ordinance.serve.http.keys import Client


@dataclass(frozen=True, slots=True)
class Overheard:
    """An answer that came to its end. ``api`` is the route, ``body`` the request's, ``said`` what the model server
    sent; empty if it was not asked. ``wanted``, ``elapsed`` and ``slots`` are what the request claims (``Claims``),
    ``remembered`` what was told in its conversation. ``digest`` is that of the policy in force, ``about`` what its
    record says of the request."""

    api: str
    body: bytes
    said: tuple[bytes, ...]
    client: Client
    wanted: tuple[str, ...]
    elapsed: int | None
    slots: Mapping[str, str]
    remembered: Remembered | None
    now: datetime
    digest: str
    about: Mapping[str, Any] = field(default_factory=dict)

    def packed(self) -> bytes:
        """Return it as it travels to the other process, which needs no record."""
        told = self.remembered
        if told is not None:
            told = replace(told, notices=dict(told.notices))  # a view of a mapping does not travel
        client = replace(self.client, attested=dict(self.client.attested))
        return pickle.dumps(replace(self, remembered=told, client=client, slots=dict(self.slots), about={}))


class Room:
    """How many bytes may wait for the shadow policy: ``most``, of all requests together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._lock = Lock()

    def take(self, size: int) -> bool:
        """Take ``size`` bytes of it; False, and nothing is taken, if there are not so many left."""
        with self._lock:
            if self._taken + size > self._most:
                return False
            self._taken += size
            return True

    def give(self, size: int) -> None:
        """Give ``size`` bytes back."""
        with self._lock:
            self._taken -= size


class Tap:
    """Keeps what the model server says of one answer, as far as ``room`` has place for it and for the ``body`` of the
    request. ``full``: there was none, and nothing is kept. ``close`` it, once, when the pieces are not needed."""

    def __init__(self, room: Room, body: bytes) -> None:
        self.pieces: list[bytes] = []
        self.body = body
        self._room = room
        self._size = len(body)
        self.full = not room.take(self._size)

    def on(self, answer: Answer) -> Answer:
        """Return what gives each piece on to ``answer``, as it came."""
        return _Tapped(answer, self)

    def keep(self, piece: bytes) -> None:
        if self.full:
            return
        if self._room.take(len(piece)):
            self._size += len(piece)
            self.pieces.append(piece)
        else:
            self.close()
            self.full = True

    def close(self) -> None:
        """Give the room back."""
        if not self.full:
            self._room.give(self._size)
        self._size, self.pieces, self.body = 0, [], b""


class _Tapped:
    def __init__(self, answer: Answer, tap: Tap) -> None:
        self._answer = answer
        self._tap = tap

    async def begin(self) -> None:
        await self._answer.begin()

    async def take(self, piece: bytes) -> Want:
        self._tap.keep(piece)
        return await self._answer.take(piece)
