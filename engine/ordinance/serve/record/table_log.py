"""The record in a table of a PostgreSQL database (docs/record.md#in-postgresql): a log as its writer sees it.

Processes append beside each other, under a shared lock; who signs takes it alone, so that all before a checkpoint's
place is committed. Where a connection breaks during a commit, the database is asked what came of the transaction: a
record is in the table once, or it is counted as lost.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ordinance.errors import ServeError
from ordinance.record.database import Database, DatabaseError, NotKeptError
from ordinance.record.links import Head, link_in
from ordinance.record.record_lines import has_no_chain
from ordinance.record.record_table import ROWS_AT_ONCE, RecordTable
from ordinance.record.segment import Segment
from ordinance.record.series import is_by, next_checkpoint
from ordinance.record.signed_lines import Checkpoint, signed_in
from ordinance.serve.http.stderr import tell
from ordinance.serve.record.chained_log import ChainedLog
from ordinance.serve.record.scribe import Log
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.detached import Signer

#: Whoever keeps the lock and says no more is cut off by the database after this, in milliseconds.
_SETTINGS = {"idle_in_transaction_session_timeout": "10000"}
#: Any number, the same in every process.
_LOCK = 0x0D1_7A9CD
_BEGIN = "SELECT txid_current(), {lock}, current_setting('synchronous_commit')"
_BESIDE = _BEGIN.format(lock=f"pg_advisory_xact_lock_shared({_LOCK})")
_ALONE = _BEGIN.format(lock=f"pg_advisory_xact_lock({_LOCK})")
_INSERT = """
INSERT INTO ordinance_record (line) SELECT line FROM unnest($1::text[]) WITH ORDINALITY AS given (line, n) ORDER BY n
"""
_CHECKPOINTS = """
SELECT place, line FROM ordinance_record WHERE line LIKE '{"event":"checkpoint",%' AND place > 0 ORDER BY place DESC
"""
_SINCE = "SELECT line FROM ordinance_record WHERE place > $1 ORDER BY place"
_FIRST = "SELECT line FROM ordinance_record WHERE place > 0 ORDER BY place LIMIT 1"
_ABOUT = """
SELECT current_setting('server_encoding') AS encoding,
       (SELECT relpersistence FROM pg_class WHERE oid = 'ordinance_record'::regclass) = 'u' AS unlogged,
       has_column_privilege('ordinance_record', 'line', 'INSERT') AS writes,
       has_column_privilege('ordinance_record', 'line', 'SELECT') AS reads,
       has_any_column_privilege('ordinance_record', 'UPDATE')
           OR has_table_privilege('ordinance_record', 'DELETE, TRUNCATE') AS changes
"""
#: SQLSTATE: the database knows no such transaction.
_UNKNOWN = "22023"
#: Checkpoints by other keys that are passed over, while one by ours is looked for.
_MOST_OTHERS = 1000
#: How long after a failure the database is asked again what came of a transaction, in seconds.
_RETRY_SECONDS = 0.5

Work = Callable[[Any], Awaitable[object]]


class TableLog:
    """Appends to ``table``; made for one thread."""

    #: Nothing but checkpoints is due at a time.
    due: float | None = None

    def __init__(self, table: RecordTable) -> None:
        self._table = table
        self._database: Database | None = None
        self._doubt: int | None = None  # the transaction that was about to be committed
        self._last = b""  # the checkpoint that this process saw last

    def append(self, lines: Sequence[bytes]) -> int:
        """Commit the first of ``lines`` and return how many. Raises ``OSError`` where none of them is committed."""
        some = [line.rstrip(b"\n").decode() for line in lines[:ROWS_AT_ONCE]]
        self._transact(_BESIDE, lambda connection: _insert(connection, some))
        return len(some)

    def checkpoint(self, signer: Signer, own: Head, *, opens: str = "", closes: str = "") -> None:
        """Append a checkpoint, signed by ``signer``, of all that the table has since the last one; see
        ``AppendCheckpoint``."""
        made: list[bytes] = []

        async def sign(connection: Any) -> None:
            place, last = await _last_checkpoint(connection, signer)
            gone = _number(last) < _number(self._last)  # somebody removed checkpoints: say so
            segment = Segment()
            async for (line,) in connection.cursor(_SINCE, place, prefetch=ROWS_AT_ONCE):
                if signed_in(data := line.encode()) is None:
                    segment.take(data, link_in(data))
            before = self._last if gone else last
            made[:] = [next_checkpoint(before, segment, own, signer, opens=opens, closes=closes, gap=gone)]
            await _insert(connection, [made[0].rstrip(b"\n").decode()])

        self._transact(_ALONE, sign)
        self._last = made[0]

    def settle(self) -> None:
        """Do nothing: what was appended is committed."""

    sync = settle

    def reopen(self) -> None:
        """Connect anew: the password or a certificate may be another one now."""
        if self._database is not None:
            self._database.drop()

    def close(self) -> None:
        """Close the connection."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _opened(self) -> Database:
        if self._database is None:  # made in the thread that uses it
            self._database = Database(self._table.url, _SETTINGS)
        return self._database

    def _transact(self, lock: str, work: Work) -> None:
        """Do ``work`` in a transaction, under ``lock``. Raises ``DatabaseError`` where it was not committed."""
        database = self._opened()
        again = database.connected  # a connection that lay idle may be gone, and another good
        while True:
            try:
                return database.run(partial(self._transaction, lock, work))
            except DatabaseError as error:
                if self._doubt is not None:
                    if self._was_committed(database, self._doubt):
                        return None
                    raise
                if not (again and error.lost):
                    raise
                again = False

    async def _transaction(self, lock: str, work: Work, connection: Any) -> None:
        self._doubt = None
        # A transaction with one view of the table would have it from before it waited for the lock.
        transaction = connection.transaction(isolation="read_committed")
        await transaction.start()
        number, _, on_disk = await connection.fetchrow(lock)
        if on_disk == "off":
            await connection.execute("SET LOCAL synchronous_commit = on")
        await work(connection)
        self._doubt = number
        await transaction.commit()
        self._doubt = None

    def _was_committed(self, database: Database, number: int) -> bool:
        """Return what came of the transaction of this ``number``, however long it takes until the database says it: a
        record that is written a second time would break the chain."""
        told = False
        while True:
            try:
                status = database.run(lambda connection: connection.fetchval("SELECT txid_status($1)", number))
            except DatabaseError as error:
                if error.state == _UNKNOWN:
                    return False
                if not told:
                    tell(f"the audit log waits to hear what of it was written: {error.strerror}", "error")
                told, status = True, "in progress"
            if status != "in progress":
                return bool(status == "committed")
            time.sleep(_RETRY_SECONDS)


async def _insert(connection: Any, lines: Sequence[str]) -> None:
    """Insert ``lines``. Raises ``NotKeptError`` where the database did not: a trigger or a rule may drop them."""
    if await connection.execute(_INSERT, lines) != f"INSERT 0 {len(lines)}":
        raise NotKeptError


def opened_table(url: str, settings: AuditSettings) -> Log:
    """Return the log that appends to the table in the database at ``url``, chained if a key signs. Raises
    ``OrdinanceError`` where that cannot be."""
    table = RecordTable(url)
    signer = None if settings.key_file is None else Signer(settings.key_file)
    _require_soon(table, chained=signer is not None)
    log = TableLog(table)
    return log if signer is None else ChainedLog(log, partial(log.checkpoint, signer), settings)


def _require_soon(table: RecordTable, *, chained: bool) -> None:
    """Raise ``ServeError`` where a record cannot be written to ``table``, however long one waits. A database that
    cannot be reached now is told, and is tried again with each record."""
    with ThreadPoolExecutor(1) as one:  # the caller may be in an event loop
        one.submit(_require, table, chained).result()


def _require(table: RecordTable, chained: bool) -> None:
    try:
        with Database(table.url) as database:
            about = database.run(lambda connection: connection.fetchrow(_ABOUT))
            needed = about["writes"] and (about["reads"] or not chained)
            first = database.run(lambda connection: connection.fetchval(_FIRST)) if chained and needed else None
    except DatabaseError as error:
        if error.lasting:
            raise _refused(table, f"cannot be written: {error.strerror}") from None
        tell(f"the audit log cannot be written yet: {error.strerror}", "error")
        return
    if not needed:
        raise _refused(table, f"cannot be written: the role needs INSERT{' and SELECT' if chained else ''} on it")
    if about["encoding"] != "UTF8":
        raise _refused(table, "cannot be written: the database's encoding is not UTF8")
    if about["unlogged"]:
        raise _refused(table, "cannot be relied on: it is UNLOGGED, so a crash empties it")
    if first is not None and has_no_chain(first.encode()):
        raise _refused(table, "has records without a chain")
    if about["changes"]:
        tell(f"the role that writes the audit log {table} may also change records; docs/record.md says what it needs")


def _refused(table: RecordTable, what: str) -> ServeError:
    return ServeError(
        f"the audit log {table} {what}.", help="docs/record.md#in-postgresql says how the table and its roles are made."
    )


async def _last_checkpoint(connection: Any, signer: Signer) -> tuple[int, bytes]:
    """Return the place and the line of the last checkpoint that ``signer`` signed; if there is none, because the key
    was changed, of the last one. Place 0, and an empty line, where there is no checkpoint."""
    newest = (0, b"")
    passed = 0
    async for place, text in connection.cursor(_CHECKPOINTS, prefetch=10):
        line = text.encode()
        signed = signed_in(line)
        if signed is None or not isinstance(signed.says, Checkpoint):
            continue
        if is_by(signer, signed):
            return place, line
        newest = newest if newest[0] else (place, line)
        passed += 1
        if passed == _MOST_OTHERS:
            break
    return newest


def _number(checkpoint: bytes) -> int:
    found = signed_in(checkpoint.rstrip(b"\n"))
    return found.says.number if found else 0
