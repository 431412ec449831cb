"""A store in this process: for one that has nowhere to write. It forgets everything when the process ends."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from ordinance.serve.conversations.store import Entry

#: Conversations that are kept at most. Each takes about 1 kB. Where there are more, whoever has most loses the one that
#: was silent longest.
_MOST = 100_000


class InMemoryStore:
    """A ``Store``."""

    lasting = False

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[datetime, dict[str, datetime]]] = {}
        #: Whose they are, the ones that were silent longest first.
        self._owned: defaultdict[bytes, OrderedDict[bytes, None]] = defaultdict(OrderedDict)

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        until, told = self._kept.get(key, (now, {}))
        return dict(told) if until > now else {}

    async def write(self, entry: Entry) -> None:
        for key in entry.keys:
            _, told = self._kept.get(key, (entry.until, {}))
            told |= dict.fromkeys(entry.notices, entry.at)
            self._kept[key] = (entry.until, told)
            self._owned[entry.owner][key] = None
            self._owned[entry.owner].move_to_end(key)
        while len(self._kept) > _MOST:
            richest = max(self._owned.values(), key=len)
            gone, _ = richest.popitem(last=False)
            del self._kept[gone]

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        keys = self._kept if owner is None else self._owned.get(owner, ())
        return sum(self._kept[key][0] > now for key in keys)

    async def forget(self, owners: Collection[bytes]) -> int:
        gone = [key for owner in owners for key in self._owned.pop(owner, ())]
        for key in gone:
            del self._kept[key]
        return len(gone)

    async def close(self) -> None:
        pass
