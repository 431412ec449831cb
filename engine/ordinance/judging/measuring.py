"""From scored texts of one rule in one language to what a file of calibration says of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ordinance.judging.calibration import (
    DECIMALS,
    MOST_FALSE_ALARMS,
    MOST_LOST,
    Counted,
    Gate,
    Isotonic,
    Language,
    Platt,
    Point,
    objections,
    question_digest,
    row,
)
from ordinance.judging.fitting import Scored, area, isotonic, platt
from ordinance.judging.shares import at_most, most_above
from ordinance.plugin import Question

Kind = Literal["request", "prose", "contrast"]

#: A map is isotonic if it is fitted to so many texts.
_LEAST_ISOTONIC = 200

#: The curve shows the thresholds with so many quiet texts above them.
_STEPS = (0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was scored. ``kind`` says what a quiet text is like; None: it fires. ``kept_out`` texts never make
    the map; ``measured`` ones measure the judge."""

    score: float
    kind: Kind | None
    kept_out: bool
    measured: bool

    @property
    def scored(self) -> Scored:
        """The score as the file has it, and whether the text fires."""
        return Scored(round(self.score, DECIMALS), self.kind is None)


def measure(texts: Sequence[Text], probability_asked: float) -> Language:
    """Return what ``texts`` show. There must be firing and quiet ones in the half that is kept out, in the other, and
    among the measured ones.

    How many quiet texts may lie above the chosen point depends on their number alone, so that its bound is exact
    (``shares.py``). ``probability_asked`` is what the rule asks for in its pack."""
    fitted = [each for each in texts if not each.kept_out]
    kept_out = [each.scored for each in texts if each.kept_out]
    measured = [each for each in texts if each.measured]
    scored, counted = [each.scored for each in measured], _counted(measured)
    probability = _map([each.scored for each in fitted])
    quiet = sorted((each.score for each in scored if not each.fires), reverse=True)
    point = _at(quiet[most_above(len(quiet), MOST_FALSE_ALARMS) or 0], scored, counted)
    passed = [score for score, _ in scored if probability(score) < probability_asked]
    why = objections(point, counted)
    return Language(
        acts=not why,
        why=why,
        given=_counted(texts),
        fitted=_counted(fitted),
        measured=counted,
        auc=round(area(scored) or 0.0, DECIMALS),
        error=round(sum((probability(score) - fires) ** 2 for score, fires in kept_out) / len(kept_out), DECIMALS),
        point=point,
        kinds_taken=_counted(each for each in measured if each.kind and each.scored.score > point.above),
        probability_asked=probability_asked,
        asked=_at(max([point.above, *passed]), scored, counted),
        map=probability,
        curve=tuple(
            _at(above, scored, counted) for above in dict.fromkeys(quiet[step] for step in _STEPS if step < len(quiet))
        ),
    )


def gate(question: Question, scores: Sequence[float]) -> Gate | None:
    """Return what the umbrella ``question`` may be used for, by its ``scores`` of texts that single questions find:
    its threshold is the lowest, so that the bound of what it loses is exact (``shares.py``). None if there are too few
    texts, or one of them scores nothing."""
    lost = round(at_most(0, len(scores)), DECIMALS)
    lowest = math.floor(min(scores, default=0.0) * 10**DECIMALS) / 10**DECIMALS
    if lost > MOST_LOST or lowest <= 0:
        return None
    return Gate(question=question_digest(question), score=lowest, found=len(scores), lost_at_most=lost)


def _map(texts: Sequence[Scored]) -> Isotonic | Platt:
    if len(texts) >= _LEAST_ISOTONIC:
        return Isotonic(knots=tuple((score, round(share, DECIMALS)) for score, share in isotonic(texts)))
    slope, intercept = platt(texts)
    return Platt(slope=round(slope, DECIMALS), intercept=round(intercept, DECIMALS))


def _at(above: float, texts: Sequence[Scored], counted: Counted) -> Point:
    over = Counter(each.fires for each in texts if each.score > above)
    return row(above, over[True], over[False], counted)


def _counted(texts: Iterable[Text]) -> Counted:
    kinds = Counter(each.kind for each in texts)
    return Counted(firing=kinds[None], request=kinds["request"], prose=kinds["prose"], contrast=kinds["contrast"])
