"""Regions of situations agree with evaluating conditions one situation at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from itertools import pairwise
from operator import and_
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.check.cubes import MOST, Region, TooComplexError, everywhere, nowhere
from ordinance.policy.check.spaces import JURISDICTION, MOMENT, Space, begins, space
from ordinance.policy.conditions import ALWAYS, All, AnyOf, Below, Condition, Is, Within, holds
from ordinance.policy.plan import Dimension, Period
from support.strategies import SEVERAL

DIMENSIONS = {
    "purpose": Dimension("purpose", frozenset({"art", "education", "research"}), True),
    "stage": Dimension("stage", frozenset({"draft", "final"}), True),
}
CODES = ["EU", "DE", "DE-BY", "AT", "US-NY"]
JURISDICTIONS = ["DE", "DE-BY", "EU"]
ZONES = [ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")]


def single_tests() -> st.SearchStrategy[Condition]:
    places, unknown = st.sampled_from(["place", "seat"]), st.booleans()
    codes = st.frozensets(st.sampled_from(CODES), min_size=1, max_size=3)
    names = st.sampled_from(sorted(DIMENSIONS))
    values = {name: st.frozensets(st.sampled_from(sorted(DIMENSIONS[name].values))) for name in DIMENSIONS}
    closed = names.flatmap(lambda name: st.builds(Is, st.just(name), values[name], unknown))
    return st.one_of(
        st.just(ALWAYS),
        closed,
        st.builds(Is, places, codes, unknown),
        st.builds(Within, places, codes, unknown),
        st.builds(Below, st.sampled_from(["age", "turn"]), st.integers(0, 20)),
    )


def conditions() -> st.SearchStrategy[Condition]:
    return st.recursive(
        single_tests(),
        lambda parts: st.one_of(
            st.lists(parts, min_size=1, max_size=3).map(lambda found: All(tuple(found))),
            st.lists(parts, min_size=1, max_size=3).map(lambda found: AnyOf(tuple(found))),
        ),
        max_leaves=6,
    )


days = st.dates(date(2026, 1, 1), date(2026, 1, 9))
periods = st.builds(Period, st.none() | days, st.none() | days, st.sampled_from(ZONES))
places = st.sampled_from([*CODES, "DE-BY-M", "DE-HH", "US-CA", "FR", "US"]) | st.none()
situations = st.fixed_dictionaries(
    {
        "place": places,
        "seat": places,
        "purpose": st.sampled_from([*DIMENSIONS["purpose"].values, None]),
        "stage": st.sampled_from([*DIMENSIONS["stage"].values, None]),
        "age": st.integers(0, 25).map(str) | st.none(),
        "turn": st.integers(1, 25).map(str),
    }
)


def answers(of: Space, axis: str, value: str | None) -> list[bool]:
    """What every test of a place that the space knows says of ``value``."""
    probes: list[Condition] = [Within(axis, frozenset({code})) for code in sorted(of.named)]
    probes += [Is(axis, frozenset({code})) for code in sorted(of.named)]
    return [holds(probe, {axis: value}.get) for probe in probes]


def cells_of(of: Space, values: dict[str, str | None], jurisdiction: str | None, now: datetime) -> dict[str, int]:
    """The cell that a situation lies in, found by asking which cell's value answers every test alike."""
    cells = {JURISDICTION: of.axes[JURISDICTION].index(jurisdiction)}
    cells[MOMENT] = sum(moment <= now for moment in of.moments)
    for axis, accepted in of.axes.items():
        value = values.get(axis)
        if value is None:
            cells.setdefault(axis, len(accepted) - 1)
        elif axis in ("age", "turn"):
            cells[axis] = max(at for at, low in enumerate(accepted) if low is not None and int(low) <= int(value))
        elif axis in ("place", "seat"):
            like = answers(of, axis, value)
            cells[axis] = next(at for at, each in enumerate(accepted) if answers(of, axis, each) == like)
        else:
            cells[axis] = accepted.index(value)
    return cells


nows = st.integers(-200, 200).map(lambda hours: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hours))


@SEVERAL
@given(conditions(), conditions(), situations, st.sampled_from([None, *JURISDICTIONS]), nows)
def test_regions_agree_with_conditions_in_every_situation(
    one: Condition, two: Condition, values: dict[str, str | None], jurisdiction: str | None, now: datetime
) -> None:
    of = space(DIMENSIONS, JURISDICTIONS, (one, two), ())
    first, second = of.region(one), of.region(two)
    cells = cells_of(of, values, jurisdiction, now)
    is_one, is_two = holds(one, values.get), holds(two, values.get)
    assert first.holds(cells) is is_one
    assert (first & second).holds(cells) is (is_one and is_two)
    assert (first | second).holds(cells) is (is_one or is_two)
    assert (first - second).holds(cells) is (is_one and not is_two)


@SEVERAL
@given(conditions(), conditions())
def test_a_subset_has_no_witness_against_it_and_every_witness_is_one(one: Condition, two: Condition) -> None:
    of = space(DIMENSIONS, JURISDICTIONS, (one, two), ())
    first, second = of.region(one), of.region(two)
    assert first & second <= first
    assert first <= first | second
    assert not (first & second) - second
    assert (first <= second) is ((first - second).witness() is None)
    for region in (first, first - second, first & second):
        if (chosen := region.witness()) is not None:
            cells = dict.fromkeys(of.axes, 0) | chosen
            values = {axis: of.axes[axis][cell] for axis, cell in cells.items()}
            assert region.holds(cells)
            assert region is not first or holds(one, values.get)


@SEVERAL
@given(st.lists(periods, min_size=1, max_size=4), nows)
def test_time_is_cut_where_a_day_begins_in_its_zone(of: list[Period], now: datetime) -> None:
    divided = space({}, [], (), of)
    cells = dict.fromkeys(divided.axes, 0) | {MOMENT: sum(moment <= now for moment in divided.moments)}
    for period in of:
        day = now.astimezone(period.zone).date()
        inside = (period.start is None or period.start <= day) and (period.end is None or day < period.end)
        assert divided.during(period).holds(cells) is inside


def test_a_witness_is_told_in_words() -> None:
    minor = All((Within("place", frozenset({"US-NY"})), Below("age", 18), Is("purpose", frozenset(), or_unknown=True)))
    period = Period(date(2026, 12, 1), None, ZONES[1])
    of = space(DIMENSIONS, JURISDICTIONS, (minor,), (period,))
    assert of.words(of.region(minor) & of.during(period)) == "place US-NY, age 0, purpose unknown, on 2026-12-01"
    assert of.words(of.under({"DE"})) == "as an operator in DE"
    assert of.words(of.under({None})) == "without a jurisdiction"  # type: ignore[arg-type]
    outside = everywhere(of.full) - of.region(Within("place", frozenset({"US", "EU", "DE"}), or_unknown=True))
    assert of.words(outside) == "place somewhere else"
    part = of.region(Within("place", frozenset({"US"}))) - of.region(Is("place", frozenset({"US", "US-NY"})))
    assert of.words(part - of.region(Within("place", frozenset({"US-NY"})))) == "place somewhere else in US"
    assert of.words(everywhere(of.full)) == "any situation"
    assert of.words(nowhere(of.full)) == "no situation"


def test_days_at_the_ends_of_the_calendar_have_an_instant() -> None:
    for zone in ZONES:
        assert begins(date.min, zone) < begins(date.max, zone)


def test_what_would_take_too_many_cubes_is_told() -> None:
    full = {str(axis): 3 for axis in range(40)}
    halves = [Region(full, ({str(2 * at): 1}, {str(2 * at + 1): 1})) for at in range(20)]
    with pytest.raises(TooComplexError):
        reduce(and_, halves)
    assert len(reduce(and_, halves[:8]).cubes) <= MOST


def test_a_thousand_rules_are_compared_in_little_time() -> None:
    of = space(
        DIMENSIONS,
        JURISDICTIONS,
        (wanted := [Below("age", number) for number in range(1000)]),
        [Period(date(2026, 1, 1) + timedelta(days=number), None, ZONES[0]) for number in range(1000)],
    )
    regions = [of.region(each) for each in wanted]
    assert all(one <= two for one, two in pairwise(regions))
