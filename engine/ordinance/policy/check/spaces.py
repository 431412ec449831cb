"""The space that a policy's conditions divide: an axis for each dimension, for the jurisdiction and for time.

Axes are cut where some condition or date of the policy tells situations apart, and nowhere else. Places nest by
declaration and by the spelling of codes, so each code has two cells: itself, and any part of it that no pack names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ordinance.policy.check.cubes import Region, everywhere, nowhere, slab
from ordinance.policy.conditions import All, Always, AnyOf, Below, Condition, Is, Within, holds, prefixes
from ordinance.policy.plan import Dimension, Period
from ordinance.policy.vocabulary import NUMBERS, PLACES

#: Axes that no condition names: which jurisdiction decides, and when. A name with an @ is no dimension's.
JURISDICTION, MOMENT = "@jurisdiction", "@moment"

#: Days near the ends of the calendar, which have an instant in every zone.
_FIRST_DAY, _LAST_DAY = date(2, 1, 1), date(9998, 12, 31)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

_HOUR = 3600

#: The turn is counted from 1 and always known.
_FIRST_TURN = 1


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """``axes`` hold a value for each cell; None is unknown. ``moments`` are the instants at which cells of time begin,
    from the second cell on; ``named`` are the codes of places that packs name."""

    axes: Mapping[str, tuple[str | None, ...]]
    full: Mapping[str, int]
    moments: tuple[datetime, ...]
    named: frozenset[str]
    _within: Mapping[str, Mapping[str, int]]
    _known: dict[Condition, Region] = field(default_factory=dict)

    def region(self, condition: Condition) -> Region:
        """Return the situations in which ``condition`` is true."""
        if (known := self._known.get(condition)) is None:
            known = self._known[condition] = self._region(condition)
        return known

    def _region(self, condition: Condition) -> Region:
        match condition:
            case Always():
                return everywhere(self.full)
            case All(parts):
                found = everywhere(self.full)
                for part in parts:
                    found &= self.region(part)
                return found
            case AnyOf(parts):
                found = nowhere(self.full)
                for part in parts:
                    found |= self.region(part)
                return found
            case Within(dimension, codes, or_unknown):
                cells = 0
                for code in codes:
                    cells |= self._within[dimension].get(code, 0)
                if or_unknown:
                    cells |= 1 << self.axes[dimension].index(None)
                return slab(self.full, dimension, cells)
            case _:
                values = self.axes[condition.dimension]
                accepted = sum(1 << cell for cell, value in enumerate(values) if _accepts(condition, value))
                return slab(self.full, condition.dimension, accepted)

    def during(self, period: Period) -> Region:
        """Return the situations within the time of ``period``."""
        first = 0 if period.start is None else bisect_left(self.moments, begins(period.start, period.zone)) + 1
        last = len(self.moments) if period.end is None else bisect_left(self.moments, begins(period.end, period.zone))
        return slab(self.full, MOMENT, (1 << last + 1) - (1 << first) if first <= last else 0)

    def under(self, jurisdictions: Iterable[str]) -> Region:
        """Return the situations in which one of ``jurisdictions`` decides."""
        chosen = frozenset(jurisdictions)
        cells = (1 << cell for cell, value in enumerate(self.axes[JURISDICTION]) if value in chosen)
        return slab(self.full, JURISDICTION, sum(cells))

    def words(self, region: Region) -> str:
        """Describe one situation of ``region`` for people: ``place US-NY, purpose unknown, on 2026-12-01``."""
        cells = region.witness()
        if cells is None:
            return "no situation"
        said = [self._said(axis, self.axes[axis][cell]) for axis, cell in sorted(cells.items(), key=_order)]
        return ", ".join(said) or "any situation"

    def _said(self, axis: str, value: str | None) -> str:
        if axis == MOMENT:
            return f"on {value}"
        if axis == JURISDICTION:
            return f"as an operator in {value}" if value else "without a jurisdiction"
        if axis in PLACES and value is not None and value not in self.named:
            within = next((code for code in prefixes(value) if code in self.named), None)
            return f"{axis} {f'somewhere else in {within}' if within else 'somewhere else'}"
        return f"{axis} {_shown(axis, value)}"


def space(
    dimensions: Mapping[str, Dimension],
    jurisdictions: Iterable[str],
    conditions: Iterable[Condition],
    periods: Iterable[Period],
) -> Space:
    """Return the space that ``conditions`` and ``periods`` divide."""
    codes, limits, values = set(jurisdictions), dict[str, set[int]](), dict[str, set[str]]()
    axes: dict[str, tuple[str | None, ...]] = {JURISDICTION: (*sorted(codes), None)}
    for test in (test for condition in conditions for test in _tests(condition)):
        match test:
            case Below(dimension, limit):
                limits.setdefault(dimension, set()).add(limit)
            case Is(dimension, named) | Within(dimension, named):
                values.setdefault(dimension, set()).update(named)
    codes = codes.union(*(values.get(name, ()) for name in PLACES))
    codes |= {prefix for code in codes for prefix in prefixes(code)}
    places = tuple(place for code in sorted(codes) for place in (code, _part_of(code, codes)))
    for name in PLACES:
        axes[name] = (*places, _elsewhere(codes), None)
    axes["language"] = (*sorted(values.get("language", ())), "und", None)
    for name, declared in dimensions.items():
        axes[name] = (*sorted(declared.values | values.get(name, set())), None)
    for name in {*NUMBERS, *limits}:
        first = _FIRST_TURN if name == "turn" else 0
        numbers = [str(at) for at in sorted({first} | {limit for limit in limits.get(name, ()) if limit > first})]
        axes[name] = tuple(numbers) if name == "turn" else (*numbers, None)
    for name in values:
        axes.setdefault(name, (*sorted(values[name]), None))
    days = {begins(day, period.zone): day for period in periods for day in (period.start, period.end) if day}
    moments = sorted(days)
    before = next(iter(moments), _EPOCH) - timedelta(days=1)
    axes[MOMENT] = (before.date().isoformat(), *(days[moment].isoformat() for moment in moments))
    within: dict[str, int] = {}
    for cell, place in enumerate(places):
        for code in prefixes(place):
            within[code] = within.get(code, 0) | 1 << cell
    full = {name: (1 << len(cells)) - 1 for name, cells in axes.items()}
    return Space(axes, full, tuple(moments), frozenset(codes), dict.fromkeys(PLACES, within))


def _tests(condition: Condition) -> Iterator[Is | Within | Below]:
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _tests(part)
        case Is() | Within() | Below():
            yield condition
        case Always():
            pass


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` begins in ``zone``."""
    return datetime.combine(min(max(day, _FIRST_DAY), _LAST_DAY), time(), zone).astimezone(UTC)


def _accepts(test: Condition, value: str | None) -> bool:
    return holds(test, lambda _: value)


def _part_of(code: str, codes: set[str]) -> str:
    return next((part for number in range(1000) if (part := f"{code}-{number:03}") not in codes), f"{code}-***")


def _elsewhere(codes: set[str]) -> str:
    pairs = (f"{one}{two}" for one in "ZYX" for two in "ZYXWVUTSRQPONMLKJIHGFEDCBA")
    return next((pair for pair in pairs if pair not in codes), "ZZZ")


def _shown(axis: str, value: str | None) -> str:
    """Write a value of ``axis`` for people. A date is the number of its digits, and 0 lies before each named date."""
    if value is None:
        return "unknown"
    if axis == "elapsed":
        return f"{int(value) // _HOUR} hours"
    if axis in NUMBERS or not value.isdecimal():
        return value
    return f"{value[:-4]}-{value[-4:-2]}-{value[-2:]}" if len(value) > 4 else "before any date that is named"


def _order(item: tuple[str, int]) -> tuple[int, str]:
    """Sort facts about people and places first, times last."""
    axis = item[0]
    return (0 if axis == JURISDICTION else 1 if axis in PLACES else 3 if axis == MOMENT else 2, axis)
