"""Bounds on a share that was counted: right as scipy has them, never covering less than they say."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.judging.shares import ALPHA, at_least, at_most, most_above

#: ``scipy.stats.beta.ppf(0.95, k + 1, n - k)`` and ``ppf(0.05, k, n - k + 1)`` of scipy 1.17.1.
SCIPY = [
    (0, 300, 0.009936081944457708, 0.0),
    (0, 299, 0.009969146792899269, 0.0),
    (0, 298, 0.010002432437677691, 0.0),
    (0, 150, 0.01977343816450844, 0.0),
    (1, 300, 0.01571455489158395, 0.00017096303211345723),
    (1, 473, 0.009989707474224693, 0.00010843660317543822),
    (1, 472, 0.010010788208807353, 0.00010866632925861285),
    (2, 628, 0.00999091592989448, 0.0005661530403869451),
    (5, 300, 0.03472224430129498, 0.006589532238975588),
    (100, 300, 0.3808648781421272, 0.28827748608538406),
    (299, 300, 0.9998290369678865, 0.9842854451084161),
    (0, 1, 0.95, 0.0),
    (3, 10, 0.6066242161054123, 0.08726443391415033),
]


@pytest.mark.parametrize(("taken", "of", "upper", "lower"), SCIPY)
def test_bounds_are_those_of_scipy(taken: int, of: int, upper: float, lower: float) -> None:
    assert at_most(taken, of) == pytest.approx(upper, abs=1e-10)
    assert at_least(taken, of) == pytest.approx(lower, abs=1e-10)


def test_nothing_counted_bounds_nothing() -> None:
    assert (at_most(0, 0), at_least(0, 0)) == (1.0, 0.0)
    assert (at_most(7, 7), at_least(0, 7)) == (1.0, 0.0)
    assert most_above(0, 0.01) is None


def test_how_many_may_be_above_depends_on_the_number_alone() -> None:
    numbers = (298, 299, 300, 472, 473, 628, 1000)
    assert [most_above(of, 0.01) for of in numbers] == [None, 0, 0, 0, 1, 2, 4]


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_bounds_enclose_the_share_and_rise_with_the_count(counted: tuple[int, int]) -> None:
    taken, of = counted
    assert at_least(taken, of) <= taken / of <= at_most(taken, of)
    if taken:
        assert at_most(taken - 1, of) < at_most(taken, of) or at_most(taken - 1, of) == 1.0
        assert at_least(taken - 1, of) < at_least(taken, of)


@pytest.mark.parametrize(("share", "of"), [(0.01, 300), (0.005, 300), (0.3, 40), (0.9, 100)])
def test_the_bounds_cover_the_truth_in_95_percent_of_samples(share: float, of: int) -> None:
    """Exactly, not by drawing: the probability of all counts whose bound misses the truth."""

    def probability(count: int) -> float:
        return math.comb(of, count) * share**count * (1 - share) ** (of - count)

    assert sum(probability(count) for count in range(of + 1) if at_most(count, of) < share) <= ALPHA + 1e-9
    assert sum(probability(count) for count in range(of + 1) if at_least(count, of) > share) <= ALPHA + 1e-9


@pytest.mark.parametrize("of", [300, 500, 700])
def test_a_threshold_from_the_same_quiet_texts_keeps_its_bound(of: int) -> None:
    """Wilks: the share above the score with ``k`` quiet ones above it, with ``k`` from their number alone, passes the
    bound in 5 % of samples. Uniform scores stand for any: only their order counts, and the share above is 1 - score."""
    draw = random.Random(of)
    above = most_above(of, 0.01)
    assert above is not None
    misses = sum(
        1 - sorted((draw.random() for _ in range(of)), reverse=True)[above] > at_most(above, of) for _ in range(4000)
    )
    assert misses / 4000 == pytest.approx(ALPHA, abs=0.012)  # exact, and 0.012 is 3.5 standard errors
