"""The databases, one of each for all tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from ordinance.serve.conversations.postgresql import PostgresqlStore
from ordinance.serve.conversations.redis import RedisStore
from support.databases import Database, PostgresqlServer, RedisServer
from support.store_contract import OTHER, OWNER


@pytest.fixture(scope="session", params=["postgresql", "redis"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp(request.param)
    running = PostgresqlServer(folder) if request.param == "postgresql" else RedisServer(folder)
    yield running
    running.stop()


@pytest.fixture
def database(server: Database) -> Database:
    """The server, with nothing in it that a test wrote before."""

    async def clear() -> None:
        store = store_at(server.url)
        await store.forget([OWNER, OTHER])
        await store.close()

    asyncio.run(clear())
    return server


def store_at(url: str) -> PostgresqlStore | RedisStore:
    return RedisStore(url) if url.startswith("redis") else PostgresqlStore(url)
