"""A log whose lines are a chain, with signed checkpoints (docs/record.md): a ``LogFile`` as its writer sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from ordinance.errors import OrdinanceError, ServeError
from ordinance.record.links import Head, link_in, new_chain
from ordinance.record.record_lines import is_object, lines_of
from ordinance.record.series import Series
from ordinance.record.signed_lines import signed_in
from ordinance.serve.record.logfile import LogFile
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.detached import Signer


class ChainedFile:
    """Appends to ``file``, which is the one at ``path``; ``key`` is the file of the key that signs. The chain of this
    process begins with its first line, behind a checkpoint of all that the file has by then. Raises ``OrdinanceError``
    where that cannot be."""

    def __init__(self, file: LogFile, path: Path, key: Path, settings: AuditSettings) -> None:
        self._file = file
        self._series = Series(path, Signer(key))
        self._settings = settings
        self._head: Head | None = None
        self._unsigned = 0
        self._since = 0.0  # when the first of the unsigned lines was written
        _require(file, path)

    def append(self, lines: Sequence[bytes]) -> int:
        """Write ``lines`` as the next of the chain; see ``LogFile.append``. The chain goes on behind those that were
        written."""
        if self._head is None:
            head = new_chain()
            self._file.append_made(partial(self._series.next, head, opens=head.chain), self._series.written)
            self._head = head
        heads, made = [self._head], []
        for line in lines:
            chained, head = heads[-1].after(line.rstrip(b"\n"))
            made.append(chained)
            heads.append(head)
        whole = self._file.append(made)
        self._head = heads[whole]
        if not self._unsigned:
            self._since = time.monotonic()
        self._unsigned += whole
        return whole

    @property
    def due(self) -> float | None:
        """Return in how many seconds a checkpoint is due; None: nothing is unsigned."""
        if not self._unsigned:
            return None
        return max(0.0, self._since + self._settings.checkpoint_seconds - time.monotonic())

    def settle(self) -> None:
        """Sign what was written, if it is time. Raises ``OSError`` or ``OrdinanceError``, and it stays due."""
        if self._unsigned >= self._settings.checkpoint_records or self.due == 0.0:
            self._checkpoint()

    def _checkpoint(self, closes: str = "") -> None:
        if self._head is not None:
            self._file.append_made(partial(self._series.next, self._head, closes=closes), self._series.written)
            self._unsigned = 0

    def sync(self) -> None:
        self._file.sync()

    def reopen(self) -> None:
        self._file.reopen()

    def close(self) -> None:
        """End the chain with a checkpoint, if that can be, and close the file."""
        if self._head is not None:
            with suppress(OSError, OrdinanceError):
                self._checkpoint(closes=self._head.chain)
        self._file.close()


def _require(file: LogFile, path: Path) -> None:
    """Raise ``ServeError`` where a record at ``path`` cannot be chained."""
    if not file.is_lockable():
        raise ServeError(
            f"the audit log {path} cannot be chained: it is not a file, or its file system has no locks.",
            help="Name a file on a local file system, or remove `audit.key_file`.",
        )
    for line in lines_of(path):
        if link_in(line.data) is None and signed_in(line.data) is None and is_object(line.data):
            raise ServeError(
                f"the audit log {path} has records without a chain.",
                help="Move it away, so that the chain begins with a new file.",
            )
        break
