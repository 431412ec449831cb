"""Where a defect is, for the operator. Never what was being said: a message may hold it."""

from __future__ import annotations

import sys
import traceback


def log_defect(error: BaseException, what: str = "defect") -> None:
    """Write the type of ``error`` and its place to standard error."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    print(  # noqa: T201 - the log of last resort
        f"ordinance: {what}: {type(error).__name__} at {place.filename}:{place.lineno}", file=sys.stderr, flush=True
    )
