"""The audit log: one line of JSON for each request, without a word of what was said."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ordinance.errors import ServeError


class AuditLog:
    """Appends to ``path``, else to standard error. Several processes may append to one file: a line is one write."""

    def __init__(self, path: Path | None) -> None:
        self._owned = path is not None
        self._lost = 0
        self._failing = False
        if path is None:
            self._descriptor = sys.stderr.fileno()
            return
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ServeError(
                f"the audit log {path} cannot be written: {error.strerror}.",
                help="Name a file that can, under 'audit' in the settings.",
            ) from None

    def write(self, record: Mapping[str, Any]) -> None:
        """Append a record under the present time (UTC). A log that cannot be written stops no request."""
        line = msgspec.json.encode({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **record}) + b"\n"
        try:
            os.write(self._descriptor, line)
            self._failing = False
        except OSError as error:
            self._lost += 1
            self._failing = True
            print(f"ordinance: the audit log cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201 - the last resort

    def state(self) -> dict[str, Any]:
        """Whether the last record was written, and how many were lost since the start."""
        return {"state": "failing" if self._failing else "ok", "lost": self._lost}

    def close(self) -> None:
        if self._owned:
            os.close(self._descriptor)
