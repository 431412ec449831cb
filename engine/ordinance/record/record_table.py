"""The record in a table of a PostgreSQL database: the same lines as in a file, one a row, in the order of ``place``.

A deletion's statement has a place below zero, so it is read before the records, as at the top of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ordinance.errors import UsageError
from ordinance.record.record_lines import Line

if TYPE_CHECKING:
    from ordinance.record.database import Database

#: What an operator gives to psql, as the owner of the table.
SCHEMA = """\
CREATE TABLE IF NOT EXISTS ordinance_record (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line text NOT NULL
);
CREATE INDEX IF NOT EXISTS ordinance_record_checkpoints ON ordinance_record (place)
    WHERE line LIKE '{"event":"checkpoint",%';
"""
#: How an address begins.
SCHEMES = ("postgresql", "postgres")

#: A server of an address, with its port.
_SERVER = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")

#: So many rows are read at once.
ROWS_AT_ONCE = 1000
_READ = "SELECT place, line FROM ordinance_record ORDER BY place"


def is_address(text: str) -> bool:
    """Return whether ``text`` is meant as the address of a database."""
    return text.partition("://")[0] in SCHEMES and "://" in text


@dataclass(frozen=True, slots=True)
class RecordTable:
    """The record in the database at ``url``, which may contain a password and is told to nobody."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        """Return the address without user, password and options."""
        user, where = self._parts
        hidden = "?" in user or _has_no_server(where)  # a password may have any character
        return f"postgresql://{'…' if hidden else where.partition('?')[0]}"

    @property
    def has_password(self) -> bool:
        """Return whether the address may contain a password."""
        user, where = self._parts
        return ":" in user or _has_no_server(where) or "password" in self.url.partition("?")[2]

    @property
    def _parts(self) -> tuple[str, str]:
        user, _, where = self.url.partition("://")[2].rpartition("@")
        return user, where

    def lines(self) -> Iterator[Line]:
        """Yield the lines as they are at one moment, whatever is written meanwhile. Raises ``OSError``."""
        with opened(self) as database:
            reading = database.run(lambda connection: _start(connection))
            while rows := database.run(lambda _: reading.fetch(ROWS_AT_ONCE)):
                for place, line in rows:
                    yield Line(place, line.encode(), True)


def _has_no_server(where: str) -> bool:
    """Return whether a user and a password stand in the place of the servers, because the address lacks its ``@``."""
    return not all(map(_SERVER.fullmatch, re.split("[/?]", where)[0].split(",")))


async def _start(connection: Any) -> Any:
    await connection.transaction(isolation="repeatable_read", readonly=True).start()
    return await connection.cursor(_READ)


@contextmanager
def opened(table: RecordTable) -> Iterator[Database]:
    """Open the database of ``table``, whose commands may take as long as they take. Raises ``UsageError`` without the
    driver."""
    try:
        from ordinance.record.database import Database  # the driver is in an extra, and most need none
    except ModuleNotFoundError as error:
        raise UsageError(
            f"a record in PostgreSQL needs the package {error.name}, which is not installed.",
            help="Install ordinance[postgresql].",
        ) from None
    with Database(table.url, seconds=None) as database:
        yield database
