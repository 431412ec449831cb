"""A log whose lines are a chain, with signed checkpoints (docs/record.md), as its writer sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from ordinance.errors import OrdinanceError
from ordinance.record.links import Head, new_chain
from ordinance.serve.record.scribe import Log
from ordinance.settings.reporting import AuditSettings

#: So many lines are chained at once: a log that takes fewer than it is given has the others chained again.
_AT_ONCE = 1000


class AppendCheckpoint(Protocol):
    """Appends a checkpoint of all that the record has since the last one, by any process. Raises ``OSError`` or
    ``OrdinanceError``."""

    def __call__(self, own: Head, *, opens: str = "", closes: str = "") -> None: ...


class ChainedLog:
    """Appends to ``log``, whose checkpoints ``checkpoint`` appends. The chain of this process begins with its first
    line, behind a checkpoint of all that the record has by then."""

    def __init__(self, log: Log, checkpoint: AppendCheckpoint, settings: AuditSettings) -> None:
        self._log = log
        self._append_checkpoint = checkpoint
        self._settings = settings
        self._head: Head | None = None
        self._unsigned = 0
        self._since = 0.0  # when the first of the unsigned lines was written

    def append(self, lines: Sequence[bytes]) -> int:
        """Write the first of ``lines`` as the next of the chain; see ``Log.append``. The chain goes on behind those
        that were written."""
        if self._head is None:
            head = new_chain()
            self._append_checkpoint(head, opens=head.chain)
            self._head = head
        heads, made = [self._head], []
        for line in lines[:_AT_ONCE]:
            chained, head = heads[-1].after(line.rstrip(b"\n"))
            made.append(chained)
            heads.append(head)
        whole = self._log.append(made)
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
            self._append_checkpoint(self._head, closes=closes)
            self._unsigned = 0

    def sync(self) -> None:
        self._log.sync()

    def reopen(self) -> None:
        self._log.reopen()

    def close(self) -> None:
        """End the chain with a checkpoint, if that can be, and close the log."""
        if self._head is not None:
            with suppress(OSError, OrdinanceError):
                self._checkpoint(closes=self._head.chain)
        self._log.close()
