"""A store in a SQLite file that all processes of one machine share."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ordinance.serve.conversations.store import BOUND_EVERY, MOST, PRUNED_EVERY, Entry, StoreError, moments, seconds

T = TypeVar("T")

_TABLE = """
CREATE TABLE IF NOT EXISTS told (
    conversation BLOB NOT NULL, notice TEXT NOT NULL, owner BLOB NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (conversation, notice)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS told_until ON told (until);
CREATE INDEX IF NOT EXISTS told_owner ON told (owner);
"""
_READ = "SELECT notice, at FROM told WHERE conversation = ? AND until > ?"
_WRITE = """
INSERT INTO told VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET at = excluded.at, until = excluded.until
"""
_COUNT = "SELECT count(DISTINCT conversation) FROM told WHERE until > ?"
#: Owners who may have more conversations than these: they have more rows.
_RICH = "SELECT owner FROM told GROUP BY owner HAVING count(*) > ?"
#: Leaves an owner so many conversations: those that expire last.
_BOUND = """
DELETE FROM told WHERE owner = ?1 AND conversation IN (
    SELECT conversation FROM told WHERE owner = ?1 GROUP BY conversation ORDER BY max(until) DESC LIMIT -1 OFFSET ?2
)
"""

#: How long one process waits while another writes, in seconds.
_BUSY_SECONDS = 2.0


class SqliteStore:
    """A ``Store``. Connections are opened at the first question, so that a process which starts others shares none with
    them. One belongs to a thread, which may wait for the disk and for other processes. The other reads without it: in a
    file that is written ahead (WAL) no reader waits for a writer, and the way through a thread costs ten times a read.
    """

    lasting = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "conversations")
        self._open: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._pruned = 0
        #: How many conversations were written for each owner since it was last seen to that they are not too many.
        self._written: Counter[bytes] = Counter()

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        rows = self._read_at_once(key, now)
        if rows is None:
            rows = await self._do(lambda file: _rows(file, key, now))
            self._reader = self._reader or sqlite3.connect(self._path, timeout=0)
        return moments(rows)

    def _read_at_once(self, key: bytes, now: datetime) -> list[tuple[str, int]] | None:
        """Read without a thread; None if nothing is open yet, or the file cannot be read at once."""
        if self._reader is None:
            return None
        try:
            return _rows(self._reader, key, now)
        except sqlite3.Error:
            self._reader.close()
            self._reader = None
            return None

    async def write(self, entry: Entry) -> None:
        at = seconds(entry.at)

        def write(file: sqlite3.Connection) -> None:
            if at - self._pruned >= PRUNED_EVERY:
                file.execute("DELETE FROM told WHERE until <= ?", (at,))
                for (owner,) in file.execute(_RICH, (MOST,)).fetchall():
                    file.execute(_BOUND, (owner, MOST))
                self._pruned = at
            file.executemany(_WRITE, entry.rows)
            self._bound(file, entry)

        await self._do(write)

    def _bound(self, file: sqlite3.Connection, entry: Entry) -> None:
        self._written[entry.owner] += len(entry.keys)
        if self._written[entry.owner] >= BOUND_EVERY:
            file.execute(_BOUND, (entry.owner, MOST))
            del self._written[entry.owner]

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        asked = (_COUNT, (seconds(now),)) if owner is None else (f"{_COUNT} AND owner = ?", (seconds(now), owner))
        return int((await self._do(lambda file: file.execute(*asked).fetchone()))[0])

    async def forget(self, owners: Collection[bytes]) -> int:
        def forget(file: sqlite3.Connection) -> int:
            found = 0
            for owner in owners:
                rows = file.execute("SELECT count(DISTINCT conversation) FROM told WHERE owner = ?", (owner,))
                found += rows.fetchone()[0]
                file.execute("DELETE FROM told WHERE owner = ?", (owner,))
            return found

        return await self._do(forget)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` as one transaction, in the thread."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)
        except (sqlite3.Error, OSError) as error:
            await self.close()
            raise StoreError(f"{self._path}: {error}") from None

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._open is None:
            self._open = self._connect()
        with self._open as file:
            return work(file)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))  # for its owner alone, from the first moment
        file = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            # After a kill nothing is lost; after a power failure the last seconds may be, and are told once more.
            with closing(file.execute("PRAGMA journal_mode = WAL")):
                file.execute("PRAGMA synchronous = NORMAL")
            file.executescript(_TABLE)
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _rows(file: sqlite3.Connection, key: bytes, now: datetime) -> list[tuple[str, int]]:
    return file.execute(_READ, (key, seconds(now))).fetchall()
