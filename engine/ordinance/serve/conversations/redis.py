"""A store in Redis, or what speaks its protocol, that several machines share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ordinance.serve.conversations.store import MOST, PATIENCE_SECONDS, Entry, StoreError, moments, seconds

T = TypeVar("T")

_CONVERSATION, _OWNER = "ordinance:told:", "ordinance:owned:"

#: One step for the server. KEYS: conversation, owner, whose conversations are sorted by when they expire: those that
#: have are dropped, and if there are too many, those that would be next. ARGV: the conversation's key, at, until, how
#: many an owner keeps, what stands before a key, notices.
_WRITE = """
for i = 6, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], ARGV[2]) end
redis.call('EXPIREAT', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
local last = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4]) - 1
if last >= 0 then
  for _, gone in ipairs(redis.call('ZRANGE', KEYS[2], 0, last)) do redis.call('DEL', ARGV[5] .. gone) end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, last)
end
redis.call('EXPIREAT', KEYS[2], ARGV[3])
"""


class RedisStore:
    """A ``Store``. ``url`` may hold a password and is told to nobody. Redis itself deletes what has expired."""

    lasting = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: Redis | None = None

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        found = await self._do(lambda redis: redis.hgetall(_CONVERSATION + key.hex()))
        return moments((str(notice), str(at)) for notice, at in found.items())

    async def write(self, entry: Entry) -> None:
        async def write(redis: Redis) -> None:
            async with redis.pipeline(transaction=False) as pipeline:
                for key in entry.keys:
                    names = (_CONVERSATION + key.hex(), _OWNER + entry.owner.hex())
                    times = (seconds(entry.at), seconds(entry.until))
                    pipeline.eval(_WRITE, 2, *names, key.hex(), *times, MOST, _CONVERSATION, *sorted(entry.notices))
                await pipeline.execute()

        await self._do(write)

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        async def count(redis: Redis) -> int:
            if owner is None:
                return sum([1 async for _ in redis.scan_iter(match=_CONVERSATION + "*", count=1000)])
            return int(await redis.zcount(_OWNER + owner.hex(), f"({seconds(now)}", "+inf"))

        return await self._do(count)

    async def forget(self, owners: Collection[bytes]) -> int:
        async def forget(redis: Redis) -> int:
            found = 0
            for owner in owners:
                name = _OWNER + owner.hex()
                if kept := [_CONVERSATION + str(key) for key in await redis.zrange(name, 0, -1)]:
                    found += await redis.delete(*kept)
                await redis.delete(name)
            return found

        return await self._do(forget)

    async def close(self) -> None:
        redis, self._open = self._open, None
        if redis is not None:
            await redis.aclose()

    async def _do(self, work: Callable[[Redis], Awaitable[T]]) -> T:
        if self._open is None:
            self._open = Redis.from_url(
                self._url,
                decode_responses=True,
                socket_timeout=PATIENCE_SECONDS,
                socket_connect_timeout=PATIENCE_SECONDS,
            )
        try:
            return await work(self._open)
        except (RedisError, OSError) as error:
            await self.close()
            raise StoreError(f"Redis: {type(error).__name__}") from None
