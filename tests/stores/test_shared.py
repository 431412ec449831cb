"""Stores that several gateways share, in a real PostgreSQL and a real Redis."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from ordinance.serve.conversations import postgresql, redis
from ordinance.serve.conversations.store import StoreError
from stores.conftest import store_at
from support.databases import Database
from support.store_contract import CHECKS, NOW, OTHER, OWNER, A, B, Check, entry

#: Each starts servers.
pytestmark = pytest.mark.server


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.semantics(29)
def test_the_contract(check: Check, database: Database) -> None:
    asyncio.run(check(partial(store_at, database.url)))


def test_what_has_expired_is_not_told(database: Database) -> None:
    now = datetime.now(UTC)

    async def check() -> None:
        store = store_at(database.url)
        await store.write(entry(A, at=now - timedelta(days=2), days=1))
        assert await store.read(A, now) == {}
        assert await store.count(now) == 0
        await store.close()

    asyncio.run(check())


def test_what_has_expired_is_gone(database: Database) -> None:
    """However long its owner goes on writing."""
    now = datetime.now(UTC)

    async def check() -> None:
        store = store_at(database.url)
        await store.write(entry(A, at=now - timedelta(days=2), days=1))
        await store.close()
        store = store_at(database.url)  # a server prunes when it first writes, then once an hour
        await store.write(entry(B, at=now, days=1))
        long_ago = now - timedelta(days=10)
        assert await store.count(long_ago, OWNER) == 1, "what has expired is kept by nobody"
        await store.close()

    asyncio.run(check())


def test_whoever_fills_a_database_loses_their_own(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (postgresql, redis):
        monkeypatch.setattr(module, "MOST", 3)
    monkeypatch.setattr(postgresql, "BOUND_EVERY", 2)
    now = datetime.now(UTC)

    async def check() -> None:
        store = store_at(database.url)
        await store.write(entry(A, owner=OTHER, at=now))
        for number in range(20):
            at = now + timedelta(seconds=number)
            await store.write(entry(bytes([number]), at=at, notices="EU/machine US-CA/reminder"))
        assert await store.count(now, OWNER) == 3
        assert await store.read(A, now) != {}
        assert await store.read(bytes([19]), now) != {}
        assert await store.read(bytes([16]), now) == {}
        await store.close()

    asyncio.run(check())


def test_a_server_that_is_gone_fails_in_time_and_is_found_again(database: Database) -> None:
    async def check() -> None:
        store = store_at(database.url)
        await store.write(entry(A))
        database.stop()
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(StoreError) as failed:
                await store.read(A, NOW)
            assert database.url not in str(failed.value)
        assert time.monotonic() - began < 10
        database.start()
        for _ in range(100):  # PostgreSQL takes connections a moment before it answers
            try:
                assert await store.read(A, NOW) == {"EU/machine": NOW}
                break
            except StoreError:
                await asyncio.sleep(0.1)
        else:
            raise AssertionError("it was not found again")
        await store.close()

    asyncio.run(check())
