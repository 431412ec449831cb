"""A store in a PostgreSQL database that several machines share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import asyncpg

from ordinance.serve.conversations.store import (
    BOUND_EVERY,
    MOST,
    PATIENCE_SECONDS,
    PRUNED_EVERY,
    Entry,
    StoreError,
    moments,
    seconds,
)

T = TypeVar("T")

#: One statement each: where several gateways start at once, each finds what another made.
_TABLE = """
CREATE TABLE IF NOT EXISTS ordinance_told (
    conversation bytea NOT NULL, notice text NOT NULL, owner bytea NOT NULL, at bigint NOT NULL, until bigint NOT NULL,
    PRIMARY KEY (conversation, notice)
);
CREATE INDEX IF NOT EXISTS ordinance_told_until ON ordinance_told (until);
CREATE INDEX IF NOT EXISTS ordinance_told_owner ON ordinance_told (owner);
"""
_READ = "SELECT notice, at FROM ordinance_told WHERE conversation = $1 AND until > $2"
_WRITE = """
INSERT INTO ordinance_told VALUES ($1, $2, $3, $4, $5) ON CONFLICT (conversation, notice)
DO UPDATE SET at = excluded.at, until = excluded.until
"""
_COUNT = "SELECT count(DISTINCT conversation) FROM ordinance_told WHERE until > $1"

#: Owners who may have more conversations than these: they have more rows.
_RICH = "SELECT owner FROM ordinance_told GROUP BY owner HAVING count(*) > $1"
#: Leaves an owner so many conversations: those that expire last.
_BOUND = """
DELETE FROM ordinance_told WHERE owner = $1 AND conversation IN (
    SELECT conversation FROM ordinance_told WHERE owner = $1 GROUP BY conversation ORDER BY max(until) DESC OFFSET $2
)
"""

_CONNECTIONS = 4
#: Makes sure that two gateways do not make the table at the same moment. Any number, the same in each.
_LOCK = 0x0D1_7A9CE


class PostgresqlStore:
    """A ``Store``. The connections belong to the event loop that asks first; ``url`` may hold a password and is told
    to nobody."""

    lasting = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._pruned = 0
        #: How many conversations were written for each owner since it was last seen to that they are not too many.
        self._written: Counter[bytes] = Counter()

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        rows = await self._do(lambda pool: pool.fetch(_READ, key, seconds(now)))
        return moments(rows)

    async def write(self, entry: Entry) -> None:
        await self._do(lambda pool: pool.executemany(_WRITE, entry.rows))
        at = seconds(entry.at)
        if at - self._pruned >= PRUNED_EVERY:
            self._pruned = at
            await self._do(partial(self._prune, at))
        self._written[entry.owner] += len(entry.keys)
        if self._written[entry.owner] >= BOUND_EVERY:
            del self._written[entry.owner]
            await self._do(lambda pool: pool.execute(_BOUND, entry.owner, MOST))

    async def _prune(self, at: int, pool: asyncpg.Pool) -> None:
        await pool.execute("DELETE FROM ordinance_told WHERE until <= $1", at)
        for (owner,) in await pool.fetch(_RICH, MOST):
            await pool.execute(_BOUND, owner, MOST)

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        if owner is None:
            return int(await self._do(lambda pool: pool.fetchval(_COUNT, seconds(now))))
        return int(await self._do(lambda pool: pool.fetchval(f"{_COUNT} AND owner = $2", seconds(now), owner)))

    async def forget(self, owners: Collection[bytes]) -> int:
        deleted = "DELETE FROM ordinance_told WHERE owner = ANY($1) RETURNING conversation"
        rows = await self._do(lambda pool: pool.fetch(deleted, list(owners)))
        return len({bytes(row["conversation"]) for row in rows})

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _do(self, work: Callable[[Any], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await work(await self._connected())
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            await self.close()
            raise StoreError(f"PostgreSQL: {type(error).__name__}") from None

    async def _connected(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                pool = await asyncpg.create_pool(self._url, min_size=1, max_size=_CONNECTIONS, timeout=PATIENCE_SECONDS)
                try:
                    async with pool.acquire() as connection, connection.transaction():
                        await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                        await connection.execute(_TABLE)
                except BaseException:
                    pool.terminate()
                    raise
                self._pool = pool
            return self._pool
