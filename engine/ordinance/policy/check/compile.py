"""From a checked policy to the plan that a server runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, replace

from ordinance.detection import Judge, Judged
from ordinance.policy.check.proof import CheckedPolicy
from ordinance.policy.ir import Rule
from ordinance.policy.plan import Plan, PlannedRule, Struck
from ordinance.policy.vocabulary import Channel, Effect

#: What rules do because of a text.
_LOOKING = frozenset(Effect) - {Effect.SAY, Effect.MARK}


def compile(checked: CheckedPolicy, judge: Judge | None = None) -> Plan:
    """Compile a checked policy into a plan, in which ``judge`` is asked what rules ask of one. Raises ``TypeError`` for
    anything but a ``CheckedPolicy``, whatever it looks like."""
    if not isinstance(checked, CheckedPolicy):
        raise TypeError("compile takes a CheckedPolicy, which only check can give")
    policy = checked.policy
    acting = [rule for rule in policy.rules if rule.acts]
    judge = judge if policy.judged else None
    struck = tuple(each for rule in acting for each in _struck(rule, checked.prepared, judge))
    return Plan(
        digest=_sealed(policy.digest, struck, judge),
        packs=policy.packs,
        parents=policy.parents,
        zones=policy.zones,
        dimensions=policy.dimensions,
        rules=tuple(_without_struck(_planned(rule, judge), checked.prepared) for rule in acting),
        detectors=checked.prepared,
        protected=policy.protected,
        contacts=policy.contacts,
        languages=policy.languages,
        engine_notices=policy.engine_notices,
        engine_labels=policy.engine_labels,
        titles=policy.titles,
        slots=policy.slots,
        without=policy.without,
        rewrites=policy.rewrites,
        struck=struck,
        judge=judge,
    )


def unjudged(plan: Plan) -> Plan:
    """Return ``plan`` as it is where no judge is asked."""
    if plan.judge is None:
        return plan
    rules = (_without_struck(_unjudged(rule), plan.detectors) for rule in plan.rules)
    return replace(plan, rules=tuple(rules), judge=None)


def _unjudged(rule: PlannedRule) -> PlannedRule:
    after = rule.after_trial
    return replace(rule, judged=None, after_trial=None if after is None else _unjudged(after))


def _struck(rule: Rule, prepared: Collection[str], judge: Judge | None) -> Iterator[Struck]:
    """Yield the tests of ``rule`` that nothing is configured for."""
    yield from (Struck(rule.id, key) for key in (*rule.detectors, *rule.near) if key not in prepared)
    if rule.asks is not None and judge is None:
        yield Struck(rule.id, rule.asks.test)


def _without_struck(rule: PlannedRule, prepared: Collection[str]) -> PlannedRule:
    """Return the rule without the detectors that are not configured; on trial if it looks for nothing else (semantics,
    rule 13)."""
    kept = tuple(key for key in rule.detectors if key in prepared)
    near = tuple(key for key in rule.near if key in prepared)
    looking = rule.effect in _LOOKING or rule.by_text
    blind = looking and rule.judged is None and not rule.spoken and (not kept or (bool(rule.near) and not near))
    if (kept, near) == (rule.detectors, rule.near) and not blind:
        return rule
    after = None if blind or rule.after_trial is None else _without_struck(rule.after_trial, prepared)
    return replace(
        rule, detectors=() if blind else kept, near=() if blind else near, trial=rule.trial or blind, after_trial=after
    )


def _sealed(digest: str, struck: Sequence[Struck], judge: Judge | None) -> str:
    """Return the digest of a policy from which tests are struck out, or in which a judge is asked: what a policy does
    not look for, and who decides for it, is part of what it is."""
    if not struck and judge is None:
        return digest
    tests = sorted(f"{each.rule}\0{each.test}" for each in struck)
    judges = [] if judge is None else ["judge", json.dumps(dict(judge.identity), sort_keys=True)]
    return hashlib.sha256("\n".join([digest, *tests, *judges]).encode()).hexdigest()


def _planned(rule: Rule, judge: Judge | None) -> PlannedRule:
    """Return the rule without the place where it is written."""
    written = {each.name: getattr(rule, each.name) for each in fields(PlannedRule)}
    asks = rule.asks
    judged = None if asks is None or judge is None else Judged(asks.question, asks.least, judge)
    channels = rule.channels or frozenset({Channel.ANSWER})
    planned = PlannedRule(**{**written, "channels": channels, "judged": judged})
    if rule.trial_until is None:
        return planned
    return replace(planned, after_trial=replace(planned, trial=False, trial_until=None))
