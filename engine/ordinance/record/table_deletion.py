"""Deletes records from a table, in one transaction: servers go on, and a kill leaves the table as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ordinance.errors import UnwritableError
from ordinance.record.deletion import Chosen, Gone
from ordinance.record.links import Link
from ordinance.record.record_table import ROWS_AT_ONCE, RecordTable, opened
from ordinance.record.signed_lines import sign
from ordinance.trust.detached import Signer

#: Where the statements of deletions begin: below every record.
_STATEMENTS = -(2**62)
#: Two deletions at once would give their statements one place. Any number, another than the writers' (``table_log``).
_LOCK = 0x0D1_7A9CF
_KEPT = """
SELECT place, line FROM ordinance_record WHERE place > 0 AND line NOT LIKE '{"v":1,"event":"deleted",%' ORDER BY place
"""
_PUT = "INSERT INTO ordinance_record (place, line) OVERRIDING SYSTEM VALUE VALUES ($1, $2)"
_REPLACE = "UPDATE ordinance_record SET line = $2 WHERE place = $1"


def delete_in(table: RecordTable, chosen: Chosen, signer: Signer) -> int:
    """Delete the records of ``table`` that are ``chosen``; return how many. Those that are written meanwhile stay.
    Raises ``UnwritableError``, and changes nothing."""
    try:
        with opened(table) as database:
            database.run(lambda connection: connection.execute("SELECT pg_advisory_lock($1)", _LOCK))
            return database.run(lambda connection: _delete(connection, chosen, signer))
    except OSError as error:
        raise UnwritableError(
            f"nothing was deleted from the record {table}: {error.strerror}.",
            help="Name the address of a role that may insert into and update ordinance_record (docs/record.md).",
        ) from None


async def _delete(connection: Any, chosen: Chosen, signer: Signer) -> int:
    async with connection.transaction(isolation="repeatable_read"):
        gone = Gone(chosen)
        async for _, link in _links(connection, chosen):
            gone.take(link)
        if gone.records:
            before = await connection.fetchval("SELECT count(*) FROM ordinance_record WHERE place < 0")
            says = gone.statement(before + 1)
            made = sign(says, signer.key_id, signer.sign)
            replaced: list[tuple[int, str]] = []
            async for place, link in _links(connection, chosen):
                replaced.append((place, link.deleted(says.id).decode()))
                if len(replaced) == ROWS_AT_ONCE:
                    await connection.executemany(_REPLACE, replaced)
                    replaced.clear()
            await connection.executemany(_REPLACE, replaced)
            await connection.execute(_PUT, _STATEMENTS + says.number, made[:-1].decode())
        return gone.records


async def _links(connection: Any, chosen: Chosen) -> AsyncIterator[tuple[int, Link]]:
    """Yield the records that are to go, each with its place."""
    async for place, line in connection.cursor(_KEPT, prefetch=ROWS_AT_ONCE):
        if link := chosen.takes(line.encode()):
            yield place, link
