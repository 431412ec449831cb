"""Records in a SQLite file, each once."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ordinance.plugin import Record
from ordinance_sinks.line import line

_TABLE = """
CREATE TABLE IF NOT EXISTS records (
    id BLOB PRIMARY KEY,
    time TEXT NOT NULL,
    event TEXT NOT NULL,
    request TEXT NOT NULL,
    verdict TEXT,
    record TEXT NOT NULL
) WITHOUT ROWID
"""
_INDEX = "CREATE INDEX IF NOT EXISTS by_time ON records (time)"


class File:
    """Appends records to the SQLite file ``path``, and deletes those older than ``days``; 0: none.

    A record that is written again, because nobody knew whether it had been, stands there once: its id is its SHA-256.
    """

    def __init__(self, path: Path, days: int) -> None:
        self._path = path
        self._days = days
        self._alone = threading.Lock()

    def write(self, records: Sequence[Record]) -> None:
        """Write all of ``records`` or none. Raises ``sqlite3.Error``."""
        rows = [_row(record) for record in records]
        with self._alone, closing(sqlite3.connect(self._path, timeout=5)) as file, file:
            file.execute(_TABLE)
            file.execute(_INDEX)
            file.executemany("INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
            if self._days:
                oldest = datetime.now(UTC) - timedelta(days=self._days)
                file.execute("DELETE FROM records WHERE time < ?", (oldest.isoformat(timespec="milliseconds"),))


def _row(record: Record) -> tuple[bytes, str, str, str, str | None, str]:
    written = line(record)
    verdict = record.get("verdict")
    return (
        hashlib.sha256(written.encode()).digest(),
        str(record.get("time", "")),
        str(record.get("event", "")),
        str(record.get("request", "")),
        None if verdict is None else str(verdict),
        written,
    )
