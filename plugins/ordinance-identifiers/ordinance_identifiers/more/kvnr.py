"""Krankenversichertennummer (Germany): a letter, eight digits, a check digit (§ 290 SGB V)."""

from __future__ import annotations

from ordinance_identifiers.more.crosswise import crosswise


def is_valid(number: str) -> bool:
    """Return whether the last digit is that of the others, the letter counted as two digits, A as 01."""
    body = f"{ord(number[0]) - ord('A') + 1:02}{number[1:-1]}"
    return crosswise(body, "1212121212") % 10 == int(number[-1])
