"""Rules that do nothing: that can never fire, that another of the pack always covers, exceptions that never hold.

A rule without effect misleads its reader, so each of these is an error, with what makes it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import repeat

from ordinance.detection import Expressions, Prepared
from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.application import required
from ordinance.policy.check.cubes import Region, TooComplexError, everywhere
from ordinance.policy.check.forces import before_exceptions, excepted, in_force, layers, space_of
from ordinance.policy.check.spaces import Space
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.link.names import Report
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind

#: What is looked for: a kind and a phrase or pattern, so that two lexicons with one phrase are compared by it.
Sought = frozenset[tuple[str, object]]


def check_reach(rules: Sequence[Rule], policy: Policy, prepared: Mapping[str, Prepared], report: Report) -> None:
    """Check the reach of each of ``rules``, which are the rules of ``policy`` without errors of their own."""
    of = space_of(rules, policy)
    forces: list[Force] = []
    for rule in rules:
        try:
            found = in_force(of, rule, policy.parents)
            _check_exceptions(policy, of, rule, report)
            idle = _idle_laws(policy, of, rule)
        except TooComplexError:
            message = f"the situations in which `{rule.node.name}` acts are too complex to compute"
            report(diagnose("too-complex", rule.node.name.span, message))
            continue
        for word in idle if found else ():
            message = f"`{rule.node.name}` can never fire under `{word}`"
            report(diagnose("never-fires", word.span, message, "Remove this law from `under`, or correct it."))
        if found:
            forces.append(Force(len(forces), rule, found, _sought(rule, prepared)))
        else:
            message = f"`{rule.node.name}` can never fire: {_why(policy, of, rule)}"
            report(diagnose("never-fires", rule.node.name.span, message))
    for inner, rivals in _rivals(forces):
        try:
            _check_covered(inner, rivals, report)
        except TooComplexError:
            message = f"whether another rule covers `{inner.rule.node.name}` is too complex to compute"
            report(diagnose("too-complex", inner.rule.node.name.span, message))


@dataclass(frozen=True, slots=True, eq=False)
class Force:
    """A rule, where it is in force, and what it looks for; ``at`` counts rules in the order of the policy."""

    at: int
    rule: Rule
    region: Region
    sought: Sought


def _why(policy: Policy, of: Space, rule: Rule) -> str:
    found = everywhere(of.full)
    before = ""
    for what, layer in layers(of, required(rule), policy.parents):
        if not layer:
            return f"{what} is never true"
        found &= layer
        if not found:
            return f"{what} excludes {before}"
        before = f"{before} with {what}" if before else what
    return "its exceptions leave no situation"


def _idle_laws(policy: Policy, of: Space, rule: Rule) -> list[ast.Word]:
    """Return those of several laws of a rule under each of which alone it would never be in force."""
    if not rule.beside:
        return []
    words = zip(ast.laws_of(rule.node), rule.laws, strict=True)
    return [word for word, law in words if not in_force(of, replace(rule, law=law, beside=()), policy.parents)]


def _check_exceptions(policy: Policy, of: Space, rule: Rule, report: Report) -> None:
    base = before_exceptions(of, rule, policy.parents)
    names = {each.name.text: each.name for each in getattr(rule.node, "exceptions", ())}
    for exemption in rule.exemptions:
        if base and not base & excepted(of, exemption):
            word = names.get(exemption.name, rule.node.name)
            message = f"the exception `{exemption.name}` never applies when `{rule.node.name}` acts"
            report(diagnose("exception-idle", word.span, message))


def _sought(rule: Rule, prepared: Mapping[str, Prepared]) -> Sought:
    found: set[tuple[str, object]] = {("language", tag) for tag in rule.spoken}
    if rule.asks is not None:
        found.add(("judged", rule.id))
    for key in rule.detectors:
        match prepared.get(key):
            case Expressions(phrases, patterns, calls=calls):
                found.update(zip(repeat("call"), calls))
                found.update(zip(repeat("phrase"), phrases))
                found.update(zip(repeat("pattern"), patterns))
            case _:
                found.add(("detector", key))
    return frozenset(found)


def _rivals(forces: Sequence[Force]) -> Iterator[tuple[Force, Sequence[Force]]]:
    """Each rule with those that may do all that it does, if there may be one.

    Rules that share what they look for are found by the rarest thing that each looks for, so that a pack of many
    unlike rules takes no longer than its length.
    """
    known: set[object] = set()
    shared: set[object] = set()
    for force in forces:
        shared |= known & _items(force)
        known |= _items(force)
    by_item: dict[object, list[Force]] = {item: [] for item in shared}
    for force in forces:
        for item in shared & _items(force):
            by_item[item].append(force)
    for inner in forces:
        if _items(inner) <= shared:  # what a rule alone looks for, no other does
            yield inner, min((by_item[item] for item in _items(inner)), key=len, default=[])


def _check_covered(inner: Force, rivals: Sequence[Force], report: Report) -> None:
    """Report ``inner`` if one of ``rivals`` does all that it does; of two that do the same, the second is reported."""
    for outer in (rival for rival in rivals if rival is not inner):
        twin_to_come = outer.at > inner.at and _covers(inner, outer)
        if not twin_to_come and _covers(outer, inner):
            _tell(inner, outer, report)
            break


def _items(force: Force) -> Set[object]:
    """Return what two rules must share for one to cover the other."""
    if force.rule.effect is Effect.SAY and not force.rule.by_text:
        return {("say", force.rule.notice.name)}
    return force.sought


def _covers(outer: Force, inner: Force) -> bool:
    one, two = outer.rule, inner.rule
    red = one.kind is NoticeKind.RED_LINE
    if one.unit is not two.unit and not red:
        return False  # each jurisdiction states its own law, and a notice cites them all
    if not red and (one.effect is not two.effect or one.contacts != two.contacts):
        return False
    if not red and not frozenset(one.laws) >= frozenset(two.laws):
        return False
    if one.effect is Effect.SAY and (one.notice, one.occasion, one.hours) != (two.notice, two.occasion, two.hours):
        return False
    if not red and ((one.trial and not two.trial) or (two.disguised and not one.disguised)):
        return False
    if one.near and (one.near != two.near or one.within < two.within or (two.within == 0) != (one.within == 0)):
        return False  # it needs a second thing beside, or nearer
    wider = red or one.scope == two.scope or two.scope.unit == "span"
    return (
        wider
        and _channels(one) >= _channels(two)
        and outer.sought >= inner.sought
        and inner.region <= outer.region
        and (not red or two.effect.removes)
    )


def _channels(rule: Rule) -> frozenset[Channel]:
    parts = {Channel.CONTENT, Channel.REASONING, Channel.TOOL_CALL}
    return rule.channels | parts if Channel.ANSWER in rule.channels else rule.channels


def _tell(inner: Force, outer: Force, report: Report) -> None:
    name, other = inner.rule.node.name, outer.rule.node.name
    if inner.rule.unit is outer.rule.unit and _covers(inner, outer):
        message = f"`{name}` does the same as `{other}` on line {other.span.line}"
        report(diagnose("rule-equal", name.span, message))
    else:
        where = f"on line {other.span.line}" if inner.rule.unit is outer.rule.unit else "of the charter"
        report(diagnose("rule-covered", name.span, f"`{other}` {where} already does everything that `{name}` does"))
