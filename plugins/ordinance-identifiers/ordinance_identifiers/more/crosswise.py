"""Weighted sums of digits as German insurance uses them."""

from __future__ import annotations


def crosswise(digits: str, weights: str) -> int:
    """Return the sum of the digits of each digit times its weight."""
    return sum(sum(divmod(int(digit) * int(weight), 10)) for digit, weight in zip(digits, weights, strict=True))
