"""A store in Redis, or what speaks its protocol, that several machines share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ordinance.serve.conversations.store import Entry, StoreError

#: How long a question may take, connecting included, in seconds: an answer waits for it.
_SECONDS = 2.0

_CONVERSATION, _OWNER = "ordinance:told:", "ordinance:owner:"

#: One step for the server, so that of two gateways' times the later is kept. KEYS: conversation, owner.
#: ARGV: the conversation's key, at, until, notices.
_WRITE = """
for i = 4, #ARGV do
  local had = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0')
  if tonumber(ARGV[2]) > had then redis.call('HSET', KEYS[1], ARGV[i], ARGV[2]) end
end
redis.call('EXPIREAT', KEYS[1], ARGV[3])
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('EXPIREAT', KEYS[2], ARGV[3])
"""


class RedisStore:
    """A ``Store``. ``url`` may hold a password and is told to nobody. Redis itself deletes what has expired."""

    lasting = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: Redis | None = None

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        try:
            found = await self._redis().hgetall(_CONVERSATION + key.hex())
        except (RedisError, OSError) as error:
            raise await self._failed(error) from None
        return {str(name): datetime.fromtimestamp(int(at), UTC) for name, at in found.items()}

    async def write(self, entry: Entry) -> None:
        at, until = int(entry.at.timestamp()), int(entry.until.timestamp())
        try:
            redis = self._redis()
            async with redis.pipeline(transaction=False) as pipeline:
                for key in entry.keys:
                    names = (_CONVERSATION + key.hex(), _OWNER + entry.owner.hex())
                    pipeline.eval(_WRITE, 2, *names, key.hex(), at, until, *sorted(entry.notices))
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise await self._failed(error) from None

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        try:
            redis = self._redis()
            if owner is None:
                return sum([1 async for _ in redis.scan_iter(match=_CONVERSATION + "*", count=1000)])
            return len(await self._of(redis, owner))
        except (RedisError, OSError) as error:
            raise await self._failed(error) from None

    async def forget(self, owners: Collection[bytes]) -> int:
        try:
            redis, found = self._redis(), 0
            for owner in owners:
                kept = await self._of(redis, owner)
                found += len(kept)
                await redis.delete(*(_CONVERSATION + key for key in kept), _OWNER + owner.hex())
            return found
        except (RedisError, OSError) as error:
            raise await self._failed(error) from None

    async def close(self) -> None:
        redis, self._open = self._open, None
        if redis is not None:
            await redis.aclose()

    async def _of(self, redis: Redis, owner: bytes) -> list[str]:
        """Return the keys of an owner's conversations that have not expired, in hexadecimal."""
        keys = [str(key) async for key in redis.sscan_iter(_OWNER + owner.hex())]
        return [key for key in keys if await redis.exists(_CONVERSATION + key)]

    def _redis(self) -> Redis:
        if self._open is None:
            self._open = Redis.from_url(
                self._url, decode_responses=True, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
            )
        return self._open

    async def _failed(self, error: Exception) -> StoreError:
        await self.close()
        return StoreError(f"Redis: {type(error).__name__}")
