"""From a checked policy to the plan that a server runs."""

from __future__ import annotations

from dataclasses import replace

from ordinance.policy.check import CheckedPolicy
from ordinance.policy.ir import Rule
from ordinance.policy.plan import NoticeTemplate, Plan, PlannedRule
from ordinance.policy.vocabulary import Channel


def compile(checked: CheckedPolicy) -> Plan:
    """The plan of a checked policy. Anything else is refused, whatever it looks like."""
    if not isinstance(checked, CheckedPolicy):
        raise TypeError("compile takes a CheckedPolicy, which only check can give")
    policy = checked.policy
    return Plan(
        digest=policy.digest,
        packs=policy.packs,
        parents=policy.parents,
        zones=policy.zones,
        dimensions=policy.dimensions,
        rules=tuple(_planned(rule, rule.notice) for rule in policy.rules if rule.notice is not None),
        detectors=checked.prepared,
        protected=policy.protected,
        contacts=policy.contacts,
        languages=policy.languages,
        engine_notices=policy.engine_notices,
        slots=policy.slots,
        struck=policy.struck,
    )


def _planned(rule: Rule, notice: NoticeTemplate) -> PlannedRule:
    planned = _as_written(rule, notice)
    if rule.trial_until is None:
        return planned
    return replace(planned, after_trial=replace(planned, trial=False, trial_until=None))


def _as_written(rule: Rule, notice: NoticeTemplate) -> PlannedRule:
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
        disguised=rule.disguised,
        trial=rule.trial,
        trial_until=rule.trial_until,
        placeholders=rule.placeholders,
        told=rule.told,
        hours=rule.hours,
        near=rule.near,
    )
