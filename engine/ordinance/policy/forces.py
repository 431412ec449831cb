"""Where a rule is in force: the region of situations in which the engine applies it (semantics, rules 1 to 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ordinance.policy.conditions import Condition
from ordinance.policy.cubes import Region, everywhere
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.plan import Exemption, Law, Period
from ordinance.policy.spaces import Space, space


def space_of(rules: Iterable[Rule], *policies: Policy) -> Space:
    """The space that ``rules``, which are those of ``policies`` or some of them, divide."""
    kept = tuple(rules)
    laws = [law for rule in kept for law in laws_of(rule)]
    dimensions = {name: each for policy in policies for name, each in policy.dimensions.items()}
    jurisdictions = {name for policy in policies for name in policy.parents}
    return space(dimensions, jurisdictions, _conditions(kept, laws), (law.in_force for law in laws))


def laws_of(rule: Rule) -> Iterator[Law]:
    """The law of a rule, and those of its exceptions."""
    if rule.law is not None:
        yield rule.law
    yield from (exemption.law for exemption in rule.exemptions)


def _conditions(rules: Iterable[Rule], laws: Iterable[Law]) -> Iterator[Condition]:
    for rule in rules:
        yield rule.condition
        yield from (exemption.condition for exemption in rule.exemptions)
    for law in laws:
        yield law.reaches


def layers(of: Space, rule: Rule, parents: Mapping[str, str | None]) -> Iterator[tuple[str, Region]]:
    """What must hold for ``rule`` to be in force, one after the other, each with words for it."""
    if rule.jurisdiction is not None:
        yield "the jurisdiction that decides", of.under(_inside(rule.jurisdiction, parents))
    if rule.law is not None:
        yield "the time its law is in force", in_time(of, rule.law.in_force)
        yield "the reach of its law", of.region(rule.law.reaches)
    yield "its condition", of.region(rule.condition)


def before_exceptions(of: Space, rule: Rule, parents: Mapping[str, str | None]) -> Region:
    """The situations in which ``rule`` is in force unless an exception holds."""
    found = everywhere(of.full)
    for _, layer in layers(of, rule, parents):
        found &= layer
    return found


def excepted(of: Space, exemption: Exemption) -> Region:
    """The situations in which an exception holds."""
    return in_time(of, exemption.law.in_force) & of.region(exemption.condition)


def in_force(of: Space, rule: Rule, parents: Mapping[str, str | None]) -> Region:
    """The situations in which ``rule`` applies."""
    found = before_exceptions(of, rule, parents)
    for exemption in rule.exemptions:
        found -= excepted(of, exemption)
    return found


def in_time(of: Space, period: Period) -> Region:
    """The situations in the time of ``period``."""
    return of.during(period)


def _inside(jurisdiction: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """``jurisdiction`` and all that lie within it: where they decide, its rules apply."""
    for name in parents:
        above: str | None = name
        while above is not None and above != jurisdiction:
            above = parents.get(above)
        if above is not None:
            yield name
