"""From a checked policy to the plan that a server runs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import fields, replace

from ordinance.policy.check.proof import CheckedPolicy
from ordinance.policy.ir import Rule
from ordinance.policy.plan import Plan, PlannedRule, Struck
from ordinance.policy.vocabulary import Channel


def compile(checked: CheckedPolicy) -> Plan:
    """Compile a checked policy into a plan. Raises ``TypeError`` for anything else, whatever it looks like."""
    if not isinstance(checked, CheckedPolicy):
        raise TypeError("compile takes a CheckedPolicy, which only check can give")
    policy = checked.policy
    planned = [_planned(rule) for rule in policy.rules if rule.acts]
    struck = tuple(
        Struck(rule.id, key) for rule in planned for key in (*rule.detectors, *rule.near) if key not in checked.prepared
    )
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
        engine_labels=policy.engine_labels,
        titles=policy.titles,
        slots=policy.slots,
        without=policy.without,
        struck=(*policy.struck, *struck),
    )


def _without_struck(rule: PlannedRule, prepared: Collection[str]) -> PlannedRule:
    """Return the rule without the detectors that are not configured; on trial if it had no others (semantics, rule
    13)."""
    kept = tuple(key for key in rule.detectors if key in prepared)
    near = tuple(key for key in rule.near if key in prepared)
    if (kept, near) == (rule.detectors, rule.near):
        return rule
    blind = not kept or (bool(rule.near) and not near)
    after = None if blind or rule.after_trial is None else _without_struck(rule.after_trial, prepared)
    return replace(
        rule, detectors=() if blind else kept, near=() if blind else near, trial=rule.trial or blind, after_trial=after
    )


def _sealed(digest: str, struck: Sequence[Struck]) -> str:
    """Return the digest of a policy from which tests are struck out: what a policy does not look for is part of what it
    is."""
    if not struck:
        return digest
    tests = [f"{each.rule}\0{each.test}" for each in struck]
    return hashlib.sha256("\n".join([digest, *sorted(tests)]).encode()).hexdigest()


def _planned(rule: Rule) -> PlannedRule:
    """Return the rule without the place where it is written."""
    written = {each.name: getattr(rule, each.name) for each in fields(PlannedRule)}
    planned = PlannedRule(**{**written, "channels": rule.channels or frozenset({Channel.ANSWER})})
    if rule.trial_until is None:
        return planned
    return replace(planned, after_trial=replace(planned, trial=False, trial_until=None))
