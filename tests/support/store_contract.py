"""What every store of conversations must do, whichever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ordinance.serve.conversations.store import Entry, Store

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
A, B, C = (bytes([letter]) * 32 for letter in b"abc")
OWNER, OTHER = (bytes([letter]) * 32 for letter in b"OX")

#: Opens another hand on the same store, as another process or machine has it.
OpenStore = Callable[[], Store]


def entry(
    *keys: bytes, owner: bytes = OWNER, at: datetime = NOW, days: float = 30, notices: str = "EU/machine"
) -> Entry:
    return Entry(keys, owner, frozenset(notices.split()), at, at + timedelta(days=days))


class Check(Protocol):
    async def __call__(self, open_store: OpenStore) -> None: ...


async def what_is_written_is_read(open_store: OpenStore) -> None:
    store = open_store()
    assert await store.read(A, NOW) == {}
    await store.write(entry(A, notices="EU/machine engine/history"))
    assert await store.read(A, NOW) == {"EU/machine": NOW, "engine/history": NOW}
    assert await store.read(B, NOW) == {}
    await store.close()


async def each_notice_has_its_own_time_and_the_last_one_written_stays(open_store: OpenStore) -> None:
    store = open_store()
    await store.write(entry(A, at=LATER))
    await store.write(entry(A, at=NOW, notices="EU/machine US-CA/reminder"))
    assert await store.read(A, NOW) == {"EU/machine": NOW, "US-CA/reminder": NOW}
    await store.write(entry(A, at=LATER))
    assert await store.read(A, LATER) == {"EU/machine": LATER, "US-CA/reminder": NOW}
    await store.close()


async def several_conversations_are_written_at_once(open_store: OpenStore) -> None:
    store = open_store()
    await store.write(entry(A, B))
    assert await store.read(A, NOW) == await store.read(B, NOW) == {"EU/machine": NOW}
    await store.close()


async def another_hand_sees_it(open_store: OpenStore) -> None:
    one, other = open_store(), open_store()
    await one.write(entry(A))
    assert await other.read(A, NOW) == {"EU/machine": NOW}
    await one.close()
    assert await other.read(A, NOW) == {"EU/machine": NOW}
    await other.close()


async def an_owner_is_forgotten_and_nobody_else(open_store: OpenStore) -> None:
    store = open_store()
    await store.write(entry(A, B))
    await store.write(entry(C, owner=OTHER))
    assert (await store.count(NOW), await store.count(NOW, OWNER), await store.count(NOW, OTHER)) == (3, 2, 1)
    assert await store.forget([OWNER]) == 2
    assert await store.read(A, NOW) == await store.read(B, NOW) == {}
    assert await store.read(C, NOW) == {"EU/machine": NOW}
    assert await store.forget([OWNER]) == 0
    await store.close()


async def a_closed_store_opens_again(open_store: OpenStore) -> None:
    store = open_store()
    await store.write(entry(A))
    await store.close()
    assert await store.read(A, NOW) == {"EU/machine": NOW}
    await store.close()


async def many_write_at_once_and_nothing_is_lost(open_store: OpenStore) -> None:
    hands = [open_store() for _ in range(4)]
    keys = [number.to_bytes(32) for number in range(1, 101)]
    await asyncio.gather(*(hands[number % 4].write(entry(key)) for number, key in enumerate(keys)))
    assert await hands[0].count(NOW) == len(keys)
    for hand in hands:
        await hand.close()


CHECKS: list[Check] = [
    what_is_written_is_read,
    each_notice_has_its_own_time_and_the_last_one_written_stays,
    several_conversations_are_written_at_once,
    another_hand_sees_it,
    an_owner_is_forgotten_and_nobody_else,
    a_closed_store_opens_again,
    many_write_at_once_and_nothing_is_lost,
]
