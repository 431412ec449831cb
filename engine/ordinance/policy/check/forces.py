"""Where a rule is in force: the region of situations in which the engine applies it (semantics, rules 1 to 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ordinance.policy.check.cubes import Region, everywhere, nowhere
from ordinance.policy.check.spaces import Space, space
from ordinance.policy.conditions import Condition
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.plan import Exemption, Law


def space_of(rules: Iterable[Rule], *policies: Policy) -> Space:
    """Return the space that ``rules`` (all or some of the rules of ``policies``) and the lines of ``speak`` divide."""
    kept = tuple(rules)
    lines = [line for policy in policies for line in policy.slots]
    laws = [law for rule in kept for law in laws_of(rule)] + [line.law for line in lines if line.law]
    conditions = [condition for rule in kept for condition in _conditions(rule)]
    conditions += [condition for line in lines for condition, _ in line.values]
    for law in laws:
        conditions += [law.reaches, *(each.condition for each in law.transitions)]
    periods = [period for law in laws for period in (law.in_force, *(each.period for each in law.transitions))]
    dimensions = {name: each for policy in policies for name, each in policy.dimensions.items()}
    jurisdictions = {name for policy in policies for name in policy.parents}
    return space(dimensions, jurisdictions, conditions, periods)


def laws_of(rule: Rule) -> Iterator[Law]:
    """Yield the law of a rule and those of its exceptions."""
    if rule.law is not None:
        yield rule.law
    yield from (exemption.law for exemption in rule.exemptions if exemption.law)


def _conditions(rule: Rule) -> Iterator[Condition]:
    yield rule.condition
    yield from (exemption.condition for exemption in rule.exemptions)


def layers(of: Space, rule: Rule, parents: Mapping[str, str | None]) -> Iterator[tuple[str, Region]]:
    """Yield what must be true for ``rule`` to be in force, one region after the other, each with words for it."""
    if rule.jurisdiction is not None:
        yield "the jurisdiction that decides", deciding(of, rule.jurisdiction, parents)
    if rule.law is not None:
        yield "the time its law is in force", in_time(of, rule.law)
        yield "the reach of its law", of.region(rule.law.reaches)
    yield "its condition", of.region(rule.condition)


def before_exceptions(of: Space, rule: Rule, parents: Mapping[str, str | None]) -> Region:
    """Return the situations in which ``rule`` is in force unless an exception applies."""
    found = everywhere(of.full)
    for _, layer in layers(of, rule, parents):
        found &= layer
    return found


def excepted(of: Space, exemption: Exemption) -> Region:
    """Return the situations in which an exception applies."""
    held = of.region(exemption.condition)
    return held & in_time(of, exemption.law) if exemption.law else held


def in_force(of: Space, rule: Rule, parents: Mapping[str, str | None]) -> Region:
    """Return the situations in which ``rule`` applies."""
    found = before_exceptions(of, rule, parents)
    for exemption in rule.exemptions:
        found -= excepted(of, exemption)
    return found


def in_time(of: Space, law: Law) -> Region:
    """Return the situations in which ``law`` is in force: by the first transition whose condition is true, else by the
    law's own period."""
    found, left = nowhere(of.full), everywhere(of.full)
    for transition in law.transitions:
        where = of.region(transition.condition)
        found |= left & where & of.during(transition.period)
        left -= where
    return found | (left & of.during(law.in_force))


def deciding(of: Space, jurisdiction: str, parents: Mapping[str, str | None]) -> Region:
    """Return the situations in which ``jurisdiction``, or one that lies within it, decides."""
    return of.under(_inside(jurisdiction, parents))


def _inside(jurisdiction: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """Yield ``jurisdiction`` and all that lie within it: where they decide, its rules apply."""
    for name in parents:
        above: str | None = name
        while above is not None and above != jurisdiction:
            above = parents.get(above)
        if above is not None:
            yield name
