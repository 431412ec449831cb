"""The example runner agrees with the session, and says when an example does not hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from ordinance.loading.example_runs import places_of, run_example
from ordinance.loading.load import load
from ordinance.policy.ir import Example
from ordinance.runtime.situation import rules_in_force, situate
from support.checkout import RULES
from support.packs import CHARTER, JURISDICTION, TODAY, load_on, write_charter, write_jurisdiction


def run(loaded_from: Path) -> dict[tuple[str, int], str]:
    loaded = load([loaded_from], on=TODAY, examples=False)
    results = [run_example(loaded.plan, example, TODAY) for example in loaded.examples]
    return {(result.example.rule, result.example.span.line): result.problem for result in results}


def test_examples_hold(tmp_path: Path) -> None:
    results = run(write_jurisdiction(tmp_path))
    assert len(results) == 7
    assert not any(results.values())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('fires answer "So: secret words."', 'fires answer "So: other words."', "it stays quiet"),
        ('quiet answer "Nothing to see."', 'quiet answer "The secret words."', "it fires"),
        ("given purpose research", "given purpose art", "it fires"),
        ("given age 12, turn 3", "given age 12, turn 7", "it stays quiet"),
        ("given age 40", "given age 4", "it fires"),
    ],
)
def test_an_example_that_disagrees_is_told(old: str, new: str, problem: str, tmp_path: Path) -> None:
    assert old in JURISDICTION
    results = run(write_jurisdiction(tmp_path, JURISDICTION.replace(old, new)))
    assert [said for said in results.values() if said] == [problem]


@pytest.mark.semantics(14)
@pytest.mark.requirement("RL-4")
def test_what_passes_must_pass_under_every_pack(tmp_path: Path) -> None:
    """A guarantee's example that another pack would cut is a failure that names the rule."""
    write_jurisdiction(tmp_path / "place")
    write_charter(
        tmp_path / "root", CHARTER.replace('passes answer "Call 112 now."', 'passes answer "Secret words: 112."')
    )
    told = [(item.code, item.message) for item in load_on(tmp_path).diagnostics if item.severity == "error"]
    assert [code for code, _ in told] == ["guarantee-fails"]
    assert "`words` removes what the charter guarantees (`emergency_help`)" in told[0][1]
    assert "the answer does not pass in XA: XA/words" in told[0][1]


def test_an_example_that_disagrees_does_not_load(tmp_path: Path) -> None:
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace("given age 40", "given age 4")))
    assert [item.code for item in loaded.diagnostics if item.severity == "error"] == ["example-disagrees"]
    assert loaded.compiled is None
    assert "stays quiet, but it fires" in loaded.diagnostics[0].message


def test_only_the_examples_of_given_packs_are_run(tmp_path: Path) -> None:
    loaded = load_on(write_jurisdiction(tmp_path))
    assert {example.rule for example in loaded.examples} == {"XA/words", "XA/often"}


def test_the_place_of_an_example_is_its_pack_s(tmp_path: Path) -> None:
    loaded = load_on(write_jurisdiction(tmp_path))
    firing = loaded.examples[0]
    assert run_example(loaded.plan, firing).passed
    elsewhere: Example = replace(firing, given={"place": "XZ", "seat": "XZ"}, expects="quiet")
    assert run_example(loaded.plan, elsewhere).passed


def test_what_passes_is_tried_wherever_a_rule_may_take_it_out() -> None:
    """The places of a rule are at least those in which it is in force, whatever the facts."""
    packs = [RULES / "charter", *(RULES / "jurisdictions" / code for code in ("EU", "DE", "US", "US-CA"))]
    plan = load(packs, on=TODAY, examples=False).plan
    facts: list[dict[str, str]] = [{}, {"purpose": "education"}, *({"place": code} for code in plan.parents)]
    found = 0
    for jurisdiction, attested in product(plan.parents, facts):
        for rule in rules_in_force(plan, situate(plan, jurisdiction=jurisdiction, attested=attested, on=TODAY)):
            if rule.removes:
                found += 1
                assert jurisdiction in places_of(plan, [rule])
    assert found
