"""National Insurance number (United Kingdom): two letters, six digits, a suffix; no check digit (HMRC, NIM39110)."""

from __future__ import annotations

_NEVER = frozenset(("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"))


def is_valid(number: str) -> bool:
    """Return whether ``number`` has a prefix that is given out; its shape is known already."""
    return number[:2] not in _NEVER
