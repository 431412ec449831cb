"""How to speak in one situation: the slots in force, and what follows where no adapter is there (semantics, rule 15).

The lines of a language pack are defaults; the pack is chosen for the request's locale, along CLDR. A house replaces
them, then the request does, and what stands under a law that is in force binds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ordinance.policy.application import required_of_line
from ordinance.policy.conditions import All, AnyOf, Condition, Is, holds
from ordinance.policy.plan import Plan, RewriteLine, SlotLine, WithoutAdapter
from ordinance.policy.slots import PROMPT, SLOTS
from ordinance.policy.vocabulary import MARKER, Rank
from ordinance.runtime.adherence.language_file import languages
from ordinance.runtime.adherence.looking import KEPT, MISSED, Wanted
from ordinance.runtime.redact.disclose import parents
from ordinance.runtime.situation import Situation, meets, notice_language

#: The value of the dimension `language` for a language that no line of ``speak`` asks about.
_ANOTHER = "und"

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NOTHING_REWRITTEN: Mapping[str, RewriteLine] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Manner:
    """How to speak: ``slots`` by name, what a pack says for the case that there is no adapter, if any does, and the
    lines that have answers rewritten in the form of slots, by these; slots for which a pack that set them ``asks`` once
    more if an answer missed them."""

    slots: Mapping[str, str]
    without: WithoutAdapter | None = None
    rewrites: Mapping[str, RewriteLine] = field(default_factory=lambda: _NOTHING_REWRITTEN)
    asks: frozenset[str] = frozenset()

    @property
    def language(self) -> str | None:
        """The language to be spoken; None where nothing sets it, and where it is the prompt's."""
        language = self.slots.get("language")
        return None if language == PROMPT else language


def manner(plan: Plan, situation: Situation, locale: str | None, asked: Mapping[str, str] = _NOTHING) -> Manner:
    """Return how to speak in ``situation``. ``locale`` is None where nobody chose one: then no language pack's defaults
    hold. ``asked`` are the slots that the request sets."""
    packs = _packs(plan, locale)
    lookup = {**situation.claimed, **situation.attested}
    if locale is not None:
        lookup["language"] = _tested(plan, locale)
    ranked: dict[str, tuple[tuple[int, int], str]] = {slot: ((Rank.REQUEST, 0), value) for slot, value in asked.items()}
    asking: dict[str, bool] = {}
    for line in plan.slots:
        place = _place(plan, situation, line, packs)
        value = next((value for condition, value in line.values if holds(condition, lookup.get)), "")
        if place is None or not value:
            continue
        if line.slot not in ranked or ranked[line.slot][0] < place:
            ranked[line.slot], asking[line.slot] = (place, value), line.asks
        elif ranked[line.slot] == (place, value):  # two houses that agree
            asking[line.slot] = asking[line.slot] or line.asks
    slots = {slot: value for slot, (_, value) in sorted(ranked.items())}
    asks = frozenset(slot for slot, asked_for in asking.items() if asked_for)
    rewrites = _rewrites(plan, situation, packs, slots)
    return Manner(MappingProxyType(slots), _without(plan, packs), rewrites, asks)


def wanted_of(manner: Manner, locale: str, placeholders: Mapping[int, str], *, tells: bool = False) -> Wanted | None:
    """Return how an answer is to be looked at (semantics, rule 33), slots in their usual order; None if none is in
    force, and nobody asks in which language it is (``tells``)."""
    slots = {slot: manner.slots[slot] for slot in SLOTS if slot in manner.slots}
    return Wanted(slots, locale, (MARKER, *placeholders.values()), tells) if slots or tells else None


def missed(manner: Manner, states: Mapping[str, str]) -> frozenset[str]:
    """Return the slots because of which a pack asks once more for an answer with these ``states``, by slot."""
    return frozenset(slot for slot in manner.asks if states.get(slot) == MISSED)


def mends(second: Mapping[str, str], first: Mapping[str, str]) -> bool:
    """Return whether an answer with the states of the ``second`` missed fewer slots than the ``first`` one, and kept
    one that that missed: saying nothing mends nothing."""
    mended = any(second[slot] == KEPT for slot, state in first.items() if state == MISSED)
    return mended and [*second.values()].count(MISSED) < [*first.values()].count(MISSED)


def told_languages() -> tuple[str, ...]:
    """Return the languages in which an answer can be known to be (semantics, rule 38)."""
    return tuple(sorted(languages()))


def _packs(plan: Plan, locale: str | None) -> list[str]:
    """Return the language packs whose defaults apply to a locale, nearest first: fr-CA, then fr."""
    nearest = None if locale is None else notice_language(plan, locale)
    return [] if nearest is None else [tag for tag in parents(nearest) if tag in plan.languages]


def _place(plan: Plan, situation: Situation, line: SlotLine | RewriteLine, packs: list[str]) -> tuple[int, int] | None:
    """Return the precedence of a line, greater for stronger; None if the line is not in force."""
    if line.language:
        return (line.rank, -packs.index(line.language)) if line.language in packs else None
    applies = all(meets(each, plan, situation) for each in required_of_line(line))
    return (line.rank, 0) if applies else None


def _rewrites(
    plan: Plan, situation: Situation, packs: list[str], slots: Mapping[str, str]
) -> Mapping[str, RewriteLine]:
    """Return the lines that have an answer rewritten, by slot: of several, the one that takes precedence."""
    if not plan.rewrites:
        return _NOTHING_REWRITTEN
    found: dict[str, tuple[tuple[int, int], RewriteLine]] = {}
    for line in plan.rewrites:
        place = _place(plan, situation, line, packs)
        if place is None:
            continue
        for slot in line.slots:
            if slot in slots and (slot not in found or found[slot][0] < place):
                found[slot] = (place, line)
    return MappingProxyType({slot: line for slot, (_, line) in found.items()})


def _without(plan: Plan, packs: list[str]) -> WithoutAdapter | None:
    """Return what a house says about adapters, else the nearest language pack. Houses that are loaded together
    agree."""
    houses = [each for each in plan.without if each.rank is Rank.HOUSE]
    languages = {each.language: each for each in plan.without if each.language}
    return next(iter([*houses, *(languages[tag] for tag in packs if tag in languages)]), None)


def _tested(plan: Plan, locale: str) -> str:
    """Return what conditions read as the request's language: of the languages that they name, the nearest to its
    locale."""
    named = {value for line in plan.slots for condition, _ in line.values for value in _languages(condition)}
    return next((tag for tag in parents(locale) if tag in named), _ANOTHER) if named else _ANOTHER


def _languages(condition: Condition) -> Iterator[str]:
    match condition:
        case Is("language", values):
            yield from values
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _languages(part)
