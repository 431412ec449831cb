"""The record in a file, as a chain (docs/record.md#chains)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ordinance.errors import ServeError
from ordinance.record.links import Head
from ordinance.record.record_lines import has_no_chain, lines_of
from ordinance.record.series import Series
from ordinance.serve.record.chained_log import ChainedLog
from ordinance.serve.record.logfile import LogFile
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.detached import Signer


def chained_file(file: LogFile, path: Path, key: Path, settings: AuditSettings) -> ChainedLog:
    """Return the log that appends to ``file``, which is the one at ``path``; ``key`` is the file of the key that
    signs. Raises ``OrdinanceError`` where the record cannot be chained."""
    series = Series(path, Signer(key))

    def checkpoint(own: Head, *, opens: str = "", closes: str = "") -> None:
        file.append_made(partial(series.next, own, opens=opens, closes=closes), series.written)

    _require(file, path)
    return ChainedLog(file, checkpoint, settings)


def _require(file: LogFile, path: Path) -> None:
    """Raise ``ServeError`` where a record at ``path`` cannot be chained."""
    if not file.is_lockable():
        raise ServeError(
            f"the audit log {path} cannot be chained: it is not a file, or its file system has no locks.",
            help="Name a file on a local file system, or remove `audit.key_file`.",
        )
    for line in lines_of(path):
        if has_no_chain(line.data):
            raise ServeError(
                f"the audit log {path} has records without a chain.",
                help="Move it away, so that the chain begins with a new file.",
            )
        break
