"""Runs the examples of packs through the same ``Session`` as every door, with the whole policy in force."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.loading.civic import is_civic
from ordinance.policy.conditions import ALWAYS
from ordinance.policy.ir import Example, PatternCase, Policy, Rule
from ordinance.policy.plan import SPAN, Law, NoticeTemplate, Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Verdict
from ordinance.runtime.cutter import Cutter
from ordinance.runtime.narrowed import Narrowed, part_of
from ordinance.runtime.opening import answer_in, open_session
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.situation import Situation, law_in_force, rules_in_force, situate

#: A version that begins with a year and a month, as 2026.11.0.
_DATED = re.compile(r"([12][0-9]{3})\.(0?[1-9]|1[0-2])\.[0-9]+")

#: After so many examples on which a plugin fails no more are run: each may take as long as its budget.
_MOST_FAULTS = 5

#: Examples take place at noon, so that what was said hours ago was said on the same day.
_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Result:
    """``problem`` says how the policy disagrees with the example; empty where it agrees. ``acted`` are the rules that
    took out what should pass. ``off`` says why an example that fires shows nothing: its law is not in force on the day
    that was asked for, or it takes a judge. ``failed``: a detector did, so perhaps nobody knows whether the policy
    disagrees."""

    example: Example
    problem: str
    acted: tuple[str, ...] = ()
    off: str = ""
    failed: bool = False

    @property
    def passed(self) -> bool:
        return not self.problem


def run_example(plan: Plan, example: Example, on: date | None = None, narrowed: Narrowed | None = None) -> Result:
    """Run one example, on the day ``on`` or else on its own. What passes must do so in every loaded jurisdiction, and
    in none. ``narrowed`` is of the same ``plan``: then an example whose situation is its own is run with the part of it
    that it meets, and not at all where that cannot do what the example is about."""
    failed: set[str] = set()
    own = example.jurisdiction or example.given or example.on or example.expects == "passes"
    if narrowed is None or not own:
        result = _run(plan, example, on, failed, plan)
    else:
        part = narrowed.part(_texts(plan, example))
        if not plan.attached and example.expects == "quiet" and not _may_fire(plan, part, example, on):
            return Result(example, "")
        result = _run(plan, example, on, failed, part)
    if not failed or (result.passed and example.rule not in failed):
        return replace(result, failed=bool(failed))
    plugins = ", ".join(plan.plugins_of(rule for rule in plan.rules if rule.id in failed)) or "a detector"
    return replace(result, problem=f"{plugins} failed on it ({_causes(plan)})", failed=True)


def _may_fire(plan: Plan, part: Plan, example: Example, on: date | None) -> bool:
    """Whether the rule of ``example`` has found something, in ``part`` of the plan, and is in force where it takes
    place. A session has no other rules."""
    if not any(rule.id == example.rule for rule in part.rules):
        return False
    return any(rule.id == example.rule for rule in rules_in_force(part, situation_of(plan, example, on)))


def _causes(plan: Plan) -> str:
    """Return why plugins failed last."""
    causes = dict.fromkeys(str(each.report()["cause"]) for each in plan.attached if each.report()["cause"])
    return ", ".join(causes) or "raised"


def _run(plan: Plan, example: Example, on: date | None, failed: set[str], part: Plan) -> Result:
    """Run one example with ``part`` of the plan; in ``failed`` are noted the rules whose detectors did."""
    if example.expects == "passes":
        for jurisdiction in (None, *(sorted(plan.parents) if part is plan else places_of(plan, part.rules))):
            situation = situation_of(plan, replace(example, jurisdiction=jurisdiction), on)
            if part is not plan and jurisdiction and not any(rule.removes for rule in rules_in_force(part, situation)):
                continue  # nothing can take anything out of it there
            said, outcome = answered(part, example, situation)
            failed.update(outcome.failed)
            if outcome.verdict >= Verdict.WITHHOLD or (example.answer or "") not in said:
                where = f"in {jurisdiction}" if jurisdiction else "without a jurisdiction"
                return Result(example, f"the answer does not pass {where}: {_acted(outcome)}", outcome.rules)
        return Result(example, "")
    situation = situation_of(plan, example, on)
    if on is not None and example.expects == "fires" and (off := _off(plan, example, situation)):
        return Result(example, "", off=off)
    _, outcome = answered(part, example, situation)
    failed.update(outcome.failed)
    if example.expects == "alike":
        prompt, answer = example.twin or (None, None)
        _, other = answered(part, replace(example, prompt=prompt, answer=answer), situation)
        failed.update(other.failed)
        alike = (outcome.verdict, outcome.rules) == (other.verdict, other.rules)
        problem = "" if alike else f"they are not treated alike: {_acted(outcome)}; {_acted(other)}"
        return Result(example, problem)
    fired = example.rule in (*outcome.rules, *outcome.trials)
    if example.expects == "fires" and not fired and example.judged and plan.judge is None:
        return Result(example, "", off="no words of the rule find it, and no judge was asked")
    if fired is (example.expects == "fires"):
        return Result(example, "")
    return Result(example, "it stays quiet" if not fired else "it fires")


def places_of(plan: Plan, rules: Iterable[PlannedRule]) -> list[str]:
    """Return the jurisdictions in which one of ``rules`` may take text out: those that it decides in."""
    removing = [rule for rule in rules if rule.removes or (rule.after_trial and rule.after_trial.removes)]
    deciding = {rule.jurisdiction for rule in removing}
    places = (plan.parents if code is None else plan.place_codes(code) for code in deciding)
    return sorted(plan.parents.keys() & set[str]().union(*places))


def situation_of(plan: Plan, example: Example, on: date | None = None) -> Situation:
    """Return the situation of an example: the facts that it gives, its pack's place, turn 2, and noon of the day that
    it gives, else of ``on``, else of its own day. Raises ``SituationError`` for a fact that no pack declares."""
    day = example.on or on
    if day is None:
        return _own(plan, example)
    return _on_day(plan, example, day)


def _on_day(plan: Plan, example: Example, day: date | None) -> Situation:
    return situate(
        plan,
        jurisdiction=example.jurisdiction,
        attested=example.given,
        turn=example.turn,
        elapsed=example.elapsed,
        on=day,
        now=datetime.combine(day or datetime.now(UTC).date(), _NOON, UTC),
    )


def _own(plan: Plan, example: Example) -> Situation:
    """Return the situation on the example's own day, so that it passes in ten years as it does today: the first of the
    month of its pack's version (today, if that is not a date), or else the nearest day on which the law of its rule is
    in force."""
    pack = example.rule.partition("/")[0]
    versions = (_DATED.fullmatch(each.version) for each in plan.packs if each.name == pack)
    dated = next((date(int(found[1]), int(found[2]), 1) for found in versions if found), None)
    situation = _on_day(plan, example, dated)
    laws = _laws(plan, example)
    if not laws or any(law_in_force(law, situation) for law in laws):
        return situation
    periods = [period for law in laws for period in (law.in_force, *(each.period for each in law.transitions))]
    days = [period.start for period in periods if period.start]
    days += [period.end - timedelta(days=1) for period in periods if period.end]
    base = dated or situation.now.date()
    others = (_on_day(plan, example, day) for day in sorted(days, key=lambda day: abs(day - base)))
    return next((other for other in others if any(law_in_force(law, other) for law in laws)), situation)


def _off(plan: Plan, example: Example, situation: Situation) -> str:
    """Why a rule cannot fire on this day whatever the text; empty where it can."""
    laws = _laws(plan, example)
    if not laws or any(law_in_force(law, situation) for law in laws):
        return ""
    cited = " and ".join(f"{law.title} {law.article}" for law in laws)
    return f"{cited} {'are' if len(laws) > 1 else 'is'} not in force on {situation.day(laws[0].in_force.zone)}"


def _laws(plan: Plan, example: Example) -> tuple[Law, ...]:
    return next((rule.laws for rule in plan.rules if rule.id == example.rule), ())


def prove(plan: Plan, policy: Policy, *, examples: bool = True) -> Iterator[Diagnostic]:
    """Report what only running can show: red lines fire on their own examples (rule 21), the texts that the charter
    guarantees pass under every loaded pack, patterns agree with their examples, and so do rules, unless not all
    ``examples`` are run."""
    rules = {rule.id: rule for rule in policy.rules}
    struck = {rule.id for rule in plan.rules if rule.trial and not rule.detectors}
    toothless = {rule.id for rule in policy.rules if rule.asks is not None and rule.kind is NoticeKind.RED_LINE}
    narrowed = Narrowed(plan)
    faults = 0
    for example in policy.examples:
        rule = rules[example.rule]
        red = rule.kind is NoticeKind.RED_LINE and example.expects == "fires"
        if not (red or example.expects == "passes" or (examples and example.owned)) or is_civic(rule, example):
            continue
        if example.rule in struck and example.expects == "fires":
            continue  # nothing is set up that could find it, which is a warning of its own
        result = run_example(plan, example, narrowed=narrowed)
        faults += result.failed
        if example.expects == "fires" and result.passed and not result.off:
            toothless.discard(example.rule)
        if result.failed and result.problem:
            yield diagnose(
                "example-fault", example.span, f"the example of `{rule.node.name}` shows nothing: {result.problem}"
            )
        elif not result.passed:
            takers = (rules[name] for name in result.acted if name in rules and rules[name].effect.removes)
            yield _disagreement(result, rule, red, next(takers, None))
        if faults == _MOST_FAULTS:
            message = f"plugins failed on {faults} examples, so no more were tried: {_causes(plan)}"
            yield diagnose("example-fault", example.span, message)
            return
    for name in sorted(toothless):
        node = rules[name].node.name
        yield diagnose(
            "harm-toothless", node.span, f"the red line `{node}` acts on none of its examples without a judge"
        )
    alone = _of_detectors(plan, {case.detector for case in policy.cases})
    for case in policy.cases:
        if _finds(alone, case) is not case.matches:
            said = "finds nothing in" if case.matches else "matches in"
            what = "list of words" if "/words for " in case.detector else "pattern"
            yield diagnose("example-fails", case.span, f"the {what} {said} this text")


def _disagreement(result: Result, rule: Rule, red: bool, taker: Rule | None) -> Diagnostic:
    """Make the finding on an example of ``rule``; ``taker`` is the rule that removed what should pass."""
    example, name = result.example, rule.node.name
    if red:
        return diagnose("harm-toothless", example.span, f"the red line `{name}` does not act on this example")
    if taker is not None:
        message = f"`{taker.node.name}` removes what the charter guarantees (`{name}`): {result.problem}"
        return diagnose("guarantee-fails", taker.node.name.span, message)
    verb = {"quiet": "stays quiet", "alike": "treats both alike"}.get(example.expects, example.expects)
    message = f"this example says that `{name}` {verb}, but {result.problem}"
    return diagnose("example-disagrees", example.span, message)


def _texts(plan: Plan, example: Example) -> Iterator[str]:
    """Yield every text that an example says, what a client sends back also as the model is shown it."""
    yield from filter(None, (example.prompt, example.answer, *(example.twin or ())))
    for question, answer in example.earlier:
        yield from (question, answer, Cutter(plan).cut(answer).text)


def answered(plan: Plan, example: Example, situation: Situation, locale: str | None = None) -> tuple[str, Outcome]:
    """Govern the answer of ``example``, and return what a client would get with the outcome. Notices are in the
    language of ``locale`` if the plan has them in it, else in English."""
    session = open_session(plan, situation, default=locale)
    if example.prompt is not None or example.earlier:
        session.ask(example.prompt or "", example.earlier)
    said = answer_in(session, example.answer or "", example.part, called=example.called)
    return said, session.outcome()


def _acted(outcome: Outcome) -> str:
    return ", ".join(outcome.rules) or outcome.verdict.word


def _of_detectors(plan: Plan, keys: Collection[str]) -> Plan:
    """Return a plan with nothing but a rule for each of these detectors, named as it is."""
    rules = (
        PlannedRule(
            f"example/{key}",
            "1.1",
            None,
            Effect.WITHHOLD,
            NoticeKind.OMISSION,
            frozenset({Channel.ANSWER}),
            (key,),
            ALWAYS,
            (),
            SPAN,
            None,
            "pattern",
            {},
            NoticeTemplate("omitted", {"en": ""}, {}),
        )
        for key in sorted(keys)
    )
    return part_of(plan, rules=tuple(rules), protected=())


def _finds(alone: Plan, case: PatternCase) -> bool:
    """Whether the detector of ``case`` has a match in its text, found by the engine that will look for it."""
    session = open_session(alone, situate(alone, jurisdiction=None))
    stream = session.stream()
    stream.feed(case.text)
    stream.close()
    return f"example/{case.detector}" in session.outcome().rules
