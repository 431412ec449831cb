"""Bounds on a share that was counted: one-sided Clopper-Pearson bounds of 95 %.

Of ``of`` texts, ``taken`` were taken. Below what bound is the true share, with what confidence? C. J. Clopper and
E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934):
the bound is the share at which so few, or fewer, are taken in only 5 % of samples. It never covers less than it says.

For a threshold that is an order statistic, the bound is exact (S. S. Wilks, "Determination of sample sizes for setting
tolerance limits", Annals of Mathematical Statistics 12, 1941). Of ``n`` quiet texts, let the threshold be the score of
the one that has ``k`` above it, with ``k`` chosen before the scores are seen. The share of all such texts above it has
the distribution Beta(k + 1, n - k), whatever the judge, and its 95 % quantile is the Clopper-Pearson bound of ``k`` of
``n``.
"""

from __future__ import annotations

import math
from functools import cache

#: The bounds fail in at most this share of samples.
ALPHA = 0.05

_STEPS = 60


@cache
def at_most(taken: int, of: int) -> float:
    """Return the upper bound of the share of which ``taken`` of ``of`` is a sample; 1.0 where nothing was counted."""
    if taken >= of:
        return 1.0
    low, high = taken / of, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _up_to(taken, of, middle) > ALPHA else (low, middle)
    return high


def at_least(found: int, of: int) -> float:
    """Return the lower bound of the share of which ``found`` of ``of`` is a sample; 0.0 where nothing was counted."""
    return 1.0 - at_most(of - found, of)


def most_above(of: int, share: float) -> int | None:
    """Return how many of ``of`` may be taken so that the upper bound is at most ``share``; None where none may."""
    if not of or at_most(0, of) > share:
        return None
    taken = 0
    while at_most(taken + 1, of) <= share:
        taken += 1
    return taken


def _up_to(taken: int, of: int, share: float) -> float:
    """Return the probability that ``of`` trials give ``taken`` or fewer, where ``taken / of`` < ``share``
    < 1: the terms shrink from the last one down."""
    term = math.exp(
        math.lgamma(of + 1) - math.lgamma(taken + 1) - math.lgamma(of - taken + 1)
        + taken * math.log(share) + (of - taken) * math.log1p(-share)
    )  # fmt: skip
    total = 0.0
    for count in range(taken, -1, -1):
        if term <= total * 1e-18:
            break
        total += term
        term *= count / (of - count + 1) * (1 - share) / share
    return total
