"""Whether a rule is in force in a situation, and if not, what keeps it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ordinance.authoring.words import condition_in_words, dates_in_words, law_in_words
from ordinance.policy.application import AnyLaw, Decides, Holds, InTime, Reaches, Requirement, applying, required
from ordinance.policy.plan import Exemption, Law, Plan, PlannedRule
from ordinance.runtime.situation import Situation, as_of_today, excepts, meets

State = Literal["in force", "on trial", "excepted", "out of date", "out of scope"]


@dataclass(frozen=True, slots=True)
class Standing:
    """``why`` says in words what keeps a rule out; empty for one in force. ``exemption`` is what excepts from it."""

    state: State
    why: str = ""
    exemption: Exemption | None = None


def standing(rule: PlannedRule, plan: Plan, situation: Situation) -> Standing:
    """How ``rule`` stands in ``situation``; the first thing that keeps it out counts, in the order of ``required``."""
    for requirement in required(rule):
        if not meets(requirement, plan, situation):
            return _kept_out(requirement, plan, situation)
    for exemption in rule.exemptions:
        if excepts(exemption, plan, situation):
            words = condition_in_words(exemption.condition, plan)
            under = f" under {law_in_words(exemption.law)}" if exemption.law else ""
            why = f"the exception {exemption.name}{under} applies: {words}"
            return Standing("excepted", why, exemption)
    if as_of_today(rule, situation).trial:
        until = f" until {rule.trial_until}" if rule.trial_until else ""
        return Standing("on trial", f"the rule is on trial{until}: it is recorded and not applied")
    return IN_FORCE


def _kept_out(requirement: Requirement, plan: Plan, situation: Situation) -> Standing:
    """Say in words what ``situation`` does not meet."""
    match requirement:
        case Decides(jurisdiction):
            where = situation.jurisdiction or "no jurisdiction is attested"
            return Standing("out of scope", f"it is a rule of {jurisdiction}, and the jurisdiction here is {where}")
        case InTime(law):
            day = situation.day(law.in_force.zone)
            return Standing("out of date", f"{law_in_words(law)} is {dates_in_words(law, plan)}, and this is {day}")
        case Reaches(law):
            return Standing("out of scope", f"{law_in_words(law)} reaches {condition_in_words(law.reaches, plan)}")
        case AnyLaw(laws):
            return _without_law(laws, plan, situation)
        case Holds(condition):
            return Standing("out of scope", f"the rule applies when {condition_in_words(condition, plan)}")


def _without_law(laws: tuple[Law, ...], plan: Plan, situation: Situation) -> Standing:
    """Say why none of several laws applies; the rule is out of date only if each of them is."""
    kept = [
        next(_kept_out(each, plan, situation) for each in applying(law) if not meets(each, plan, situation))
        for law in laws
    ]
    dated = all(each.state == "out of date" for each in kept)
    return Standing("out of date" if dated else "out of scope", "; ".join(each.why for each in kept))


IN_FORCE = Standing("in force")
