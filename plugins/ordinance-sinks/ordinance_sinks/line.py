"""A record as one line of JSON, the same for the same record."""

from __future__ import annotations

import json

from ordinance.plugin import Record


def line(record: Record) -> str:
    """Return ``record`` as JSON on one line."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=True)
