"""Moments as statements, roots and the state have them: UTC, whole seconds, ``2026-11-27T09:00:00Z``."""

from __future__ import annotations

from datetime import UTC, datetime

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def now() -> datetime:
    """Return the time of this machine's clock (UTC). Everything in this room that asks for the time asks here."""
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """Write ``moment``, without parts of a second."""
    return moment.astimezone(UTC).strftime(_FORM)


def moment(text: str) -> datetime:
    """Read a moment. Raises ``ValueError`` for any other form."""
    found = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    if written(found) != text:
        raise ValueError(f"'{text}' is not a time such as 2026-11-27T09:00:00Z")
    return found
