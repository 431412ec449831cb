"""From scores to the file of calibration: reproducible, without texts, and never acting on too little."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import ValidationError

from ordinance.authoring.calibration.calibrating import Asked, ScoringError, calibrate
from ordinance.authoring.calibration.calibration_picture import picture
from ordinance.authoring.calibration.calibration_texts import Sample
from ordinance.judging.calibration import Calibration, Language
from ordinance.judging.judge_error import JudgeError
from ordinance.judging.measuring import gate
from ordinance.judging.umbrella import umbrella
from ordinance.plugin import Question
from support.checkout import ROOT

GOLDEN = ROOT / "tests" / "cases" / "calibration"
WEAPONS = Question("house/weapons", "Making weapons.", "News.")
ASKED = {"house/weapons": Asked(WEAPONS, 0.8)}
KINDS = ("request", "prose", "contrast")


@dataclass
class Scores:
    """A judge that scores a text by the number in it."""

    name: str = "guard"
    identity: Mapping[str, Any] = field(
        default_factory=lambda: {"scores": {"model": "scripted", "renderer": "question"}}
    )
    fault: str = ""

    def score(self, question: Question, text: str, before: str) -> float:
        if self.fault and self.fault in text:
            raise JudgeError("late")
        return float(text.rpartition(" ")[2])


def samples(
    language: str, firing: Sequence[float], quiet: Sequence[float], *, marked: bool = False
) -> dict[tuple[str, str], list[Sample]]:
    made = []
    for kind, scores in ((None, firing), ("quiet", quiet)):
        for number, score in enumerate(scores):
            out = number % 2 == 1
            which = None if kind is None else KINDS[number // 2 % 3]
            text = f"secret {language} {kind} {number} {score}"
            made.append(
                Sample("house/weapons", language, which, text, "", out, out or not marked, f"a.txt:{number}")  # type: ignore[arg-type]
            )
    return {("house/weapons", language): made}


def drawn(seed: int, count: int, middle: float, spread: float) -> list[float]:
    draw = random.Random(seed)
    return [round(min(1.0, max(0.0, draw.gauss(middle, spread))), 4) for _ in range(count)]


def made(given: Mapping[tuple[str, str], Sequence[Sample]], scorer: Scores | None = None, **more: Any) -> Calibration:
    how: dict[str, Any] = {"unseen": False, "at_once": 4, "done": lambda done, of: None, **more}
    return calibrate(given, ASKED, scorer or Scores(), **how)


def only(calibration: Calibration) -> Language:
    ((_, rule),) = calibration.rules.items()
    (language,) = rule.languages.values()
    return language


def test_the_file_and_the_picture_are_as_they_were() -> None:
    """Read by hand; written anew with ORDINANCE_GOLDEN=write."""
    given = samples("en", drawn(1, 120, 0.8, 0.15), drawn(2, 320, 0.15, 0.12))
    given |= samples("de", drawn(3, 60, 0.7, 0.2), drawn(4, 120, 0.2, 0.15), marked=True)
    calibration = made(given)
    for name, text in (("guard.json", calibration.text()), ("guard.svg", picture(calibration))):
        if os.environ.get("ORDINANCE_GOLDEN") == "write":
            GOLDEN.mkdir(exist_ok=True)
            (GOLDEN / name).write_text(text, "utf-8")
        assert text == (GOLDEN / name).read_text("utf-8")
    assert Calibration.model_validate_json(calibration.text()) == calibration


@pytest.mark.parametrize("at_once", [1, 8])
def test_the_same_texts_give_the_same_bytes_however_many_are_scored_at_once(at_once: int) -> None:
    given = samples("en", drawn(1, 40, 0.8, 0.2), drawn(2, 90, 0.2, 0.2))
    assert made(given, at_once=at_once).text() == made(given, at_once=3).text()


def test_no_text_is_in_the_file_and_another_text_changes_its_digest() -> None:
    given = samples("en", drawn(1, 40, 0.8, 0.2), drawn(2, 90, 0.2, 0.2))
    first = made(given)
    assert "secret" not in first.text() + picture(first)
    samples_of = given["house/weapons", "en"]
    samples_of[0] = Sample(**{**{key: getattr(samples_of[0], key) for key in Sample.__slots__}, "text": "other 0.5"})
    assert made(given).texts != first.texts


@pytest.mark.parametrize(
    ("firing", "quiet", "why"),
    [
        (100, 300, ()),
        (99, 300, ("99 firing texts were measured; 100 are needed",)),
        (
            100,
            299,
            ("299 quiet texts were measured; 300 are needed",),
        ),
        (
            60,
            120,
            (
                "120 quiet texts were measured; 300 are needed",
                "60 firing texts were measured; 100 are needed",
                "false alarms may reach 2.47%; 1% is the most",
            ),
        ),
    ],
)
def test_a_judge_acts_only_where_enough_was_measured(firing: int, quiet: int, why: tuple[str, ...]) -> None:
    language = only(made(samples("en", [0.9] * firing, [0.1] * quiet)))
    assert (language.acts, language.why) == (not why, why)


def test_texts_that_may_have_been_seen_do_not_measure() -> None:
    language = only(made(samples("en", [0.9] * 100, [0.1] * 300, marked=True)))
    assert not language.acts
    assert (language.given.quiet, language.measured.quiet) == (300, 150)
    assert language.point.false_alarms_at_most == pytest.approx(0.019773, abs=1e-6)


def test_a_judge_that_cannot_tell_the_texts_apart_records() -> None:
    language = only(made(samples("en", [0.5] * 100, [0.5] * 300)))
    assert language.auc == 0.5
    assert language.why == ("no firing text scores above the point",)


def test_the_point_lets_more_pass_where_more_were_measured() -> None:
    """Of 300 none may be taken; of 640 two, and one loud text does not move the point."""
    few = only(made(samples("en", [0.9] * 100, [*[0.1] * 299, 0.95])))
    assert few.why == ("no firing text scores above the point",)
    many = only(made(samples("en", [0.9] * 100, [*[0.1] * 639, 0.95])))
    assert many.acts
    assert (many.point.taken, many.point.above, many.kinds_taken.contrast) == (1, 0.1, 0 if 639 // 2 % 3 != 2 else 1)


def test_few_texts_are_mapped_by_platt_and_many_by_isotonic() -> None:
    assert only(made(samples("de", [0.9] * 60, [0.1] * 120))).map.method == "platt"
    assert only(made(samples("en", [0.9] * 100, [0.1] * 300))).map.method == "isotonic"


def test_a_judge_without_a_score_stops_it_and_says_where() -> None:
    with pytest.raises(ScoringError, match=r"gave no score for a.txt:7 \(late\)") as told:
        made(samples("en", [0.9] * 20, [0.1] * 20), Scores(fault="None 7 "))
    assert told.value.code == "judge-score"
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("score", ["nan", "inf", "1.5", "-0.1"])
def test_a_score_that_is_no_probability_stops_it(score: str) -> None:
    with pytest.raises(ScoringError, match="unreadable"):
        made({("house/weapons", "en"): [Sample("", "en", None, f"a {score}", "", False, True, "a.txt:1")]})


def test_progress_is_told_for_each_text() -> None:
    told: list[tuple[int, int]] = []
    made(samples("en", [0.9] * 4, [0.1] * 12), done=lambda done, of: told.append((done, of)))
    assert told == [(number, 16) for number in range(1, 17)]


def test_the_identity_is_what_the_scores_depend_on() -> None:
    calibration = made(samples("en", [0.9] * 4, [0.1] * 12))
    assert json.loads(calibration.text())["judge"] == {"model": "scripted", "renderer": "question"}


def two_rules(count: int, seed: int = 7) -> tuple[dict[tuple[str, str], list[Sample]], dict[str, Asked]]:
    """Texts of two rules, ``count`` firing ones each, all of which their rules find."""
    other = Question("house/violence", "Torture.", "News.")
    quiet = drawn(seed, 320, 0.1, 0.05)
    given = samples("en", drawn(seed + 1, count, 0.9, 0.02), quiet)
    first = given["house/weapons", "en"]
    given["house/violence", "en"] = [replace(each, rule="house/violence", text=f"other {each.text}") for each in first]
    return given, {**ASKED, other.rule: Asked(other, 0.8)}


def test_one_question_comes_first_where_enough_is_found_to_say_what_it_loses() -> None:
    given, asked = two_rules(320)
    calibration = calibrate(given, asked, Scores(), unseen=True, at_once=4, done=lambda done, of: None)
    gate = calibration.gate
    assert gate is not None
    assert gate.found == 640
    assert gate.lost_at_most <= 0.005
    lowest = min(float(each.text.rpartition(" ")[2]) for group in given.values() for each in group if each.kind is None)
    assert calibration.umbrella == gate.score == pytest.approx(lowest, abs=1e-6)
    over_all = umbrella([each.question for each in asked.values()])
    assert calibration.gates(over_all)
    assert not calibration.gates(replace(over_all, means="something else")), "other rules, another question"
    assert Calibration.model_validate_json(calibration.text()) == calibration


@pytest.mark.parametrize("count", [0, 1, 250])
def test_it_does_not_where_too_few_are_found(count: int) -> None:
    given, asked = two_rules(max(count, 120)) if count else (samples("en", [0.9] * 700, [0.1] * 320), ASKED)
    assert calibrate(given, asked, Scores(), unseen=True, at_once=4, done=lambda done, of: None).gate is None


def test_a_gate_that_promises_more_than_its_count_is_refused() -> None:
    given, asked = two_rules(320)
    text = calibrate(given, asked, Scores(), unseen=True, at_once=4, done=lambda done, of: None).text()
    edited = json.loads(text)
    edited["gate"]["lost_at_most"] = 0.001
    with pytest.raises(ValidationError, match="does not follow"):
        Calibration.model_validate_json(json.dumps(edited))
    edited["gate"] = {**edited["gate"], "found": 100, "lost_at_most": 0.029513}
    with pytest.raises(ValidationError):
        Calibration.model_validate_json(json.dumps(edited))


@pytest.mark.parametrize(("scores", "count"), [([0.4] * 597, None), ([0.4] * 598, 598), ([0.4] * 700 + [0.0], None)])
def test_the_gate_needs_598_texts_that_all_score_something(scores: list[float], count: int | None) -> None:
    """1 - 0.05 ** (1 / 598) = 0.4997 %."""
    found = gate(WEAPONS, scores)
    assert (found and found.found) == count
