"""What the operator is told on standard error. Never what was being said: a message may hold it."""

from __future__ import annotations

import sys
import traceback


def tell(what: str) -> None:
    """Write a line."""
    print(f"ordinance: {what}", file=sys.stderr, flush=True)  # noqa: T201 - the operator's log


def described(error: BaseException) -> str:
    """The type of ``error`` and its place, without its words."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.filename}:{place.lineno}"


def log_defect(error: BaseException, what: str = "defect") -> None:
    """Say where a defect is."""
    tell(f"{what}: {described(error)}")
