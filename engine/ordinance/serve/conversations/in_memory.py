"""A store in this process: for one that has nowhere to write. It forgets everything when the process ends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime

from ordinance.serve.conversations.store import Entry

#: Conversations that are kept at most; the ones that were silent longest go first. Each takes about 1 kB.
_MOST = 100_000


class InMemoryStore:
    """A ``Store``."""

    lasting = False

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[bytes, datetime, dict[str, datetime]]] = OrderedDict()

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        _, until, told = self._kept.get(key, (b"", now, {}))
        return dict(told) if until > now else {}

    async def write(self, entry: Entry) -> None:
        for key in entry.keys:
            _, _, told = self._kept.pop(key, (b"", entry.until, {}))
            told |= {name: max(entry.at, told.get(name, entry.at)) for name in entry.notices}
            self._kept[key] = (entry.owner, entry.until, told)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        return sum(until > now and owner in (None, whose) for whose, until, _ in self._kept.values())

    async def forget(self, owners: Collection[bytes]) -> int:
        gone = [key for key, (owner, _, _) in self._kept.items() if owner in owners]
        for key in gone:
            del self._kept[key]
        return len(gone)

    async def close(self) -> None:
        pass
