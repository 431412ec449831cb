"""The contract of a store: under pseudonyms, when each notice of a conversation was last given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

#: How long a question to another server may take, connecting included, in seconds: an answer waits for it.
PATIENCE_SECONDS = 2.0
#: How often a database deletes what has expired, in seconds.
PRUNED_EVERY = 3600
#: Conversations of one owner that a database keeps at most, and after how many more from one process that is seen to.
#: Each takes about 0.3 kB.
MOST, BOUND_EVERY = 100_000, 10_000

#: A row of a table: conversation, notice, owner, at, until.
Row = tuple[bytes, str, bytes, int, int]


class StoreError(Exception):
    """The store did not answer, or not in time. Its text names no conversation."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What to remember: in the conversations of these ``keys``, which belong to ``owner``, the ``notices`` were given
    ``at`` a time; nobody needs that after ``until``. Keys and owner are digests; times have whole seconds."""

    keys: tuple[bytes, ...]
    owner: bytes
    notices: frozenset[str]
    at: datetime
    until: datetime

    @property
    def rows(self) -> list[Row]:
        """The rows that a table has of it, one for each notice in each conversation."""
        at, until = seconds(self.at), seconds(self.until)
        return [(key, notice, self.owner, at, until) for key in self.keys for notice in sorted(self.notices)]


def seconds(moment: datetime) -> int:
    """Return a moment as stores write it, in whole seconds since 1970."""
    return int(moment.timestamp())


def moments(found: Iterable[tuple[str, int | str]]) -> dict[str, datetime]:
    """Read when each notice was given from what a store has written."""
    return {notice: datetime.fromtimestamp(int(at), UTC) for notice, at in found}


class Store(Protocol):
    """Every method raises ``StoreError``. Several processes, and several machines, may use one store at once.
    ``lasting`` says that it outlasts this process."""

    lasting: bool

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        """Return when each notice was last given in the conversation of this key; empty if nothing is known of it, or
        nothing that is still kept ``now``."""

    async def write(self, entry: Entry) -> None:
        """Remember ``entry``. Of two times for one notice, what was written last is kept: a clock may have been set
        back."""

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        """Count the conversations that are kept ``now``, all or those of ``owner``."""

    async def forget(self, owners: Collection[bytes]) -> int:
        """Delete the conversations of these owners; return how many there were."""

    async def close(self) -> None:
        """Let go of files and connections. The store opens them again if it is asked again."""
