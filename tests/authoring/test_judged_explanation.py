"""What `explain` and `check` say of rules that ask a judge."""

from __future__ import annotations

from ordinance.authoring.costs import costs
from ordinance.authoring.explanation import Turns, as_json, explain
from ordinance.runtime.situation import situate
from support.judging import ScriptedJudge, fires, judged
from support.small_plan import small_plan


def test_an_account_says_that_a_judge_fired_or_only_recorded() -> None:
    plan = judged(small_plan(), ScriptedJudge(), "small/red", "DE/flags")
    situation = situate(plan, jurisdiction="DE", turn=2)
    found = explain(plan, situation, asked=Turns("A question?"), answer=f"It is {fires('red')}.")
    assert [each.rule.id for each in found.accounts if each.came == "fired"] == ["small/red"]
    shown = as_json(found)
    assert shown["judged"] == ["DE/flags", "small/red"]
    assert "0.93" not in str({**shown, "answer": ""})
    abroad = explain(plan, situation, answer=f"judge-abroad {fires('red')}.")
    account = next(each for each in abroad.accounts if each.rule.id == "small/red")
    assert (account.came, account.why) == ("on trial", "a judge would have found it, but only records for this text")
    assert as_json(abroad)["not_judged"] == ["DE/flags", "small/red"]


def test_check_says_what_waits_for_a_judge() -> None:
    acting = dict(costs(judged(small_plan(), ScriptedJudge(), "small/red")))
    recording = dict(costs(judged(small_plan(), ScriptedJudge(acts=frozenset()), "small/red")))
    said = [cost for _, cost in costs(judged(small_plan(), ScriptedJudge(), "small/red"))]
    assert any("no judge has cleared" in each for each in said)
    assert recording == dict(costs(small_plan())) == acting
