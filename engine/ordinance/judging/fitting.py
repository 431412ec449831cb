"""From a judge's score to a probability: the map that labelled scores give, which never falls as the score rises.

``isotonic`` is the least-squares monotone map, found by pooling adjacent violators (M. Ayer and others, "An empirical
distribution function for sampling with incomplete information", Annals of Mathematical Statistics 26, 1955). ``platt``
is a logistic curve in the log-odds of the score with two parameters, for few texts (J. Platt, "Probabilistic outputs
for support vector machines", 1999; solved by Newton's method as in H.-T. Lin, C.-J. Lin and R. Weng, Machine Learning
68, 2007).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

#: Scores nearer to 0 or 1 than this have the log-odds of this.
_EDGE = 1e-4


class Scored(NamedTuple):
    """A judge's ``score`` of a text, and whether the text ``fires``."""

    score: float
    fires: bool


def isotonic(texts: Sequence[Scored]) -> list[tuple[float, float]]:
    """Return the knots (score, probability) of the map, in ascending order; between two, the map is a straight line."""
    blocks: list[tuple[float, float, int, int]] = []  # lowest score, highest score, firing, all
    for score, same in groupby(sorted(texts), key=lambda each: each.score):
        group = list(same)
        blocks.append((score, score, sum(each.fires for each in group), len(group)))
        while len(blocks) > 1 and blocks[-2][2] * blocks[-1][3] >= blocks[-1][2] * blocks[-2][3]:
            right, left = blocks.pop(), blocks.pop()
            blocks.append((left[0], right[1], left[2] + right[2], left[3] + right[3]))
    knots = [(edge, firing / count) for low, high, firing, count in blocks for edge in (low, high)]
    return list(dict.fromkeys(knots))


def interpolated(knots: Sequence[tuple[float, float]], score: float) -> float:
    """Return the probability that ``knots`` give to ``score``: that of the nearest knot beyond the first and last."""
    if score <= knots[0][0]:
        return knots[0][1]
    for (low, under), (high, over) in pairwise(knots):
        if score <= high:
            return under + (over - under) * (score - low) / (high - low)
    return knots[-1][1]


def log_odds(score: float) -> float:
    """Return the log-odds of a score from 0 to 1, bounded at both ends."""
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return math.log(inside / (1 - inside))


def logistic(value: float) -> float:
    """Return the probability of which ``value`` is the log-odds."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def platt(texts: Sequence[Scored]) -> tuple[float, float]:
    """Return slope and intercept in the log-odds of a score. The slope is 0, and the probability the share of firing
    texts, where higher scores do not go with firing texts."""
    firing = sum(each.fires for each in texts)
    quiet = len(texts) - firing
    # Platt's targets: as if one text more of each sort had been seen, so that separated scores have a finite slope.
    hit, miss = (firing + 1) / (firing + 2), 1 / (quiet + 2)
    points = [(log_odds(each.score), hit if each.fires else miss) for each in texts]
    slope, intercept = 0.0, math.log((firing + 1) / (quiet + 1))
    for _ in range(100):
        steepest, step = _newton(points, slope, intercept)
        if steepest < 1e-9:
            break
        loss, scale = _loss(points, slope, intercept), 1.0
        while scale > 1e-10 and _loss(points, slope + scale * step[0], intercept + scale * step[1]) > loss:
            scale /= 2
        slope, intercept = slope + scale * step[0], intercept + scale * step[1]
    if slope <= 0:
        return 0.0, math.log((firing + 1) / (quiet + 1))
    return slope, intercept


def _newton(points: Sequence[tuple[float, float]], slope: float, intercept: float) -> tuple[float, tuple[float, float]]:
    """Return the greatest slope of the loss at a place, and the step to its minimum."""
    by_slope = by_intercept = 0.0
    a, b, c = 1e-12, 0.0, 1e-12  # the Hessian, kept invertible
    for value, target in points:
        probability = logistic(slope * value + intercept)
        off, weight = probability - target, probability * (1 - probability)
        by_slope, by_intercept = by_slope + off * value, by_intercept + off
        a, b, c = a + weight * value * value, b + weight * value, c + weight
    determinant = a * c - b * b
    if determinant <= 0:
        return 0.0, (0.0, 0.0)
    step = (-(c * by_slope - b * by_intercept) / determinant, -(a * by_intercept - b * by_slope) / determinant)
    return max(abs(by_slope), abs(by_intercept)), step


def _loss(points: Sequence[tuple[float, float]], slope: float, intercept: float) -> float:
    """Return the cross-entropy of the curve and the targets."""
    total = 0.0
    for value, target in points:
        odds = slope * value + intercept
        total += (1 - target) * odds + (
            math.log1p(math.exp(-odds)) if odds >= 0 else -odds + math.log1p(math.exp(odds))
        )
    return total


def area(texts: Sequence[Scored]) -> float | None:
    """Return the area under the ROC curve: how often a firing text scores above a quiet one, ties counted half. None
    where there is no firing or no quiet text."""
    firing = sum(each.fires for each in texts)
    quiet = len(texts) - firing
    if not firing or not quiet:
        return None
    wins = below = 0
    for _, same in groupby(sorted(texts), key=lambda each: each.score):
        group = list(same)
        hits = sum(each.fires for each in group)
        wins += 2 * hits * below + hits * (len(group) - hits)
        below += len(group) - hits
    return wins / (2 * firing * quiet)
