"""What destinations show of a record: one line of JSON, the same for the same record, and whether it is quiet."""

from __future__ import annotations

import json

from ordinance.plugin import Record


def line(record: Record) -> str:
    """Return ``record`` as JSON on one line."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=True)


def is_quiet(record: Record) -> bool:
    """Return whether nothing was left out and nothing went wrong."""
    return record.get("verdict") in (None, "pass", "disclose") and not record.get("problem")
