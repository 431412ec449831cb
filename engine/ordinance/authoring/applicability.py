"""Whether a rule is in force in a situation, and if not, what keeps it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from ordinance.authoring.words import condition_in_words, dates_in_words, law_in_words
from ordinance.policy.conditions import Lookup, holds
from ordinance.policy.plan import Exemption, Plan, PlannedRule
from ordinance.runtime.situation import Situation, law_in_force

_UTC = ZoneInfo("UTC")

State = Literal["in force", "on trial", "excepted", "out of date", "out of scope"]


@dataclass(frozen=True, slots=True)
class Standing:
    """``why`` says in words what keeps a rule out; empty for one in force. ``exemption`` is what excepts from it."""

    state: State
    why: str = ""
    exemption: Exemption | None = None


def standing(rule: PlannedRule, plan: Plan, situation: Situation) -> Standing:
    """How ``rule`` stands in ``situation``; the first thing that keeps it out counts, in the order in which a reader
    of the law would ask: whose law, since when, whom it reaches, when the rule holds, what excepts from it."""
    anything = lookup(situation)
    law = rule.law
    if rule.jurisdiction is not None and rule.jurisdiction not in plan.lineage(situation.jurisdiction):
        where = situation.jurisdiction or "no jurisdiction is attested"
        return Standing("out of scope", f"it is a rule of {rule.jurisdiction}, and the jurisdiction here is {where}")
    if law is not None and not law_in_force(law, situation):
        day = situation.day(law.in_force.zone)
        return Standing("out of date", f"{law_in_words(law)} is {dates_in_words(law, plan)}, and this is {day}")
    if law is not None and not holds(law.reaches, anything):
        return Standing("out of scope", f"{law_in_words(law)} reaches {condition_in_words(law.reaches, plan)}")
    if not holds(rule.condition, anything):
        return Standing("out of scope", f"the rule applies when {condition_in_words(rule.condition, plan)}")
    for exemption in rule.exemptions:
        if excepts(exemption, situation):
            words = condition_in_words(exemption.condition, plan)
            under = f" under {law_in_words(exemption.law)}" if exemption.law else ""
            why = f"the exception {exemption.name}{under} applies: {words}"
            return Standing("excepted", why, exemption)
    if on_trial(rule, situation):
        until = f" until {rule.trial_until}" if rule.trial_until else ""
        return Standing("on trial", f"the rule is on trial{until}: it is recorded and not applied")
    return IN_FORCE


IN_FORCE = Standing("in force")


def excepts(exemption: Exemption, situation: Situation) -> bool:
    """Whether an exception holds; it reads attested facts only."""
    in_force = exemption.law is None or law_in_force(exemption.law, situation)
    return in_force and holds(exemption.condition, situation.attested.get)


def on_trial(rule: PlannedRule, situation: Situation) -> bool:
    """Whether a rule is recorded only; its trial ends on a day in the zone of its law."""
    if not rule.trial or rule.after_trial is None or rule.trial_until is None:
        return rule.trial
    return situation.day(rule.law.in_force.zone if rule.law else _UTC) < rule.trial_until


def lookup(situation: Situation) -> Lookup:
    """Everything that is known in ``situation``; what is attested counts before what is claimed."""
    facts = {**situation.claimed, **situation.attested}
    return facts.get
