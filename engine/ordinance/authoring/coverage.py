"""What the examples of a rule show: which branches of its conditions, and in which languages it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ordinance.authoring.explanation import Account, Explanation
from ordinance.authoring.words import condition_in_words, law_in_words
from ordinance.policy.conditions import ALWAYS, All, AnyOf, Condition, Is, Lookup, Within, holds
from ordinance.policy.plan import Law, Plan, PlannedRule
from ordinance.runtime.situation import excepts, law_applies


@dataclass(frozen=True, slots=True)
class Coverage:
    """``shown`` and ``missing`` are branches in words; ``told`` and ``untold`` languages by tag, and
    none of either for a rule that tells nothing."""

    rule: str
    shown: tuple[str, ...]
    missing: tuple[str, ...]
    told: tuple[str, ...]
    untold: tuple[str, ...]


def cover(plan: Plan, rule: PlannedRule, explanations: Iterable[Explanation]) -> Coverage:
    """Return the coverage of ``rule`` by the ``explanations`` of its examples, of which only those that pass count."""
    seen = [(each, _account(each, rule)) for each in explanations]
    branches = list(dict.fromkeys(_branches(rule, plan)))
    shown = {branch for explanation, account in seen for branch in _shown(rule, plan, explanation, account)}
    languages = sorted(plan.languages) if rule.tells else []
    told = [tag for tag in languages if told_in(rule, tag)]
    return Coverage(
        rule.id,
        tuple(branch for branch in branches if branch in shown),
        tuple(branch for branch in branches if branch not in shown),
        tuple(told),
        tuple(tag for tag in languages if tag not in told),
    )


def told_in(rule: PlannedRule, tag: str) -> bool:
    """Return whether people who read ``tag`` are told of ``rule`` in it, and not in a language that stands in for
    it."""
    noticed = tag in rule.notice.texts
    return noticed and (not rule.label or tag in rule.label)


def _account(explanation: Explanation, rule: PlannedRule) -> Account:
    return next(account for account in explanation.accounts if account.rule is rule)


def _branches(rule: PlannedRule, plan: Plan) -> Iterator[str]:
    own = [key for key in rule.detectors if not _is_of_another(key, rule)]
    if len(own) > 1:
        yield from map(_detector, own)
    if len(rule.channels) > 1:
        yield from sorted(f"the {channel.value}" for channel in rule.channels)
    if rule.beside:
        yield from map(_under, rule.laws)
    for law in rule.laws:
        yield from (words for words, _ in _parts(law.reaches, plan, "reaches "))
    yield from (words for words, _ in _parts(rule.condition, plan, "when "))
    for exemption in rule.exemptions:
        prefix = f"except {exemption.name} when "
        yield from (words for words, _ in _parts(exemption.condition, plan, prefix) or [(_whole(prefix), ALWAYS)])


def _shown(rule: PlannedRule, plan: Plan, explanation: Explanation, account: Account) -> Iterator[str]:
    facts = explanation.situation.look_up
    if account.came == "fired":
        yield from (_detector(sighting.found.detector) for sighting in account.sightings)
        yield from (f"the {sighting.where}" for sighting in account.sightings)
        for law in rule.laws:
            if law_applies(law, plan, explanation.situation):
                yield _under(law)
                yield from _holding(law.reaches, plan, "reaches ", facts)
        yield from _holding(rule.condition, plan, "when ", facts)
    elif account.came == "excepted" and (account.sightings or not rule.looks):
        for exemption in rule.exemptions:
            if excepts(exemption, plan, explanation.situation):
                prefix = f"except {exemption.name} when "
                yield from _holding(exemption.condition, plan, prefix, explanation.situation.attested.get)
                yield _whole(prefix)


def _holding(condition: Condition, plan: Plan, prefix: str, facts: Lookup) -> Iterator[str]:
    return (words for words, part in _parts(condition, plan, prefix) if holds(part, facts))


def _under(law: Law) -> str:
    return f"under {law_in_words(law)}"


def _whole(prefix: str) -> str:
    return prefix.removesuffix(" when ")


def _is_of_another(key: str, rule: PlannedRule) -> bool:
    """Return whether a detector is a language pack's, which has examples of its own for it."""
    pack, _, detector = key.partition("/")
    return pack != rule.id.partition("/")[0] and detector.startswith("words for ")


def _detector(key: str) -> str:
    return key.partition("/")[2] or key


def _parts(condition: Condition, plan: Plan, prefix: str) -> list[tuple[str, Condition]]:
    """List the ways in which a condition can be true, if there is more than one: the parts of an ``or``, the values of
    a list, and `unknown` if that is written."""
    match condition:
        case All(parts):
            return [found for part in parts for found in _parts(part, plan, prefix)]
        case AnyOf(parts):
            return [found for part in parts for found in _parts(part, plan, prefix) or [_part(part, plan, prefix)]]
        case Is(dimension, values, or_unknown) if len(values) + or_unknown > 1:
            ways: list[Condition] = [Is(dimension, frozenset({value})) for value in sorted(values)]
        case Within(dimension, codes, True):
            or_unknown = True
            ways = [Within(dimension, codes)]
        case _:
            return []
    unknown = [Is(dimension, frozenset(), or_unknown=True)] if or_unknown else []
    return [_part(way, plan, prefix) for way in [*ways, *unknown]]


def _part(condition: Condition, plan: Plan, prefix: str) -> tuple[str, Condition]:
    return prefix + condition_in_words(condition, plan), condition
