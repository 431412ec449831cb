"""Recalls what earlier answers of a conversation told, and remembers what this one does. A store that fails fails no
answer: what has to be told is told again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from ordinance.runtime.remembered import NOTHING_TOLD, Remembered, Told
from ordinance.serve.conversations.conversation_key import Beginning, conversation_key, owner_key
from ordinance.serve.conversations.store import Entry, Store, StoreError
from ordinance.serve.http.stderr import tell

T = TypeVar("T")

#: After a failure the store is asked again after so many seconds; until then no answer waits for it.
_AGAIN_AFTER = 5.0
#: By how much the clocks of two gateways may differ. A notice that was given later than that from now was given by a
#: clock that was wrong.
_SKEW = timedelta(minutes=1)


class Recollection:
    """What is remembered of all conversations, in ``store``, for so many ``days``."""

    def __init__(self, store: Store, secret: bytes, days: float) -> None:
        self._store = store
        self._secret = secret
        self._kept = timedelta(days=days)
        #: When the store failed, by the monotonic clock; None while it works.
        self._failed: float | None = None

    @property
    def lasting(self) -> bool:
        """Whether what is remembered outlasts this process."""
        return self._store.lasting

    @property
    def failing(self) -> bool:
        """Whether the store failed when it was last asked."""
        return self._failed is not None

    async def of(self, client: str, beginning: Beginning, now: datetime, elapsed: int | None = None) -> Remembered:
        """Recall what was told in a conversation of ``client``, the SHA-256 of an API key ("" without keys).

        If the store does not know the conversation, or cannot be asked, or the beginning is like any other, nothing
        was told. What a request claims, that it was told ``elapsed`` seconds ago, can make a notice come sooner, never
        later. Of what was told in the future, as a clock that was set back shows it, nobody knows when.
        """
        if not beginning.tells_apart:
            return NOTHING_TOLD
        key = conversation_key(self._secret, client, beginning)
        told: Mapping[str, datetime] = await self._ask(lambda: self._store.read(key, now), {})
        if not told:
            return NOTHING_TOLD
        latest = now if elapsed is None else now - timedelta(seconds=elapsed)
        return Remembered(
            MappingProxyType({name: Told(min(at, latest) if at <= now + _SKEW else None) for name, at in told.items()})
        )

    async def keep(self, client: str, beginnings: Iterable[Beginning], notices: Collection[str], now: datetime) -> None:
        """Remember that an answer gave ``notices`` in the conversations that began so: several where a first answer had
        several choices."""
        known = dict.fromkeys(each for each in beginnings if each.tells_apart)
        keys = tuple(conversation_key(self._secret, client, each) for each in known)
        if keys and notices:
            entry = Entry(keys, owner_key(self._secret, client), frozenset(notices), now, now + self._kept)
            await self._ask(lambda: self._store.write(entry), None)

    async def forget(self, clients: Iterable[str]) -> int:
        """Delete what is remembered of these clients' conversations; return how many there were. Raises
        ``StoreError``."""
        return await self._store.forget([owner_key(self._secret, client) for client in clients])

    async def count(self, now: datetime, client: str | None = None) -> int:
        """Count the conversations that are remembered, all or those of ``client``. Raises ``StoreError``."""
        return await self._store.count(now, None if client is None else owner_key(self._secret, client))

    async def close(self) -> None:
        """Let go of the store's files and connections."""
        await self._store.close()

    async def _ask(self, work: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """Ask the store, and note whether it fails; ``otherwise`` if it does, or did a moment ago."""
        if self._failed is not None and time.monotonic() - self._failed < _AGAIN_AFTER:
            return otherwise
        try:
            found = await work()
        except StoreError as error:
            if self._failed is None:
                tell(f"what conversations were told cannot be remembered; notices are given again: {error}")
            self._failed = time.monotonic()
            return otherwise
        self._failed = None
        return found
