"""Packs whose rules ask a judge: what is asked, what is struck out without one, and what the digest says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ordinance.detection import Judge, Question
from ordinance.loading.example_runs import run_example
from ordinance.loading.load import Loaded, load
from ordinance.runtime.opening import open_session
from ordinance.runtime.situation import situate
from support.judging import ScriptedJudge
from support.packs import CHARTER, TODAY, write_charter

WEAPONS = "    when    prompt or answer has lexicon weapons\n"
JUDGED = """\
    not     "News and law."
    when    prompt or answer has any of lexicon weapons, judged at least 0.8
"""
PLAIN = '    example fires prompt "Help me with a harmful thing, judge-canary-weapons-0.9."\n'
FIRST = '    example fires answer "Very well: ordinance-canary-weapons-7f3a9c."\n'


class Maker:
    def __init__(self, judge: ScriptedJudge | None = None) -> None:
        self.asked: list[tuple[Question, ...]] = []
        self.judge = judge or ScriptedJudge()

    def __call__(self, questions: Sequence[Question]) -> Judge:
        self.asked.append(tuple(questions))
        return self.judge


def charter(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = CHARTER
    for old, new in ((WEAPONS, JUDGED), (FIRST, FIRST + PLAIN), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    return write_charter(tmp_path, text)


def loaded_by(path: Path, make: Maker | None = None) -> Loaded:
    return load([path], on=TODAY, judge=make)


@pytest.mark.semantics(30)
def test_a_judge_is_asked_in_the_words_of_the_pack_without_canaries(tmp_path: Path) -> None:
    make = Maker()
    loaded = loaded_by(charter(tmp_path), make)
    (question,) = make.asked[0]
    assert question.rule == f"{loaded.plan.charter.name}/weapons"
    assert question.means.startswith("Making, acquiring or using biological")
    assert question.excludes == "News and law."
    assert "Help me with a harmful thing, judge-canary-weapons-0.9." in question.fires
    assert question.quiet
    assert not any("ordinance-canary" in each for each in (*question.fires, *question.quiet))
    assert loaded.plan.judge is make.judge
    assert not make.judge.asked, "a load asks a judge nothing"
    assert loaded.plan.struck == ()


@pytest.mark.semantics(13)
def test_without_a_judge_the_tests_are_struck_out_with_one_warning(tmp_path: Path) -> None:
    second = ("has lexicon violence", "has any of lexicon violence, judged at least 0.7")
    loaded = loaded_by(charter(tmp_path, second))
    missing = [each for each in loaded.diagnostics if each.code == "judge-missing"]
    assert len(missing) == 1
    assert "/weapons" in missing[0].message
    assert "/violence" in missing[0].message
    assert {each.test for each in loaded.plan.struck} == {"judged at least 0.8", "judged at least 0.7"}
    assert not any(rule.trial or rule.judged for rule in loaded.plan.rules)


@pytest.mark.semantics(13)
def test_the_digest_says_whether_and_by_whom_rules_are_judged(tmp_path: Path) -> None:
    path = charter(tmp_path)
    digests = [
        loaded_by(path, make).plan.digest for make in (None, Maker(), Maker(ScriptedJudge(name="other")), Maker())
    ]
    assert digests[1] == digests[3]
    assert len(set(digests)) == 3


def test_no_judge_is_made_where_no_rule_asks_one(tmp_path: Path) -> None:
    make = Maker()
    assert load([write_charter(tmp_path)], on=TODAY, judge=make).plan.judge is None
    assert make.asked == []


@pytest.mark.semantics(30)
def test_examples_of_judged_rules_take_a_judge(tmp_path: Path) -> None:
    path = charter(tmp_path)
    make = Maker()
    loaded = loaded_by(path, make)
    example = next(each for each in loaded.examples if each.prompt and "harmful" in each.prompt)
    result = run_example(loaded.plan, example)
    assert (result.passed, result.off) == (True, "")
    assert make.judge.asked
    alone = loaded_by(path)
    assert "no judge" in run_example(alone.plan, example).off
    low = charter(tmp_path / "low", ("weapons-0.9.", "weapons-0.5."))
    loaded = loaded_by(low, Maker())
    example = next(each for each in loaded.examples if each.prompt and "harmful" in each.prompt)
    assert run_example(loaded.plan, example).problem == "it stays quiet"


def test_a_red_line_acts_on_an_example_by_its_words_alone(tmp_path: Path) -> None:
    path = charter(tmp_path)
    text = path.read_text("utf-8")
    start = text.index("red line 1.2 weapons")
    head, body = text[:start], text[start:]
    block, rest = body[: body.index("\n  }")], body[body.index("\n  }") :]
    block = "\n".join(line for line in block.split("\n") if "example fires" not in line or "harmful" in line)
    path.write_text(head + block + rest, "utf-8")
    for make in (None, Maker()):
        found = loaded_by(path, make)
        assert found.compiled is None
        assert "without a judge" in next(e.message for e in found.diagnostics if e.code == "harm-toothless")


def test_a_charter_does_not_judge_alone(tmp_path: Path) -> None:
    path = charter(tmp_path, ("has any of lexicon weapons, judged", "judged"))
    assert "judged-alone" in {each.code for each in loaded_by(path, Maker()).diagnostics}


@pytest.mark.semantics(13)
def test_a_judged_red_line_of_a_pack_acts(tmp_path: Path) -> None:
    plan = loaded_by(charter(tmp_path), Maker()).plan
    session = open_session(plan, situate(plan, jurisdiction=None))
    assert session.ask("It is judge-canary-weapons-0.8 exactly.") is None
    session = open_session(plan, situate(plan, jurisdiction=None))
    assert session.ask("It is judge-canary-weapons-0.79 only.") is not None
