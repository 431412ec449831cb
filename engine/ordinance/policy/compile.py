"""From a checked policy to the plan that a server runs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

from ordinance.policy.check import CheckedPolicy
from ordinance.policy.ir import Rule
from ordinance.policy.plan import NoticeTemplate, Plan, PlannedRule, Struck
from ordinance.policy.vocabulary import Channel


def compile(checked: CheckedPolicy) -> Plan:
    """The plan of a checked policy. Anything else is refused, whatever it looks like."""
    if not isinstance(checked, CheckedPolicy):
        raise TypeError("compile takes a CheckedPolicy, which only check can give")
    policy = checked.policy
    planned = [_planned(rule, rule.notice) for rule in policy.rules if rule.notice is not None]
    struck = tuple(Struck(rule.id, key) for rule in planned for key in rule.detectors if key not in checked.prepared)
    return Plan(
        digest=_sealed(policy.digest, struck),
        packs=policy.packs,
        parents=policy.parents,
        zones=policy.zones,
        dimensions=policy.dimensions,
        rules=tuple(_without_struck(rule, checked.prepared) for rule in planned),
        detectors=checked.prepared,
        protected=policy.protected,
        contacts=policy.contacts,
        languages=policy.languages,
        engine_notices=policy.engine_notices,
        struck=struck,
    )


def _without_struck(rule: PlannedRule, prepared: Collection[str]) -> PlannedRule:
    """The rule without the detectors that are not set up; on trial if it had no others (semantics, rule 13)."""
    kept = tuple(key for key in rule.detectors if key in prepared)
    if kept == rule.detectors:
        return rule
    return replace(rule, detectors=kept, trial=rule.trial or not kept)


def _sealed(digest: str, struck: Sequence[Struck]) -> str:
    """The digest of a policy of which something is struck out: what is not looked for is part of what it is."""
    if not struck:
        return digest
    tests = [f"{each.rule}\0{each.test}" for each in struck]
    return hashlib.sha256("\n".join([digest, *sorted(tests)]).encode()).hexdigest()


def _planned(rule: Rule, notice: NoticeTemplate) -> PlannedRule:
    return PlannedRule(
        id=rule.id,
        number=rule.node.number.text,
        jurisdiction=rule.jurisdiction,
        effect=rule.effect,
        kind=rule.kind,
        channels=rule.channels or frozenset({Channel.ANSWER}),
        detectors=rule.detectors,
        condition=rule.condition,
        exemptions=rule.exemptions,
        scope=rule.scope,
        law=rule.law,
        type=rule.type,
        label=rule.label,
        notice=notice,
        occasion=rule.occasion,
        contacts=rule.contacts,
    )
