"""Runs the examples of packs and an author's labelled texts, and says what they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ordinance.authoring.coverage import Coverage, cover, told_in
from ordinance.authoring.explanation import Explanation, Turns, explain
from ordinance.authoring.labelled import Labelled
from ordinance.authoring.observer import Observer
from ordinance.errors import SituationError
from ordinance.loading.example_runs import Result, answered, run_example, situation_of
from ordinance.loading.load import Loaded
from ordinance.policy.ir import Example
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Effect
from ordinance.runtime.narrowed import Narrowed


@dataclass(frozen=True, slots=True)
class Examined:
    """``told`` are the examples that were run again for each language pack that was given, to hear them told in it."""

    results: tuple[Result, ...]
    told: tuple[Result, ...]
    texts: tuple[Result, ...]
    coverage: tuple[Coverage, ...]

    @property
    def everything(self) -> tuple[Result, ...]:
        return (*self.results, *self.told, *self.texts)

    @property
    def failed(self) -> tuple[Result, ...]:
        return tuple(result for result in self.everything if not result.passed)


def examine(loaded: Loaded, texts: Sequence[Labelled] = (), on: date | None = None) -> Examined:
    """Run everything. ``on`` is a day for all; without it each example has its own."""
    plan = loaded.plan
    narrowed = Narrowed(plan)
    results = tuple(run_example(plan, example, on, narrowed) for example in loaded.examples)
    return Examined(
        results, _told(loaded, on), tuple(_text(plan, each, on) for each in texts), _cover(plan, results, on)
    )


def _text(plan: Plan, labelled: Labelled, on: date | None) -> Result:
    try:
        return run_example(plan, labelled.example, labelled.on or on)
    except SituationError as error:
        return Result(labelled.example, f"it cannot be tested: {error}")


def _cover(plan: Plan, results: Sequence[Result], on: date | None) -> tuple[Coverage, ...]:
    """Return the coverage of every rule that has examples, by those that pass."""
    witness = Observer(plan)
    rules = {result.example.rule for result in results}
    seen: dict[str, list[Explanation]] = {rule: [] for rule in rules}
    for result in results:
        example = result.example
        if result.passed and not result.off and example.expects in ("fires", "quiet"):
            explained = explain(
                plan,
                situation_of(plan, example, on),
                asked=Turns(example.prompt, example.earlier),
                answer=example.answer or "",
                part=example.part,
                called=example.called,
                witness=witness,
                only=example.rule,
            )
            seen[example.rule].append(explained)
    return tuple(cover(plan, rule, seen[rule.id]) for rule in plan.rules if rule.id in rules)


def _told(loaded: Loaded, on: date | None) -> tuple[Result, ...]:
    """For each language pack that was given: does each rule, when it fires, tell so in that language? A rule
    that has no text in it counts only if its pack speaks that language."""
    plan, policy = loaded.plan, loaded.policy
    given = [unit for unit in policy.units if unit.given and unit.pack.kind == "language"] if policy else []
    rules = {rule.id: rule for rule in plan.rules}
    firing: dict[str, Example] = {}
    for example in policy.examples if policy else ():
        if example.expects != "fires" or not rules[example.rule].tells or example.rule in firing:
            continue
        if given and not (example.judged and run_example(plan, example, on).off):
            firing[example.rule] = example
    units = policy.units if policy else ()
    spoken = {each.name: frozenset() if each.pack.kind == "charter" else each.spoken for each in units}
    results: list[Result] = []
    for unit in given:
        for example in firing.values():
            speaks = spoken[example.rule.partition("/")[0]]
            if speaks and unit.name not in speaks and not told_in(rules[example.rule], unit.name):
                continue
            if rules[example.rule].effect is Effect.MARK or not rules[example.rule].told:
                continue  # a mark is for machines, and what is told once is told by its placeholder
            if on is not None and run_example(plan, example, on).off:
                continue
            _, outcome = answered(plan, example, situation_of(plan, example, on), unit.name)
            said = [notice for notice in outcome.notices if any(c.rule == example.rule for c in notice.causes)]
            here = replace(example, span=unit.pack.name.span)
            if not any(notice.text.strip() for notice in said):
                results.append(Result(here, f"no notice is given in {unit.name}"))
            elif not told_in(rules[example.rule], unit.name):
                results.append(Result(here, f"its notice, or its label, has no text in {unit.name}"))
            else:
                results.append(Result(here, ""))
    return tuple(results)
