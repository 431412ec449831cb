"""A file of calibration is read strictly, holds for one judge, and says where it acts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.judging.calibration import (
    Calibration,
    CalibrationError,
    Rule,
    question_digest,
    read_calibration,
)  # fmt: skip
from ordinance.judging.measuring import Text, measure
from ordinance.plugin import Question

WEAPONS = Question("house/weapons", "Making weapons.", "News.", ("How?",), ("Why?",))
JUDGE: dict[str, Any] = {"model": "scripted", "renderer": "question", "labels": {}, "window": 8000}


def texts(firing: float, quiet: float, number: int) -> list[Text]:
    made = [Text(firing, None, each % 2 == 1, True) for each in range(number)]
    kinds = ("request", "prose", "contrast")
    return made + [Text(quiet, kinds[each % 3], each // 3 % 2 == 1, True) for each in range(3 * number)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    """English and French act, French the more strictly; German records."""
    languages = {
        "en": measure(texts(0.9, 0.1, 100), 0.8),
        "fr": measure(texts(0.7, 0.05, 100), 0.8),
        "de": measure(texts(0.4, 0.01, 40), 0.8),
    }
    rules = {WEAPONS.rule: Rule(question=question_digest(WEAPONS), languages=languages)}
    return Calibration(judge=JUDGE, texts=f"sha256:{'0' * 64}", unseen=False, rules=rules)


@pytest.fixture
def written(calibration: Calibration, tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """Writes the file, after a change to its content."""

    def write(change: Callable[[dict[str, Any]], object]) -> Path:
        content = json.loads(calibration.text())
        change(content)
        path = tmp_path / "guard.json"
        path.write_text(json.dumps(content), "utf-8")
        return path

    return write


Written = Callable[[Callable[[dict[str, Any]], object]], Path]


def english(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["rules"][WEAPONS.rule]["languages"]["en"]
    return found


def german(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["rules"][WEAPONS.rule]["languages"]["de"]
    return found


def test_what_is_written_is_read(calibration: Calibration, written: Written) -> None:
    read = read_calibration(written(lambda content: None))
    assert read == calibration
    assert read.digest == calibration.digest
    assert read.identity == JUDGE


def test_it_acts_where_enough_was_measured(calibration: Calibration) -> None:
    acts = [calibration.acts(WEAPONS.rule, language) for language in ("en", "fr", "de", "et", "")]
    assert acts == [True, True, False, False, True]
    assert calibration.may_act(WEAPONS.rule)
    assert not calibration.may_act("house/other")
    assert not calibration.acts("house/other", "")


def test_an_undecided_text_takes_the_strictest_of_those_that_act(calibration: Calibration) -> None:
    rule = WEAPONS.rule
    for score in (0.0, 0.05, 0.3, 0.5, 0.7, 1.0):
        each = [calibration.probability(rule, language, score) for language in ("en", "fr")]
        assert calibration.probability(rule, "", score) == calibration.probability(rule, "et", score) == max(each)
    assert calibration.probability("house/other", "en", 0.4) == 0.4


def test_nothing_at_or_below_the_point_counts_where_it_acts(calibration: Calibration) -> None:
    """Whatever probability a pack asks for: the bound of false alarms is that of the point."""
    assert calibration.probability(WEAPONS.rule, "en", 0.1) == 0.0
    assert calibration.probability(WEAPONS.rule, "en", 0.1000004) == 0.0  # as the file has scores
    assert calibration.probability(WEAPONS.rule, "en", 0.5) == pytest.approx(0.5)
    assert 0 < calibration.probability(WEAPONS.rule, "de", 0.01) < 0.1


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.sampled_from(["en", "fr", "de", "", "et"]))
def test_a_higher_score_never_has_a_lower_probability(
    calibration: Calibration, scores: list[float], language: str
) -> None:
    found = [calibration.probability(WEAPONS.rule, language, score) for score in sorted(scores)]
    assert all(0 <= low <= high <= 1 for low, high in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("key", "value"),
    [("model", "scripted-2"), ("renderer", "policy"), ("labels", {"S9": ["house/weapons"]}), ("version", "question 2")],
)
def test_another_judge_voids_the_file(calibration: Calibration, key: str, value: object) -> None:
    assert (
        calibration.void({**JUDGE, key: value}, [WEAPONS]) == f"the judge's `{key}` has changed since it was calibrated"
    )
    assert calibration.void({name: each for name, each in JUDGE.items() if name != "window"}, []) != ""


@pytest.mark.parametrize(
    "change", [{"means": "Making arms."}, {"excludes": ""}, {"fires": ("How?", "When?")}, {"quiet": ()}]
)
def test_another_question_voids_the_file(calibration: Calibration, change: dict[str, Any]) -> None:
    other = Question("house/other", "Something else.")
    assert calibration.void(JUDGE, [WEAPONS, other]) == ""
    assert calibration.void(JUDGE, [replace(WEAPONS, **change), other]) == (
        "the question of house/weapons has changed since the judge was calibrated"
    )


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda content: content.update(more=1), "at more"),
        (lambda content: content.update(format="ordinance calibration 2"), "at format"),
        (lambda content: content.update(texts="abc"), "at texts"),
        (lambda content: english(content).update(acts="yes"), "at rules.house/weapons.languages.en.acts"),
        (lambda content: english(content).update(acts=False), "`acts` and `why` do not follow"),
        (lambda content: english(content)["measured"].update(prose=500), "do not follow from the counts"),
        (lambda content: english(content)["point"].update(false_alarms_at_most=0.001), "do not follow from the counts"),
        (lambda content: english(content)["point"].update(taken=9), "do not follow from the counts"),
        (lambda content: english(content)["map"].update(knots=[[0.9, 0.5], [0.1, 1.0]]), "the knots do not rise"),
        (lambda content: english(content)["map"].update(method="magic"), "languages.en.map"),
        (lambda content: english(content).update(auc=float("nan")), "languages.en.auc"),
        *(
            (lambda content, curve=curve: german(content).update(map={"method": "platt", **curve}), "languages.de.map")
            for curve in (
                {"slope": 1.0, "intercept": float("nan")},
                {"slope": 1.0, "intercept": float("-inf")},
                {"slope": float("inf"), "intercept": 0.0},
                {"slope": 1e300, "intercept": 0.0},
                {"slope": 1.0, "intercept": -1e300},
                {"slope": 1.0, "intercept": 1e300},
            )
        ),
    ],
)
def test_a_file_that_was_edited_is_refused_with_its_place(written: Written, change: Any, place: str) -> None:
    with pytest.raises(CalibrationError) as told:
        read_calibration(written(change))
    assert place in told.value.message
    assert told.value.message.count("guard.json") == 1
    assert told.value.code == "calibration"


def test_german_cannot_be_made_to_act_by_hand(written: Written) -> None:
    def act(content: dict[str, Any]) -> None:
        content["rules"][WEAPONS.rule]["languages"]["de"].update(acts=True, why=[])

    with pytest.raises(CalibrationError, match=r"languages\.de: `acts` and `why` do not follow from the counts"):
        read_calibration(written(act))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": "ordinance calibration 1"}'])
def test_what_is_no_calibration_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "guard.json"
    path.write_bytes(content)
    with pytest.raises(CalibrationError):
        read_calibration(path)
    with pytest.raises(CalibrationError, match="No such file"):
        read_calibration(tmp_path / "none.json")
