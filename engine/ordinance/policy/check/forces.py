"""Where a rule is in force: the region of situations in which the engine applies it (semantics, rules 1 to 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ordinance.policy.application import (
    AnyLaw,
    Decides,
    Holds,
    InTime,
    Reaches,
    Requirement,
    applying,
    excepting,
    required,
)
from ordinance.policy.check.cubes import Region, everywhere, nowhere
from ordinance.policy.check.spaces import Space, space
from ordinance.policy.conditions import Condition
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.plan import Exemption, Law, PlannedRule


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
    """Yield the laws of a rule and those of its exceptions."""
    yield from rule.laws
    yield from (exemption.law for exemption in rule.exemptions if exemption.law)


def _conditions(rule: Rule) -> Iterator[Condition]:
    yield rule.condition
    yield from (exemption.condition for exemption in rule.exemptions)


def layers(
    of: Space, requirements: Iterable[Requirement], parents: Mapping[str, str | None]
) -> Iterator[tuple[str, Region]]:
    """Yield the situations that meet each of ``requirements``, with words for it."""
    for each in requirements:
        match each:
            case Decides(jurisdiction):
                yield "the jurisdiction that decides", of.under(_inside(jurisdiction, parents))
            case InTime(law):
                yield "the time its law is in force", in_time(of, law)
            case Reaches(law):
                yield "the reach of its law", of.region(law.reaches)
            case AnyLaw(laws):
                yield "the time and the reach of one of its laws", _under_any(of, laws, parents)
            case Holds(condition):
                yield "its condition", of.region(condition)


def _under_any(of: Space, laws: Iterable[Law], parents: Mapping[str, str | None]) -> Region:
    found = nowhere(of.full)
    for law in laws:
        found |= meeting(of, applying(law), parents)
    return found


def meeting(of: Space, requirements: Iterable[Requirement], parents: Mapping[str, str | None]) -> Region:
    """Return the situations that meet all of ``requirements``."""
    found = everywhere(of.full)
    for _, layer in layers(of, requirements, parents):
        found &= layer
    return found


def before_exceptions(of: Space, rule: PlannedRule, parents: Mapping[str, str | None]) -> Region:
    """Return the situations in which ``rule`` is in force unless an exception holds."""
    return meeting(of, required(rule), parents)


def excepted(of: Space, exemption: Exemption) -> Region:
    """Return the situations in which an exception holds."""
    return meeting(of, excepting(exemption), {})


def in_force(of: Space, rule: PlannedRule, parents: Mapping[str, str | None]) -> Region:
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


def _inside(jurisdiction: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """Yield ``jurisdiction`` and all that lie within it: where they decide, its rules apply."""
    for name in parents:
        above: str | None = name
        while above is not None and above != jurisdiction:
            above = parents.get(above)
        if above is not None:
            yield name
