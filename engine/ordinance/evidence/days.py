"""The days that evidence is about, in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Days:
    """From the ``first`` day to the ``last``, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        """Return the moment after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=each) for each in range((self.last - self.first).days + 1))

    def has(self, moment: datetime) -> bool:
        """Return whether ``moment``, which has a time zone, is on one of the days."""
        return self.since <= moment < self.until
