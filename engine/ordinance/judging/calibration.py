"""The file that ``ordinance calibrate`` writes: what a judge's scores mean by rule and language, and where it acts.

It is read strictly, and what follows from its counts is computed again: a file that was edited is refused. It contains
no text, only digests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from ordinance.errors import OrdinanceError
from ordinance.judging.fitting import interpolated, log_odds, logistic
from ordinance.judging.shares import at_least, at_most
from ordinance.plugin import Question

#: A judge acts where so many texts were measured, and so few false alarms are possible.
LEAST_QUIET = 300
LEAST_FIRING = 100
MOST_FALSE_ALARMS = 0.01

#: The umbrella question may lose so large a share of the texts that the single questions find.
MOST_LOST = 0.005

#: Scores, probabilities and bounds have so many decimals, in the file and when a judge is asked.
DECIMALS = 6

#: No fitted curve is as steep: two scores that differ in the last decimal are 4e-6 apart in log-odds, and so few texts
#: give no log-odds beyond 11.
STEEPEST = 1e8

_LARGEST = 16 * 1024 * 1024
_NUMBERS = re.compile(r"\[\s+([-+.,\de\s]+?)\s+\]")

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]


class CalibrationError(OrdinanceError):
    """A file of calibration cannot be used; the message names the place in it."""

    code = "calibration"
    exit_code = 2


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Counted(_Part):
    """How many texts: those that fire, and the quiet ones by kind."""

    firing: Count
    request: Count
    prose: Count
    contrast: Count

    @property
    def quiet(self) -> int:
        return self.request + self.prose + self.contrast


class Point(_Part):
    """A threshold: of the measured texts, those that score ``above`` it. The bounds are one-sided, 95 %."""

    above: Share
    found: Count
    recall_at_least: Share
    taken: Count
    false_alarms_at_most: Share


class Isotonic(_Part):
    """A map of straight lines between knots (score, probability)."""

    method: Literal["isotonic"] = "isotonic"
    knots: Annotated[tuple[tuple[Share, Share], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rises(self) -> Isotonic:
        for (low, under), (high, over) in pairwise(self.knots):
            if not (low < high and under <= over):
                raise ValueError("the knots do not rise")
        return self

    def __call__(self, score: float) -> float:
        return interpolated(self.knots, score)


class Platt(_Part):
    """A logistic curve in the log-odds of the score."""

    method: Literal["platt"] = "platt"
    slope: Annotated[float, Field(ge=0, le=STEEPEST)]
    intercept: Annotated[float, Field(ge=-STEEPEST, le=STEEPEST)]

    def __call__(self, score: float) -> float:
        return logistic(self.slope * log_odds(score) + self.intercept)


class Language(_Part):
    """What was measured for one rule in one language.

    ``fitted`` are the texts that made the ``map``, ``measured`` those that gave ``auc``, ``curve``, ``point`` and
    ``kinds_taken``, the quiet ones above the point. ``error`` is the mean square error of the map's probability on the
    half that it was not fitted to. ``asked`` is what the rule as the pack has it finds: the probability that it asks
    for, at a score above the point.
    """

    acts: bool
    why: tuple[str, ...]
    given: Counted
    fitted: Counted
    measured: Counted
    auc: Share
    error: Share
    point: Point
    kinds_taken: Counted
    probability_asked: Share
    asked: Point
    map: Annotated[Isotonic | Platt, Field(discriminator="method")]
    curve: tuple[Point, ...]

    @model_validator(mode="after")
    def _follows(self) -> Language:
        for point in (self.point, self.asked, *self.curve):
            if point != row(point.above, point.found, point.taken, self.measured):
                raise ValueError(f"the bounds above {point.above} do not follow from the counts")
        if self.why != objections(self.point, self.measured) or self.acts == bool(self.why):
            raise ValueError("`acts` and `why` do not follow from the counts")
        return self

    def probability(self, score: float) -> float:
        """Return the probability for ``score``. Where the judge acts, it is 0 for what does not score above the point:
        the bound of false alarms holds whatever probability a pack asks for."""
        score = round(score, DECIMALS)
        if self.acts and score <= self.point.above:
            return 0.0
        return round(self.map(score), DECIMALS)


class Rule(_Part):
    """One rule: the digest of its question, and its languages by ISO 639-1 code."""

    question: Digest
    languages: dict[str, Language]


class Gate(_Part):
    """The umbrella question ``question``: of the ``found`` texts that the single questions find, none scored less than
    ``score`` on it. ``lost_at_most`` is the one-sided 95 % bound of the share of such texts that do."""

    question: Digest
    score: Annotated[float, Field(gt=0, le=1)]
    found: Count
    lost_at_most: Annotated[float, Field(ge=0, le=MOST_LOST)]

    @model_validator(mode="after")
    def _follows(self) -> Gate:
        if self.lost_at_most != round(at_most(0, self.found), DECIMALS):
            raise ValueError("`lost_at_most` does not follow from the count")
        return self


class Calibration(_Part):
    """The whole file. ``judge`` is what the scores depend on; ``texts`` is a digest of all texts that were scored.
    ``gate`` is None where too few texts were found to say what an umbrella question loses."""

    format: Literal["ordinance calibration 1"] = "ordinance calibration 1"
    judge: dict[str, JsonValue]
    texts: Digest
    unseen: bool
    gate: Gate | None = None
    rules: dict[str, Rule]

    @property
    def identity(self) -> Mapping[str, object]:
        """What the scores depend on: model, renderer and so on, as the judge's identity says under ``scores``."""
        return self.judge

    @property
    def digest(self) -> str:
        """The digest of the content, for the policy's digest."""
        return digest_of(self.model_dump(mode="json"))

    @property
    def umbrella(self) -> float | None:
        """The score of the umbrella question from which on the single ones are asked; None: always."""
        return None if self.gate is None else self.gate.score

    def gates(self, umbrella: Question) -> bool:
        """Return whether it was measured what the question ``umbrella`` loses."""
        return self.gate is not None and self.gate.question == question_digest(umbrella)

    def void(self, identity: Mapping[str, object], questions: Sequence[Question]) -> str:
        """Return why the file does not hold for a judge of this ``identity`` and these ``questions``, or "". Whatever
        has changed, all scores may have changed: the whole file is void."""
        for key in sorted(self.judge.keys() | identity.keys()):
            if self.judge.get(key) != json.loads(json.dumps(identity.get(key))):
                return f"the judge's `{key}` has changed since it was calibrated"
        for question in questions:
            rule = self.rules.get(question.rule)
            if rule is not None and rule.question != question_digest(question):
                return f"the question of {question.rule} has changed since the judge was calibrated"
        return ""

    def acts(self, rule: str, language: str) -> bool:
        """Return whether the judge acts for ``rule`` on a text in ``language``. On an undecided or mixed text ("") it
        acts where it acts in any language."""
        held = self._languages(rule)
        if language:
            return language in held and held[language].acts
        return any(each.acts for each in held.values())

    def may_act(self, rule: str) -> bool:
        """Return whether the judge acts for ``rule`` in any language."""
        return self.acts(rule, "")

    def probability(self, rule: str, language: str, score: float) -> float:
        """Return the probability that a text of ``score`` breaks ``rule``. For a language that was not calibrated, and
        for an undecided or mixed text (""), it is the highest that any language gives in which the judge acts, or that
        any gives where it acts in none; for a rule that was not calibrated, it is the score."""
        held = self._languages(rule)
        if language in held:
            return held[language].probability(score)
        strictest = [each for each in held.values() if each.acts] or list(held.values())
        return max((each.probability(score) for each in strictest), default=score)

    def text(self) -> str:
        """Return the file's text: the same for the same content."""
        shown = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1)
        return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", shown) + "\n"

    def _languages(self, rule: str) -> Mapping[str, Language]:
        return self.rules[rule].languages if rule in self.rules else {}


def row(above: float, found: int, taken: int, measured: Counted) -> Point:
    """Return the threshold ``above`` with the bounds that the counts give."""
    return Point(
        above=above,
        found=found,
        recall_at_least=round(at_least(found, measured.firing), DECIMALS),
        taken=taken,
        false_alarms_at_most=round(at_most(taken, measured.quiet), DECIMALS),
    )


def objections(point: Point, measured: Counted) -> tuple[str, ...]:
    """Return why a judge with this chosen ``point`` only records; nothing where it acts."""
    return tuple(_objections(point, measured))


def _objections(point: Point, measured: Counted) -> Iterator[str]:
    if measured.quiet < LEAST_QUIET:
        yield f"{measured.quiet} quiet texts were measured; {LEAST_QUIET} are needed"
    if measured.firing < LEAST_FIRING:
        yield f"{measured.firing} firing texts were measured; {LEAST_FIRING} are needed"
    if point.false_alarms_at_most > MOST_FALSE_ALARMS:
        yield f"false alarms may reach {point.false_alarms_at_most:.2%}; {MOST_FALSE_ALARMS:.0%} is the most"
    if not point.found:
        yield "no firing text scores above the point"


def question_digest(question: Question) -> str:
    """Return the digest of what ``question`` asks."""
    return digest_of(asdict(question))


def digest_of(plain: object) -> str:
    """Return the digest of plain data, whatever the order of its keys."""
    shown = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(shown.encode('utf-8', 'surrogatepass')).hexdigest()}"


def read_calibration(path: Path) -> Calibration:
    """Read a file of calibration. Raises ``CalibrationError`` with the place where it cannot be used."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unusable(path, error.strerror or "it cannot be read", "Check the path.") from None
    if len(content) > _LARGEST:
        raise _unusable(path, "it is too large for a calibration", "Give the file that `ordinance calibrate` wrote.")
    try:
        return Calibration.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise _unusable(
            path, f"{f'at {place}: ' if place else ''}{message}", "Make it anew with `ordinance calibrate`."
        ) from None


def _unusable(path: Path, message: str, help: str) -> CalibrationError:
    return CalibrationError(f"{path}: {message}.", help=help)
