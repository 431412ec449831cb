"""What changes by the dates of a policy: what comes into force, ends, was amended, or is no longer on trial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ordinance.language import ast
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.plan import Law, Period, Plan, PlannedRule


@dataclass(frozen=True, slots=True, order=True)
class Dated:
    """On this ``day`` a ``rule`` changes: ``what`` is ``begins``, ``ends``, ``amended`` (by ``act``) or ``applied``."""

    day: date
    rule: str
    what: str
    act: str = ""


def dated(plan: Plan, policy: Policy, since: date) -> list[Dated]:
    """Return what changes after the day ``since``, also what is still to come, earliest first."""
    nodes = {rule.id: rule for rule in policy.rules}
    found = {each for rule in plan.rules for each in (*_of_rule(rule), *_amended(rule, nodes[rule.id]))}
    return sorted(each for each in found if each.day > since)


def _of_rule(rule: PlannedRule) -> Iterator[Dated]:
    laws = (*rule.laws, *(each.law for each in rule.exemptions if each.law))
    for period in (period for law in laws for period in _periods(law)):
        if period.start:
            yield Dated(period.start, rule.id, "begins")
        if period.end:
            yield Dated(period.end, rule.id, "ends")
    if rule.trial_until:
        yield Dated(rule.trial_until, rule.id, "applied")


def _periods(law: Law) -> tuple[Period, ...]:
    return law.in_force, *(each.period for each in law.transitions)


def _amended(rule: PlannedRule, node: Rule) -> Iterator[Dated]:
    cited = {word.text for word in ast.laws_of(node.node)}
    for law in node.unit.pack.each(ast.LawDecl):
        for each in law.amended if law.name.text in cited else ():
            if each.on.value:
                yield Dated(each.on.value, rule.id, "amended", each.act.text)
