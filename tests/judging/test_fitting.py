"""The map from score to probability never falls, and is what others compute for the same scores."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.judging.calibration import DECIMALS, STEEPEST
from ordinance.judging.fitting import Scored, area, interpolated, isotonic, log_odds, logistic, platt

SCORES = (0.1, 0.2, 0.3, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FIRES = (0, 1, 0, 0, 1, 0, 1, 1, 0, 1)
TEXTS = [Scored(score, bool(fires)) for score, fires in zip(SCORES, FIRES, strict=True)]

scored = st.builds(Scored, st.floats(0, 1).map(lambda score: round(score, 2)), st.booleans())
both = st.lists(scored, min_size=2, max_size=60).filter(lambda texts: len({each.fires for each in texts}) == 2)


def test_isotonic_is_that_of_scikit_learn() -> None:
    """``IsotonicRegression(out_of_bounds="clip")`` of scikit-learn 1.9.1 on the same scores."""
    knots = isotonic(TEXTS)
    assert [knots[0], knots[-1]] == [(0.1, 0.0), (0.9, 1.0)]
    expected = {0.05: 0, 0.15: 1 / 6, 0.25: 1 / 3, 0.35: 5 / 12, 0.55: 7 / 12, 0.7: 2 / 3, 0.95: 1}
    assert [interpolated(knots, score) for score in expected] == pytest.approx(list(expected.values()), abs=1e-9)


def test_platt_is_the_optimum_that_scipy_finds() -> None:
    """``scipy.optimize.minimize`` (1.17.1) of the same loss with Platt's targets."""
    texts = [Scored(0.1, False), Scored(0.2, False), Scored(0.35, False)]
    texts += [Scored(0.4, True), Scored(0.8, True), Scored(0.9, True)]
    assert platt(texts) == pytest.approx((0.75639378, 0.16757612), abs=1e-6)


def test_the_area_is_that_of_scikit_learn() -> None:
    assert area(TEXTS) == pytest.approx(0.68, abs=1e-12)
    assert area([Scored(0.5, True)]) is None


@given(both, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_no_map_ever_falls(texts: list[Scored], scores: list[float]) -> None:
    knots = isotonic(texts)
    slope, intercept = platt(texts)
    assert slope >= 0
    for low, high in itertools.pairwise(sorted(scores)):
        assert 0 <= interpolated(knots, low) <= interpolated(knots, high) + 1e-12 <= 1 + 2e-12
        first, second = (logistic(slope * log_odds(score) + intercept) for score in (low, high))
        assert 0 < first <= second + 1e-12 <= 1 + 2e-12


@given(both)
def test_isotonic_gives_each_pool_the_share_that_fires(texts: list[Scored]) -> None:
    """The least-squares property: over all texts, the probabilities add up to the firing ones."""
    knots = isotonic(texts)
    assert sum(interpolated(knots, each.score) for each in texts) == pytest.approx(sum(each.fires for each in texts))


@given(both)
def test_the_area_counts_pairs(texts: list[Scored]) -> None:
    firing = [each.score for each in texts if each.fires]
    quiet = [each.score for each in texts if not each.fires]
    wins = sum((above > below) + 0.5 * (above == below) for above in firing for below in quiet)
    assert area(texts) == pytest.approx(wins / (len(firing) * len(quiet)))


def test_scores_that_say_the_opposite_give_one_probability() -> None:
    slope, intercept = platt([Scored(0.9, False)] * 30 + [Scored(0.1, True)] * 10)
    assert slope == 0.0
    assert logistic(intercept) == pytest.approx(11 / 42)


def test_no_curve_is_steeper_than_a_file_of_calibration_takes() -> None:
    apart = 10.0**-DECIMALS
    for low in (0.0, 0.5, 1 - apart):
        scores = [Scored(low, False)] * 100 + [Scored(low + apart, True)] * 99
        slope, intercept = platt(scores)
        assert slope <= STEEPEST
        assert abs(intercept) <= STEEPEST
