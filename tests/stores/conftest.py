"""The databases, one of each for all tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ordinance.serve.conversations.postgresql import PostgresqlStore
from ordinance.serve.conversations.redis import RedisStore
from ordinance.serve.conversations.store import StoreError
from support.databases import PATIENCE, Database, PostgresqlServer, RedisServer
from support.store_contract import OTHER, OWNER


@pytest.fixture(scope="session", params=["postgresql", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[Database]:
    # Not below pytest's folder, which each run of another test closes to everyone but root.
    with TemporaryDirectory(prefix=f"ordinance-{request.param}-") as folder:
        made = PostgresqlServer if request.param == "postgresql" else RedisServer
        running = made(Path(folder))
        yield running
        running.stop()


@pytest.fixture
def database(server: Database) -> Database:
    """The server, with nothing in it that a test wrote before. PostgreSQL takes connections before it answers."""

    async def clear() -> None:
        store = store_at(server.url)
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(StoreError):
                    await store.forget([OWNER, OTHER])
                    break
                await asyncio.sleep(0.1)
        await store.close()

    asyncio.run(clear())
    return server


def store_at(url: str) -> PostgresqlStore | RedisStore:
    return RedisStore(url) if url.startswith("redis") else PostgresqlStore(url)
