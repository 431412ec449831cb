"""Conditions over a situation: and, or and tests of closed dimensions. Unknown matches nothing unless written.

There is no negation over text and none over conditions; a test lists the values it accepts. The tree is at most
as deep as the parentheses in a pack, which the parser bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: Looks up a dimension's value; None is unknown.
Lookup = Callable[[str], str | None]

#: Digits of a number that is looked at; a longer one is below no limit that a pack can write.
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Always:
    """Holds in every situation."""


ALWAYS = Always()


@dataclass(frozen=True, slots=True)
class Is:
    """``purpose is one of education, research``; ``place is unknown`` is ``Is("place", frozenset(), True)``."""

    dimension: str
    values: frozenset[str]
    or_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """``place within EU``: the value is one of ``codes``, the named place and all that lie in it as declared,
    or a subdivision of one of them (``DE-BY`` lies within ``DE`` by its code)."""

    dimension: str
    codes: frozenset[str]
    or_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Below:
    """``age below 18`` and ``turn below 2``: a whole number that is known and smaller.

    A date counts as the number of its digits: ``placed_on_market before 2026-08-02`` is below 20260802. ``elapsed``
    counts seconds.
    """

    dimension: str
    limit: int


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


Condition = Always | Is | Within | Below | All | AnyOf


def names_value(condition: Condition, dimension: str, value: str) -> bool:
    """Return whether some test of ``condition`` is true of this ``value`` because it names it."""
    match condition:
        case Is():
            return condition.dimension == dimension and value in condition.values
        case All(parts) | AnyOf(parts):
            return any(names_value(part, dimension, value) for part in parts)
        case _:
            return False


def holds(condition: Condition, lookup: Lookup) -> bool:
    """Return whether ``condition`` holds where ``lookup`` gives the values."""
    match condition:
        case Always():
            return True
        case Is(dimension, values, or_unknown):
            value = lookup(dimension)
            return or_unknown if value is None else value in values
        case Within(dimension, codes, or_unknown):
            value = lookup(dimension)
            return or_unknown if value is None else any(enclosing in codes for enclosing in prefixes(value))
        case Below(dimension, limit):
            digits = (lookup(dimension) or "").replace("-", "")
            return digits.isdecimal() and len(digits) <= _MOST_DIGITS and int(digits) < limit
        case All(parts):
            return all(holds(part, lookup) for part in parts)
        case AnyOf(parts):
            return any(holds(part, lookup) for part in parts)


def prefixes(code: str) -> Iterator[str]:
    """Yield a place code and the codes that contain it by spelling: ``DE-BY-M`` gives itself, ``DE-BY`` and ``DE``."""
    parts = code.split("-")
    for length in range(len(parts), 0, -1):
        yield "-".join(parts[:length])


def dimensions(condition: Condition) -> frozenset[str]:
    """Return the dimensions that a condition reads."""
    match condition:
        case Always():
            return frozenset()
        case All(parts) | AnyOf(parts):
            return frozenset[str]().union(*(dimensions(part) for part in parts))
        case _:
            return frozenset({condition.dimension})
