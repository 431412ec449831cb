"""The audit log: where it goes, and its line of JSON for each request, without a word of anybody (docs/record.md).

Whoever answers requests never waits for the disk: records go through a queue to a thread. Only where no record may be
lost does a request wait, for the record that it begins.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
from pydantic import SecretStr

from ordinance.errors import ServeError
from ordinance.protocol.problems import audit_unavailable
from ordinance.serve.record.copies import Copies
from ordinance.serve.record.failures import Failures
from ordinance.serve.record.logfile import LogFile
from ordinance.serve.record.scribe import STALLED_SECONDS, Log, Scribe
from ordinance.settings.reporting import AuditSettings

#: The version of the schema. Fields are added to it; none is renamed or taken away.
VERSION = 1


class AuditLog:
    """Appends to the file or the table that ``settings`` name, else to standard error, and gives ``copies`` to the
    sinks that these are then. Safe to use from several threads."""

    def __init__(self, settings: AuditSettings | None = None, copies: Callable[[], Sequence[Copies]] = tuple) -> None:
        settings = settings or AuditSettings()
        log = _in_a_table(settings.store, settings) if settings.store else _in_a_file(settings)
        #: Whether the model may be asked only once a record says that the request begins.
        self.required = settings.required
        #: Whether an answer's end may leave only once its record is written.
        self.acknowledges = settings.acknowledge != "none"
        self._flushes = settings.acknowledge == "flushed"
        #: When this process's records begin, by a clock that nobody sets; None without a chain.
        self._since = time.monotonic() if settings.key_file is not None else None
        self._scribe = Scribe(log, settings.queue)
        self._copies = copies
        self._failures = Failures()
        # A log that nobody closes is closed when nothing refers to it, or when the interpreter ends.
        self.close = weakref.finalize(self, self._scribe.close)

    def write(self, record: Mapping[str, Any]) -> None:
        """Append the record of a request that has ended, under the present time (UTC). Never waits and never fails: a
        record for which there is no room is counted as lost."""
        self.add("end", record)
        self._failures.note(record)

    def add(self, event: str, record: Mapping[str, Any]) -> None:
        """Append a further record of a request, of the kind ``event``. Never waits and never fails, as ``write``."""
        entry = self._entry(event, record)
        self._scribe.take(partial(_line, entry))
        self._copy(entry)

    async def begin(self, record: Mapping[str, Any]) -> None:
        """Wait until a record that a request begins lies on the disk. Raises ``Problem`` (503) where it cannot be
        written in time."""
        await self._wait("begin", record, flush=True)

    async def end(self, record: Mapping[str, Any]) -> None:
        """Wait until the record of a request whose answer is about to end is written, or flushed, as the settings say.
        Raises ``Problem`` (503) where it cannot be in time."""
        await self._wait("end", record, flush=self._flushes)
        self._failures.note(record)

    async def _wait(self, event: str, record: Mapping[str, Any], *, flush: bool) -> None:
        loop = asyncio.get_running_loop()
        written: asyncio.Future[bool] = loop.create_future()
        taken = self._take(event, record, partial(_tell, loop, written), flush=flush)
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                if not (taken and await written):
                    raise audit_unavailable()
        except TimeoutError:
            raise audit_unavailable() from None

    def begin_all(self, records: Sequence[Mapping[str, Any]]) -> bool:
        """Write the records of a batch, outside an event loop. Returns whether all of ``records`` are on the disk."""
        written: SimpleQueue[bool] = SimpleQueue()
        with suppress(Empty):
            return all(
                self._take("begin", each, written.put, flush=True) and written.get(timeout=STALLED_SECONDS)
                for each in records
            )
        return False

    def _take(self, event: str, record: Mapping[str, Any], told: Callable[[bool], None], *, flush: bool) -> bool:
        entry = self._entry(event, record)
        taken = not self._scribe.stalled and self._scribe.take(partial(_line, entry), told, flush=flush)
        if taken:
            self._copy(entry)
        return taken

    def _copy(self, entry: Mapping[str, Any]) -> None:
        for copies in self._copies():
            copies.take(entry)

    def reopen(self) -> None:
        """Open the file anew, at the next chance and without waiting. It happens by itself where the path names another
        file than before."""
        self._scribe.reopen()

    def state(self) -> dict[str, Any]:
        """Return what ``/ready`` says: ``state`` is ``failing`` while records cannot be written or wait too long,
        ``lost`` counts the records of this process that were not written."""
        state: dict[str, Any] = {"state": "failing" if self._scribe.failing else "ok", "lost": self._scribe.lost}
        sinks = [each.state() for each in self._copies()]
        return state | ({"sinks": sinks} if sinks else {})

    def _entry(self, event: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
        entry = {"v": VERSION, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        if self._since is not None:
            entry["mono"] = round((time.monotonic() - self._since) * 1000)
        return {**entry, **record}


def _in_a_file(settings: AuditSettings) -> Log:
    try:
        file = LogFile(settings.path)
    except OSError as error:
        raise ServeError(
            f"the audit log {settings.path} cannot be written: {error.strerror}.",
            help="Name a file that can be written, under 'audit' in the settings.",
        ) from None
    if settings.path is None or settings.key_file is None:
        return file
    from ordinance.serve.record.chained_file import chained_file  # slow to import, and most need no chain

    return chained_file(file, settings.path, settings.key_file, settings)


def _in_a_table(store: SecretStr, settings: AuditSettings) -> Log:
    try:
        from ordinance.serve.record.table_log import opened_table  # its driver is in an extra
    except ModuleNotFoundError as error:
        raise ServeError(
            f"'audit.store' needs the package {error.name}, which is not installed.",
            help="Install ordinance[postgresql].",
        ) from None
    return opened_table(store.get_secret_value(), settings)


def _line(entry: Mapping[str, Any], lost: int) -> bytes:
    """``lost`` records are missing before this one."""
    return msgspec.json.encode({**entry, "lost": lost} if lost else entry) + b"\n"


def _tell(loop: asyncio.AbstractEventLoop, written: asyncio.Future[bool], well: bool) -> None:
    with suppress(RuntimeError):  # the loop has ended, and nobody waits
        loop.call_soon_threadsafe(_settle, written, well)


def _settle(written: asyncio.Future[bool], well: bool) -> None:
    if not written.done():
        written.set_result(well)
