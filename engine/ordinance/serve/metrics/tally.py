"""Numbers that are counted, as one flat mapping, and what several processes have counted together.

Neither ``prometheus_client`` nor OpenTelemetry's SDK: docs/decisions/047 has the figures.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from operator import add
from threading import Lock

from ordinance.serve.metrics.families import BY_NAME, Family

#: A family's name, the part of it, and the values of its labels. The part is empty for a counter or gauge, ``sum`` or
#: ``count`` for a summary, and for a histogram ``sum`` or the number of a bucket, which counts its own values alone.
Key = tuple[str, ...]
Numbers = Mapping[Key, float]

_JOINED: Mapping[str, Callable[[float, float], float]] = {"sum": add, "max": max, "min": min}

SUM, COUNT = "sum", "count"


class Tally:
    """Counts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._numbers: dict[Key, float] = {}
        self._lock = Lock()

    def show(self, family: Family, *labels: str) -> None:
        """Show a number as 0 until something is counted: alerts compare with what was before."""
        part = SUM if family.kind == "histogram" else ""
        self._numbers.setdefault((family.name, part, *labels), 0)

    def add(self, family: Family, *labels: str, number: float = 1) -> None:
        """Add ``number`` to a counter or gauge; ``labels`` are values in the order of the family's names."""
        key = (family.name, "", *labels)
        with self._lock:
            self._numbers[key] = self._numbers.get(key, 0) + number

    def observe(self, family: Family, value: float, *labels: str) -> None:
        """Count ``value`` in a histogram."""
        bucket = (family.name, str(bisect_left(family.bounds, value)), *labels)
        total = (family.name, SUM, *labels)
        numbers = self._numbers
        with self._lock:
            numbers[bucket] = numbers.get(bucket, 0) + 1
            numbers[total] = numbers.get(total, 0) + value

    def numbers(self) -> dict[Key, float]:
        """Return what was counted until now."""
        with self._lock:
            return dict(self._numbers)


def joined(parts: Iterable[Numbers]) -> dict[Key, float]:
    """Return what several processes have counted together."""
    found: dict[Key, float] = {}
    for numbers in parts:
        for key, number in numbers.items():
            found[key] = _JOINED[BY_NAME[key[0]].joined](found[key], number) if key in found else number
    return found


def lasting(numbers: Numbers) -> dict[Key, float]:
    """Return what counts of a process that has ended: all but its gauges."""
    return {key: number for key, number in numbers.items() if BY_NAME[key[0]].kind != "gauge"}
