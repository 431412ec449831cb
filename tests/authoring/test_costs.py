"""``check`` says what a rule makes people wait for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ordinance.authoring.costs import costs, measured
from ordinance.cli.main import main
from ordinance.runtime.match.disguise import REACH
from support.checkout import CASES
from support.packs import JURISDICTION, TODAY, all_that_ships, load_on, write_jurisdiction


@pytest.mark.semantics(6)
def test_a_sentence_waits_for_its_end_and_a_span_for_its_match(tmp_path: Path) -> None:
    sentence = dict(costs(load_on(write_jurisdiction(tmp_path)).plan))
    assert "open sentence" in sentence["XA/words"]
    assert "at most 200" in sentence["XA/words"]
    assert "XA/often" not in sentence, "what removes nothing holds nothing"
    text = JURISDICTION.replace("scope   sentence at most 200", "scope   span")
    span = dict(costs(load_on(write_jurisdiction(tmp_path, text)).plan))
    assert span["XA/words"] == f"holds what may become a match, at most {len('secret words')} characters"


FOLDER = CASES / "cost"

#: A rule for e-mail addresses, which may begin with any letter, beside one that begins with what prose seldom has.
PATTERNS = """\
pattern mail "[a-z0-9._-]{1,40}@[a-z0-9.-]{1,40}\\.[a-z]{2,8}" any case {
  example matches "write to a.b@c.example"
  example skips   "nobody at home"
}
"""
RULES = """\
  withhold 1.3 mail {
    means   "Addresses stay in the house."
    when    answer has pattern mail
    scope   span
    under   act
    telling gone about secrets
    example fires answer "Write to a.b@c.example"
    example quiet answer "Nothing to see."
  }
  withhold 1.4 codes {
    means   "Codes stay in the house."
    when    answer has pattern code
    scope   span
    under   act
    telling gone about secrets
    example fires answer "Take x124."
    example quiet answer "Nothing to see."
  }
"""


@pytest.fixture
def measured_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = JURISDICTION.replace("law act {", PATTERNS + "\nlaw act {").replace("  say 1.2", RULES + "  say 1.2")
    pack = write_jurisdiction(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    return pack


@pytest.mark.semantics(6)
def test_what_each_rule_costs_is_shown(measured_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Width, scope, what is held of prose, live threads; and a warning names the rule that makes prose wait."""
    assert main(["check", measured_pack.name, "--cost", "--on", str(TODAY)]) == 0
    lines = [line for line in capsys.readouterr().out.split("\n") if not line.startswith(("policy digest", "0 errors"))]
    shown = "\n".join(lines)
    expected = FOLDER / "jurisdiction.txt"
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(shown, "utf-8")
    assert shown == expected.read_text("utf-8")
    assert "rule-waits" in shown


@pytest.mark.semantics(6)
def test_what_each_rule_costs_as_json(measured_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", measured_pack.name, "--cost", "--format", "json", "--on", str(TODAY)]) == 0
    shown = json.loads(capsys.readouterr().out)
    by_rule = {cost["rule"]: cost for cost in shown["costs"]}
    assert set(by_rule) == {"XA/words", "XA/mail", "XA/codes"}, "what removes nothing, and other packs, cost nothing"
    assert [item["code"] for item in shown["diagnostics"] if item["code"] == "rule-waits"] == ["rule-waits"]
    mail, codes, words = by_rule["XA/mail"], by_rule["XA/codes"], by_rule["XA/words"]
    assert mail["waits"]
    assert not codes["waits"]
    assert not words["waits"], "an open sentence is what the rule asks for"
    assert (mail["width"], mail["scope"]) == (90, "span")
    assert (codes["width"], words["scope"]) == (4, "sentence at most 200")
    for cost in by_rule.values():
        assert set(cost["holds"]) == {"de", "en", "et"}
        for hold in cost["holds"].values():
            assert 0 <= hold["mean"] <= max(hold["p99"], 1)
    assert mail["holds"]["de"]["mean"] > 2 > 0.1 > codes["holds"]["de"]["mean"]
    assert mail["holds"]["en"]["threads"] > codes["holds"]["en"]["threads"]


def test_packs_that_make_no_plan_have_no_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = write_jurisdiction(
        tmp_path, JURISDICTION.replace("telling gone about secrets", "telling gone about nothing")
    )
    assert main(["check", str(pack), "--cost", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["costs"] == []


@pytest.mark.slow
@pytest.mark.requirement("RL-7")
def test_a_disguised_phrase_may_be_as_long_as_its_gaps() -> None:
    plan = all_that_ships().plan
    widths = {cost.rule: cost.width for cost in measured(plan) if cost.rule.startswith("baseline/")}
    assert set(widths.values()) == {REACH}
    holds = [hold for cost in measured(plan) if cost.scope == "span" for hold in cost.holds.values()]
    assert max(hold.mean for hold in holds) <= 4
    assert max(hold.p99 for hold in holds) <= 24


@pytest.mark.semantics(37)
def test_of_two_things_one_waits_for_the_other(tmp_path: Path) -> None:
    pair = RULES.replace("has pattern code\n", "has both pattern code and pattern mail within 30 characters\n")
    text = JURISDICTION.replace("law act {", PATTERNS + "\nlaw act {").replace("  say 1.2", pair + "  say 1.2")
    text = text.replace('answer "Take x124."', 'answer "Take x124 to a.b@c.example"')
    plan = load_on(write_jurisdiction(tmp_path, text)).plan
    most = 4 + 30 + 90
    assert dict(costs(plan))["XA/codes"] == (
        f"holds one of two things until 30 characters have passed without the other, at most {most}"
    )
    (cost,) = (each for each in measured(plan) if each.rule == "XA/codes")
    assert (cost.scope, cost.width) == ("span", 90)
    assert cost.worst[1].mean > 0
