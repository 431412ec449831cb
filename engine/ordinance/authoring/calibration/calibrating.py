"""Has a judge score labelled texts, and makes the file of calibration from its scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from ordinance.authoring.calibration.calibration_texts import Sample
from ordinance.detection import Question
from ordinance.errors import OrdinanceError
from ordinance.judging.calibration import MOST_LOST, Calibration, Gate, Language, Rule, digest_of, question_digest
from ordinance.judging.judge_error import JudgeError
from ordinance.judging.measuring import Text, gate, measure
from ordinance.judging.shares import at_most
from ordinance.judging.umbrella import umbrella


class ScoringError(OrdinanceError):
    """A judge gave no score for a text; without it nothing is calibrated."""

    code = "judge-score"
    exit_code = 1


class Scorer(Protocol):
    """A judge, asked for its own score instead of a probability."""

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """What the judge is, as plain JSON; under ``scores`` what its scores depend on."""

    def score(self, question: Question, text: str, before: str) -> float:
        """Return the score from 0 to 1. Raises ``JudgeError``. May be called in several threads at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a judged rule asks: its ``question``, and the probability ``least`` from which it finds."""

    question: Question
    least: float


def calibrate(
    samples: Mapping[tuple[str, str], Sequence[Sample]],
    asked: Mapping[str, Asked],
    scorer: Scorer,
    *,
    unseen: bool,
    at_once: int,
    done: Callable[[int, int], None],
) -> Calibration:
    """Return what the scores of ``scorer`` show for ``samples``, by rule and language, sorted as ``sort`` does.

    ``at_once`` texts are scored at the same time; ``done`` is told how many are scored, of how many. Raises
    ``ScoringError`` at the first text that has no score."""
    jobs = [(asked[rule].question, each) for (rule, _), group in samples.items() for each in group]
    scores = _scores(scorer, jobs, at_once, done)
    rest = iter(scores)
    rules: dict[str, dict[str, Language]] = {}
    found: list[Sample] = []
    for (rule, language), group in samples.items():
        texts = [Text(next(rest), each.kind, each.kept_out, each.measured) for each in group]
        made = rules.setdefault(rule, {})[language] = measure(texts, asked[rule].least)
        found += (
            sample
            for sample, each in zip(group, texts, strict=True)
            if each.measured and each.kind is None and each.score > made.point.above
        )
    return Calibration(
        judge=dict(sorted(scorer.identity["scores"].items())),
        texts=_digest(samples),
        unseen=unseen,
        gate=_gate(scorer, [each.question for each in asked.values()], found, at_once, done),
        rules={
            rule: Rule(question=question_digest(asked[rule].question), languages=languages)
            for rule, languages in rules.items()
        },
    )


def _gate(
    scorer: Scorer,
    questions: Sequence[Question],
    found: Sequence[Sample],
    at_once: int,
    done: Callable[[int, int], None],
) -> Gate | None:
    """Return what one question over all ``questions`` may be used for, by the texts that they ``found``. It is not
    asked where these are too few to show it."""
    if len(questions) < 2 or at_most(0, len(found)) > MOST_LOST:
        return None
    over_all = umbrella(questions)
    return gate(over_all, _scores(scorer, [(over_all, each) for each in found], at_once, done))


def _scores(
    scorer: Scorer, jobs: Sequence[tuple[Question, Sample]], at_once: int, done: Callable[[int, int], None]
) -> list[float]:
    with ThreadPoolExecutor(at_once) as pool:
        pending = [pool.submit(_score, scorer, question, sample) for question, sample in jobs]
        try:
            scores: list[float] = []
            for future in pending:
                scores.append(future.result())
                done(len(scores), len(jobs))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return scores


def _score(scorer: Scorer, question: Question, sample: Sample) -> float:
    try:
        score = scorer.score(question, sample.text, sample.before)
    except JudgeError as error:
        code = error.code
    else:
        if math.isfinite(score) and 0 <= score <= 1:
            return score
        code = "unreadable"
    raise ScoringError(
        f"the judge {scorer.name} gave no score for {sample.place} ({code}).",
        help="See that the judge answers (`ordinance doctor`), then run the command again; nothing was written.",
    )


def _digest(samples: Mapping[tuple[str, str], Sequence[Sample]]) -> str:
    return digest_of(
        [
            [rule, language, each.kind or "fires", each.kept_out, each.text, each.before]
            for (rule, language), group in samples.items()
            for each in group
        ]
    )
