"""The situation of one request, frozen when the session opens (semantics, rules 1 to 3)."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from types import MappingProxyType
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import langcodes

from ordinance.errors import SituationError
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
from ordinance.policy.conditions import holds, prefixes
from ordinance.policy.plan import Contact, Exemption, Law, Plan, PlannedRule
from ordinance.policy.vocabulary import BUILT_IN_DIMENSIONS, CLAIMED, PLACE, PLACES

#: The longest time that a request may claim, in seconds: a hundred years.
_LONGEST = 100 * 366 * 24 * 3600

#: How far apart two language tags may be for one to stand for the other (langcodes' scale; 25 and more is another
#: language).
_FAR = 25

_UTC = ZoneInfo("UTC")

#: The hours of a contact that is open every day at the same time, past midnight too.
_HOURS = re.compile(r"([0-2]\d:[0-5]\d)[–-]([0-2]\d:[0-5]\d)")

#: Situations whose rules are remembered for one plan; requests fall into few.
_KEPT = 1024

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Situation:
    """Who decides, where, when: what conditions read.

    ``attested`` comes from the operator, ``claimed`` from the request. ``on`` stands for today's date in every
    zone; without it the date is that of ``now`` in the zone of the law.
    """

    jurisdiction: str | None
    attested: Mapping[str, str]
    claimed: Mapping[str, str]
    now: datetime
    on: date | None = None

    def day(self, zone: ZoneInfo) -> date:
        """Return the date in ``zone``."""
        return self.on or self.now.astimezone(zone).date()

    def look_up(self, dimension: str) -> str | None:
        """Return what is known of ``dimension``; what is attested counts before what is claimed. None is unknown."""
        return self.attested.get(dimension, self.claimed.get(dimension))

    @property
    def turn(self) -> int:
        return int(self.claimed.get("turn", "2"))

    @property
    def elapsed(self) -> int | None:
        """Seconds since this conversation last carried what is said from time to time; None where nobody knows."""
        claimed = self.claimed.get("elapsed")
        return None if claimed is None else int(claimed)


def situate(
    plan: Plan,
    *,
    jurisdiction: str | None,
    attested: Mapping[str, str] = _NOTHING,
    turn: int = 2,
    elapsed: int | None = None,
    on: date | None = None,
    now: datetime | None = None,
) -> Situation:
    """Return the situation of a request. The jurisdiction is also place and seat unless they are attested themselves.
    ``turn`` and ``elapsed`` (seconds, see ``Situation.elapsed``) are the request's claims; an ``elapsed`` that makes no
    sense is unknown.

    Raises ``SituationError`` for a jurisdiction without a pack, and for a dimension or a value that no pack declares.
    """
    if jurisdiction is not None and jurisdiction not in plan.parents:
        loaded = ", ".join(sorted(plan.parents)) or "none"
        meant = jurisdiction.upper()  # no nearer guess: law is not chosen by resemblance
        raise SituationError(
            f"no pack for the jurisdiction '{jurisdiction}' is loaded (loaded: {loaded}).",
            help=(f"Did you mean '{meant}'? " if meant in plan.parents else "")
            + "Load the pack that states its law; jurisdictions are matched exactly.",
        )
    for dimension, value in attested.items():
        _check_value(plan, dimension, value)
    places = {} if jurisdiction is None else {"place": jurisdiction, "seat": jurisdiction}
    known = {dimension: value for dimension, value in attested.items() if value != "unknown"}
    places = {dimension: value for dimension, value in places.items() if dimension not in attested}
    claimed = {"turn": str(turn)}
    if elapsed is not None and 0 <= elapsed <= _LONGEST:
        claimed["elapsed"] = str(elapsed)
    return Situation(
        jurisdiction=jurisdiction,
        attested=MappingProxyType(places | known),
        claimed=MappingProxyType(claimed),
        now=now or datetime.now(UTC),
        on=on,
    )


def _check_value(plan: Plan, dimension: str, value: str) -> None:
    if not isinstance(value, str):
        raise SituationError(
            f"the value of '{dimension}' must be text, not {type(value).__name__}.", help="Write it in quotes."
        )
    if dimension in CLAIMED:
        raise SituationError(f"'{dimension}' is what a request claims about itself.", help="It cannot be attested.")
    if value == "unknown":
        return
    if dimension in PLACES:
        if not PLACE.fullmatch(value):
            raise SituationError(f"'{value}' is not a jurisdiction's code.", help="Write it as in DE, EU or DE-BY.")
        return
    if dimension == "age":
        if not (value.isascii() and value.isdecimal()):
            raise SituationError(f"'{dimension}' must be a whole number, not '{value}'.", help="Write digits.")
        return
    declared = plan.dimensions.get(dimension)
    if declared is None:
        names = sorted({*plan.dimensions, *(BUILT_IN_DIMENSIONS - CLAIMED)})
        close = get_close_matches(dimension, names, 1)
        raise SituationError(
            f"no pack declares the dimension '{dimension}'.",
            help=f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(names)}.",
        )
    if declared.is_date:
        if not _is_day(value):
            raise SituationError(f"'{value}' is not a date.", help="Write it as in 2026-08-02.")
        return
    if value not in declared.values:
        raise SituationError(
            f"'{value}' is not a value of '{dimension}'.", help=f"Known: {', '.join(sorted(declared.values))}, unknown."
        )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def rules_in_force(plan: Plan, situation: Situation) -> tuple[PlannedRule, ...]:
    """Return the rules that apply in ``situation``, in the plan's order; those that look at text come first.

    Computed once for situations that are alike, and the same tuple for each of them.
    """
    known = _in_force.get(plan)
    if known is None:
        known = _in_force[plan] = _InForce(_zones(plan))
    days = (situation.on,) if situation.on else tuple(situation.day(zone) for zone in known.zones)
    facts = (frozenset(situation.attested.items()), frozenset(situation.claimed.items()))
    name = (situation.jurisdiction, *facts, days)
    rules = known.rules.get(name)
    if rules is None:
        if len(known.rules) >= _KEPT:
            known.rules.clear()
        rules = known.rules[name] = _find_in_force(plan, situation, known.told)
    return rules


@dataclass(frozen=True, slots=True)
class _InForce:
    """What was worked out for a plan, and the zones by whose days its rules begin and end. ``told`` are rules under
    those of their laws that apply."""

    zones: tuple[ZoneInfo, ...]
    rules: dict[tuple[Hashable, ...], tuple[PlannedRule, ...]] = field(default_factory=dict)
    told: dict[tuple[PlannedRule, tuple[Law, ...]], PlannedRule] = field(default_factory=dict)


_in_force: WeakKeyDictionary[Plan, _InForce] = WeakKeyDictionary()


def _zones(plan: Plan) -> tuple[ZoneInfo, ...]:
    laws = [law for rule in plan.rules for law in (*rule.laws, *(each.law for each in rule.exemptions))]
    periods = [period for law in laws if law for period in (law.in_force, *(each.period for each in law.transitions))]
    return tuple(dict.fromkeys([_UTC, *(period.zone for period in periods)]))


def _find_in_force(
    plan: Plan, situation: Situation, told: dict[tuple[PlannedRule, tuple[Law, ...]], PlannedRule]
) -> tuple[PlannedRule, ...]:
    found: list[PlannedRule] = []
    for rule in (as_of_today(rule, situation) for rule in plan.rules if _applies(rule, plan, situation)):
        laws = tuple(law for law in rule.laws if not rule.beside or law_applies(law, plan, situation))
        if laws != rule.laws:
            rule = told.setdefault((rule, laws), replace(rule, law=laws[0], beside=laws[1:]))
        found.append(rule)
    return tuple(sorted(found, key=lambda rule: not rule.looks))


def as_of_today(rule: PlannedRule, situation: Situation) -> PlannedRule:
    """``rule``, or what it becomes when its trial is over; dates are those of its law's zone."""
    if rule.after_trial is None or rule.trial_until is None:
        return rule
    today = situation.day(rule.law.in_force.zone if rule.law else _UTC)
    return rule if today < rule.trial_until else rule.after_trial


def _applies(rule: PlannedRule, plan: Plan, situation: Situation) -> bool:
    if not all(meets(each, plan, situation) for each in required(rule)):
        return False
    return not any(excepts(exemption, plan, situation) for exemption in rule.exemptions)


def excepts(exemption: Exemption, plan: Plan, situation: Situation) -> bool:
    """Whether an exception holds."""
    return all(meets(each, plan, situation) for each in excepting(exemption))


def meets(requirement: Requirement, plan: Plan, situation: Situation) -> bool:
    """Whether ``situation`` meets one requirement of what applies."""
    match requirement:
        case Decides(jurisdiction):
            return jurisdiction in plan.lineage(situation.jurisdiction)
        case InTime(law):
            return law_in_force(law, situation)
        case Reaches(law):
            return holds(law.reaches, situation.look_up)
        case AnyLaw(laws):
            return any(law_applies(law, plan, situation) for law in laws)
        case Holds(condition, attested):
            return holds(condition, situation.attested.get if attested else situation.look_up)


def law_applies(law: Law, plan: Plan, situation: Situation) -> bool:
    """Whether ``law`` is in force and reaches ``situation``."""
    return all(meets(each, plan, situation) for each in applying(law))


def law_in_force(law: Law, situation: Situation) -> bool:
    """Whether ``law`` is in force on the situation's day in its own zone; its last day is not included."""
    attested = situation.attested.get
    period = next((each.period for each in law.transitions if holds(each.condition, attested)), law.in_force)
    day = situation.day(period.zone)
    return (period.start is None or period.start <= day) and (period.end is None or day < period.end)


def contacts_at(plan: Plan, situation: Situation) -> tuple[Contact, ...]:
    """Return the contacts of the attested place and of what contains it; none if the place is unknown (SC-3)."""
    place = situation.attested.get("place")
    if place is None:
        return ()
    codes = {code for each in prefixes(place) for code in (plan.lineage(each) if each in plan.parents else (each,))}
    found = [contact for contact in plan.contacts if contact.jurisdiction in codes]
    replaced = frozenset[str]().union(*(contact.replaces for contact in found))
    return tuple(contact for contact in found if contact.id not in replaced or not contact.id)


def closed(contact: Contact, plan: Plan, situation: Situation) -> bool:
    """Whether nobody answers there now, by hours that are written as ``10:00–24:00``; other hours say nothing."""
    hours = _HOURS.fullmatch(contact.hours)
    if hours is None:
        return False
    opens, closes = (int(each[:2]) * 60 + int(each[3:]) for each in hours.groups())
    now = situation.now.astimezone(plan.zones.get(contact.jurisdiction, _UTC))
    at = now.hour * 60 + now.minute
    return not (opens <= at < closes if opens <= closes else at >= opens or at < closes)


def chosen_locale(plan: Plan, wanted: Sequence[str], default: str | None = None) -> str | None:
    """Return the first of ``wanted`` for whose language there are notices, else the operator's ``default``; None if
    neither chooses one. Tags that are not BCP 47 are skipped."""
    for tag in [*wanted, *([default] if default else [])]:
        if notice_language(plan, tag) is not None:
            return langcodes.standardize_tag(tag)
    return None


def notice_language(plan: Plan, tag: str) -> str | None:
    """Return the loaded language pack that fits ``tag`` best (CLDR distance), or None if none is near."""
    if not langcodes.tag_is_valid(tag):
        return None
    best, _ = langcodes.closest_match(tag, sorted(plan.languages), max_distance=_FAR - 1)
    return None if best == "und" else best
