"""The lemma *never weaken*: with any packs loaded, the charter decides at least what it decides alone.

The verdict and the removed regions of an answer are joins over rules (semantics, rule 11), so it is enough that each
rule of the charter is still there, looks for at least as much in at least as many places, does at least as much, and
is in force in every situation in which it was. Conditions on places may come to mean more when a pack says what lies
within a place; so this is computed and not assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import repeat

from ordinance.language.diagnostics import diagnose
from ordinance.policy.check.cubes import TooComplexError
from ordinance.policy.check.forces import in_force, space_of
from ordinance.policy.conditions import dimensions
from ordinance.policy.ir import Policy, Rule, Unit
from ordinance.policy.link.linker import link
from ordinance.policy.link.names import Report
from ordinance.policy.plan import Exemption
from ordinance.policy.vocabulary import CLAIMED


@dataclass(frozen=True, slots=True)
class _Charter:
    """A charter, compared by all that it is read from."""

    unit: Unit = field(compare=False)
    read: tuple[tuple[str, str], ...]


def _bytes(charter: Unit) -> Iterator[tuple[str, str]]:
    """Yield each file of a charter, by its name in the pack and as people see it, with its text."""
    source = charter.pack.source
    yield f"{source.path} {source.name} {charter.given}", source.text
    for path, lexicon in charter.lexicons.items():
        yield f"{path} {lexicon.path} {lexicon.name}", lexicon.text


@lru_cache(maxsize=1)
def _linked(charter: _Charter) -> Policy:
    """Return the policy that a charter is by itself: loads after each other have the same one."""
    return link([charter.unit], "")


def check_weaken(policy: Policy, report: Report) -> None:
    """Report where the packs below the charter take something from it."""
    alone = _linked(_Charter(policy.charter, tuple(_bytes(policy.charter))))
    of = space_of((*policy.rules, *alone.rules), policy, alone)
    now = {rule.id: rule for rule in policy.rules}
    for before in alone.rules:
        after = now.get(before.id)
        name = before.node.name
        if after is None or (lost := _lost(before, after, alone, policy)):
            what = "gone" if after is None else lost
            report(diagnose("charter-weakened", name.span, f"under the loaded packs `{name}` is {what}"))
            continue
        try:
            missing = in_force(of, before, alone.parents) - in_force(of, after, policy.parents)
        except TooComplexError:
            report(
                diagnose("too-complex", name.span, f"the situations in which `{name}` acts are too complex to compute")
            )
            continue
        if missing:
            message = f"under the loaded packs `{name}` is no longer in force: {of.words(missing)}"
            report(diagnose("charter-weakened", name.span, message))
    for key in alone.protected:
        if key not in policy.protected:
            report(diagnose("charter-weakened", policy.charter.pack.name.span, f"{key} is no longer protected"))
    for rule in policy.rules:
        for exemption in rule.exemptions:
            _check_attested(rule, exemption, policy, report)


def _check_attested(rule: Rule, exemption: Exemption, policy: Policy, report: Report) -> None:
    """Report an exception that reads claimed dimensions: they would let a request choose its law."""
    claimed = {name for name, declared in policy.dimensions.items() if not declared.attested} | CLAIMED
    for dimension in sorted(dimensions(exemption.condition) & claimed):
        message = f"the exception `{exemption.name}` reads `{dimension}`, which a request merely claims"
        report(diagnose("reads-claimed", rule.node.name.span, message))


def _lost(before: Rule, after: Rule, alone: Policy, policy: Policy) -> str:
    """Describe what ``after`` does less than ``before``; an empty string if nothing."""
    if after.effect.verdict < before.effect.verdict or after.effect.removes < before.effect.removes:
        return f"only a `{after.effect.value}`"
    if not after.channels >= before.channels:
        return "no longer looking at everything it looked at"
    if after.scope != before.scope:
        return "removing less"
    if after.trial or (before.disguised and not after.disguised) or len(after.exemptions) > len(before.exemptions):
        return "held back"
    if not _sought(after, policy) >= _sought(before, alone):
        return "looking for less"
    if bool(after.near) is not bool(before.near) or after.within != before.within:
        return "looking for two things that stand together in another way"
    return ""


def _sought(rule: Rule, policy: Policy) -> frozenset[tuple[str, str, bool]]:
    """Return what the detectors of ``rule`` look for, line by line."""
    found: set[tuple[str, str, bool]] = set()
    if rule.asks is not None:
        found.add(("judged", repr((rule.asks.question, rule.asks.least)), False))
    wanted = set(rule.detectors)
    for detector in policy.detectors:
        if detector.key in wanted:
            found.update(zip(repeat(detector.kind), detector.lines, repeat(detector.declaration.any_case)))
    return frozenset(found)
