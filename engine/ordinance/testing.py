"""Runs the examples of packs through the same ``Session`` as every door, with the whole policy in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.policy.conditions import ALWAYS
from ordinance.policy.ir import Example, PatternCase, Policy, Rule
from ordinance.policy.plan import SPAN, NoticeTemplate, Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Verdict
from ordinance.runtime.session import Outcome, Session
from ordinance.runtime.situation import choose_locale, situate

#: Examples take place at noon, so that what was said hours ago was said on the same day.
_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Result:
    """``problem`` says how the policy disagrees with the example; empty where it agrees. ``acted`` are the rules that
    took out what should pass."""

    example: Example
    problem: str
    acted: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problem


def run_example(plan: Plan, example: Example, on: date | None = None) -> Result:
    """Run one example. What passes must do so in every loaded jurisdiction, and in none."""
    if example.expects == "passes":
        for jurisdiction in (None, *sorted(plan.parents)):
            said, outcome = _answer(plan, example, jurisdiction, on)
            if outcome.verdict >= Verdict.WITHHOLD or (example.answer or "") not in said:
                where = f"in {jurisdiction}" if jurisdiction else "without a jurisdiction"
                return Result(example, f"the answer does not pass {where}: {_acted(outcome)}", outcome.rules)
        return Result(example, "")
    _, outcome = _answer(plan, example, example.jurisdiction, on)
    if example.expects == "alike":
        prompt, answer = example.twin or (None, None)
        _, other = _answer(plan, replace(example, prompt=prompt, answer=answer), example.jurisdiction, on)
        alike = (outcome.verdict, outcome.rules) == (other.verdict, other.rules)
        problem = "" if alike else f"they are not treated alike: {_acted(outcome)}; {_acted(other)}"
        return Result(example, problem)
    fired = example.rule in (*outcome.rules, *outcome.trials)
    if fired is (example.expects == "fires"):
        return Result(example, "")
    return Result(example, "it stays quiet" if not fired else "it fires")


def prove(plan: Plan, policy: Policy, *, examples: bool = True) -> Iterator[Diagnostic]:
    """What only running can show: red lines trip on their own examples (rule 21), what the charter guarantees passes
    under every loaded pack, patterns agree with their examples, and so do rules, unless not all ``examples`` are run.
    """
    rules = {rule.id: rule for rule in policy.rules}
    for example in policy.examples:
        rule = rules[example.rule]
        red = rule.effect is Effect.REFUSE and example.expects == "fires"
        if not (red or example.expects == "passes" or (examples and example.owned)):
            continue
        result = run_example(plan, example)
        if not result.passed:
            takers = (rules[name] for name in result.acted if name in rules and rules[name].effect.removes)
            yield _disagreement(result, rule, red, next(takers, None))
    for case in policy.cases:
        if _finds(plan, case) is not case.matches:
            said = "finds nothing in" if case.matches else "matches in"
            yield diagnose("example-fails", case.span, f"the pattern {said} this text")


def _disagreement(result: Result, rule: Rule, red: bool, taker: Rule | None) -> Diagnostic:
    """The finding on an example of ``rule``; ``taker`` took out what should pass."""
    example, name = result.example, rule.node.name
    if red:
        return diagnose("harm-toothless", example.span, f"the red line `{name}` does not trip on this example")
    if taker is not None:
        message = f"`{taker.node.name}` takes out what the charter guarantees (`{name}`): {result.problem}"
        return diagnose("guarantee-fails", taker.node.name.span, message)
    said = {"passes": "passes", "alike": "treats both alike"}.get(example.expects, f"is `{example.expects}`")
    message = f"the example of `{name}` says that it {said}, but {result.problem}"
    return diagnose("example-disagrees", example.span, message)


def _answer(plan: Plan, example: Example, jurisdiction: str | None, on: date | None) -> tuple[str, Outcome]:
    situation = situate(
        plan,
        jurisdiction=jurisdiction,
        attested=example.given,
        turn=example.turn,
        elapsed=example.elapsed,
        on=example.on or on,
        now=datetime.combine(example.on or on or datetime.now(UTC).date(), _NOON, UTC),
    )
    session = Session(plan, situation, choose_locale(plan, (), None))
    if example.prompt is not None and not session.screen([example.prompt]):
        session.mask(example.prompt)
    stream = session.stream(example.part)
    said = stream.feed(example.answer or "")
    return said + stream.close(), session.outcome()


def _acted(outcome: Outcome) -> str:
    return ", ".join(outcome.rules) or outcome.verdict.word


def _finds(plan: Plan, case: PatternCase) -> bool:
    """Whether the pattern of ``case`` has a match in its text, found by the engine that will look for it."""
    rule = PlannedRule(
        "example/pattern",
        "1.1",
        None,
        Effect.WITHHOLD,
        NoticeKind.OMISSION,
        frozenset({Channel.ANSWER}),
        (case.detector,),
        ALWAYS,
        (),
        SPAN,
        None,
        "pattern",
        {},
        NoticeTemplate("omitted", {"en": ""}, {}),
    )
    alone = replace(plan, rules=(rule,), protected=())
    session = Session(alone, situate(alone, jurisdiction=None), "en")
    stream = session.stream()
    stream.feed(case.text)
    stream.close()
    return "example/pattern" in session.outcome().rules
