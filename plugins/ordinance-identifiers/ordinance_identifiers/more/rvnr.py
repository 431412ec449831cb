"""Rentenversicherungsnummer (Germany): area, day of birth, a letter, a serial number, a check digit (§ 4 VKVV)."""

from __future__ import annotations

from ordinance_identifiers.more.crosswise import crosswise


def is_valid(number: str) -> bool:
    """Return whether the last digit is that of the others, the letter counted as two digits, A as 01."""
    digits = number.replace(" ", "")
    body = f"{digits[:8]}{ord(digits[8]) - ord('A') + 1:02}{digits[9:-1]}"
    return crosswise(body, "212571212121") % 10 == int(digits[-1])
