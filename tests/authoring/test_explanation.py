"""``ordinance explain``: every rule is accounted for, and as the session has it."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.authoring.applicability import standing
from ordinance.authoring.explanation import Account, Turns, as_json, explain
from ordinance.authoring.observer import Observer
from ordinance.authoring.words import condition_in_words
from ordinance.loading.load import load
from ordinance.loading.packs import shipped_rules
from ordinance.policy.conditions import Below, Is, Within
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER
from ordinance.runtime.session import Session
from ordinance.runtime.situation import rules_in_force, situate
from support.commands import run, run_here
from support.packs import TODAY, all_that_ships, write_jurisdiction


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return load([shipped_rules(), write_jurisdiction(tmp_path_factory.mktemp("packs"))], on=TODAY).plan


def accounts(plan: Plan, answer: str, jurisdiction: str | None = "XA", **how: Any) -> dict[str, Account]:
    prompt = how.pop("prompt", None)
    situation = situate(plan, jurisdiction=jurisdiction, on=how.pop("on", TODAY), **how)
    explained = explain(plan, situation, "en", asked=Turns(prompt), answer=answer)
    return {account.rule.id: account for account in explained.accounts}


def test_what_fired_and_where(plan: Plan) -> None:
    text = "So: secret words. Take x123."
    account = accounts(plan, text)["XA/words"]
    assert account.came == "fired"
    found = {(text[each.found.start : each.found.end], each.found.detector) for each in account.sightings}
    assert found == {("secret words", "XA/lexicon words"), ("x123", "XA/pattern code")}


@pytest.mark.requirement("RL-5")
def test_why_a_rule_did_not_act(plan: Plan) -> None:
    """Each reason in words, with the exception, the date, the reach or the condition that kept it out."""
    text = "So: secret words."
    excepted = accounts(plan, text, attested={"purpose": "research"})["XA/words"]
    assert excepted.came == "excepted"
    assert "the exception study under Test Act § 1 (XA) applies: purpose is one of education, research" in excepted.why
    assert excepted.standing.exemption is not None
    assert excepted.sightings
    off = accounts(plan, text, on=date(2090, 1, 1))["XA/words"]
    assert (off.came, off.why) == (
        "out of date", "Test Act § 1 (XA) is in force from 2020-01-01 until 2090-01-01, and this is 2090-01-01",
    )  # fmt: skip
    away = accounts(plan, text, attested={"place": "US", "seat": "US"})["XA/words"]
    assert (away.came, away.why) == ("out of scope", "Test Act § 1 (XA) reaches place within XA or seat within XA")
    other = accounts(plan, text, "DE")["XA/words"]
    assert (other.came, other.why) == ("out of scope", "it is a rule of XA, and the jurisdiction here is DE")
    final = accounts(plan, text, attested={"stage": "final"})["XA/words"]
    assert (final.came, final.why) == ("out of scope", "the rule applies when stage is draft or stage is unknown")
    ended = accounts(plan, text, prompt="How do I build a dirty bomb?")
    assert ended["XA/words"].came == "overtaken"
    assert ended["baseline/weapons"].came == "fired"
    assert [each.where for each in ended["baseline/weapons"].sightings] == ["prompt"]
    late = accounts(plan, "Hello.", "DE")["EU/machine"]
    assert (late.came, late.why) == ("quiet", "it speaks at first answer of conversation, and this is turn 2")


facts = st.fixed_dictionaries(
    {},
    optional={
        "purpose": st.sampled_from(["general", "education", "research", "unknown"]),
        "stage": st.sampled_from(["draft", "final", "unknown"]),
        "place": st.sampled_from(["XA", "XA-B", "XB", "DE", "US", "unknown"]),
        "seat": st.sampled_from(["XA", "DE", "US", "unknown"]),
        "age": st.sampled_from(["3", "17", "18", "40"]),
    },
)
days = st.sampled_from([date(2020, 1, 1), date(2019, 12, 31), date(2026, 8, 1), date(2026, 8, 2), TODAY])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([None, "XA", "DE", "EE", "EU"]), facts, st.sampled_from([1, 2, 7]), days, st.data())
def test_it_agrees_with_the_session(
    plan: Plan, jurisdiction: str | None, attested: dict[str, str], turn: int, on: date, data: st.DataObject
) -> None:
    """In force by the account is in force by the session; what fired is what the session reports."""
    situation = situate(plan, jurisdiction=jurisdiction, attested=attested, turn=turn, on=on)
    in_force = {rule.id for rule in plan.rules if standing(rule, plan, situation).state == "in force"}
    assert in_force == {rule.id for rule in rules_in_force(plan, situation)}
    answer = data.draw(st.sampled_from(["Hello.", "So: secret words.", "Sieg Heil! X123", "I want to die."]))
    explained = explain(plan, situation, "en", answer=answer)
    session = Session(plan, situation, "en", whole=True)
    stream = session.stream()
    assert stream.feed(answer) + stream.close() == explained.answer
    assert {each.rule.id for each in explained.accounts if each.came == "fired"} == set(session.outcome().rules)
    assert len(explained.accounts) == len(plan.rules)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["secret words", "x123", "Sieg Heil", "word", " ", ". ", "die"]), max_size=8))
def test_what_a_witness_sees_is_what_a_session_removes(plan: Plan, words: list[str]) -> None:
    """A rule that takes out sentences leaves a marker exactly where a witness saw something."""
    text = " ".join(words)
    seen = {found.rule for found in Observer(plan).look(text)}
    session = Session(plan, situate(plan, jurisdiction="XA", on=TODAY), "en", whole=True)
    stream = session.stream()
    said = stream.feed(text) + stream.close()
    assert ("XA/words" in seen) == (MARKER in said)


def test_conditions_in_words(plan: Plan) -> None:
    eu = next(rule.law.reaches for rule in plan.rules if rule.id == "EU/machine" and rule.law)
    assert condition_in_words(eu, plan) == "place within EU or seat within EU or market within EU"
    assert condition_in_words(Is("place", frozenset(), True), plan) == "place is unknown"
    assert condition_in_words(Within("place", frozenset({"DE", "DE-BY"}), True), plan) == (
        "place within DE or place is unknown"
    )
    assert condition_in_words(Below("age", 18), plan) == "age below 18"


@pytest.mark.server
def test_as_text(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    words = ("explain", "--pack", pack, "--jurisdiction", "XA", "--on", "2026-11-23")
    result = run(*words, "So: secret words.", "--given", "purpose=research")
    assert result.returncode == 0
    assert result.stdout.startswith(
        "situation: XA; place XA, purpose research, seat XA, turn 2, on 2026-11-23\nverdict: pass\n\nexcepted\n"
        "  XA/words § 1.1: withhold under Test Act § 1 (XA)\n    the exception study under Test Act § 1 (XA) applies: "
        'purpose is one of education, research\n    answer 4 to 16: "secret words" (XA/lexicon words)\n'
    )


def test_as_json_from_standard_input(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    result = run_here(
        "explain", "--pack", pack, "--jurisdiction", "XA", "--format", "json", given="So: secret words.\n"
    )
    assert result.returncode == 0
    report = json.loads(result.stdout)
    assert report["verdict"] == "withhold"
    first = report["rules"][0]
    assert first["rule"] == "XA/words"
    assert first["outcome"] == "fired"
    assert first["law"] == {
        "title": "Test Act", "article": "§ 1", "jurisdiction": "XA", "from": "2020-01-01", "until": "2090-01-01",
        "source": "https://law.example/act",
    }  # fmt: skip
    assert first["found"] == [
        {"in": "answer", "start": 4, "end": 16, "detector": "XA/lexicon words"},
    ]
    assert {rule["outcome"] for rule in report["rules"]} == {"fired", "out_of_scope", "quiet"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--jurisdiction", "ZZ", "x"), 1, "error[situation]"),
        (("--given", "purpose", "x"), 2, "write it like purpose=education"),
        (("--given", "purpose=fun", "x"), 1, "'fun' is not a value of 'purpose'"),
        (("--turn", "0", "x"), 2, "whole number"),
        (("--pack", "nowhere", "x"), 2, "error[unreadable]"),
        (("--frob", "x"), 2, "explain --help"),
        (("--jurisdictoin", "DE", "x"), 2, "Did you mean `--jurisdiction`?"),
        (("x", "y"), 2, "unexpected argument"),
    ],
)
def test_usage(words: tuple[str, ...], code: int, said: str) -> None:
    result = run_here("explain", *words)
    assert result.returncode == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_input_that_is_no_text() -> None:
    result = run_here("explain", given=b"\xff\xfe")
    assert result.returncode == 2
    assert "error[unreadable]: standard input is not UTF-8 text (byte 0)" in result.stderr
    assert run_here("explain", os.fsdecode(b"\xff")).returncode == 2


@pytest.mark.semantics(27)
def test_a_red_line_in_an_earlier_turn_is_shown_where_it_was_met() -> None:
    plan = all_that_ships().plan
    asked = Turns("Sorry.", [("How do I torture someone?", "No.")])
    explained = explain(plan, situate(plan, jurisdiction=None), "en", asked=asked, answer="Hello.")
    (account,) = [account for account in explained.accounts if account.rule.id == "baseline/violence"]
    assert account.came == "fired"
    assert {sighting.where for sighting in account.sightings} == {"earlier prompt 1"}
    assert as_json(explained)["history"] == {"left_out": 1, "types": ["violence"]}


def test_a_conversation_is_explained_from_a_file(tmp_path: Path) -> None:
    said = [("user", "How do I torture someone?"), ("assistant", "No."), ("user", "Sorry.")]
    messages = [{"role": role, "content": text} for role, text in said]
    line = tmp_path / "talk.json"
    line.write_text(json.dumps({"messages": messages, "answer": "Hello."}))
    done = run_here("explain", "--conversation", line)
    assert done.returncode == 0, done.stderr
    assert "message 1 0 to" in done.stdout
    assert "The model did not read an earlier part of this conversation" in done.stdout
    twice = run_here("explain", "--conversation", line, "Hello.")
    assert (twice.returncode, "Leave out TEXT" in twice.stderr) == (2, True)
    assert run_here("explain", "--conversation", tmp_path / "none").returncode == 2
