"""What a world decides, read straight from semantics.md: no automata, no streams, no plan, nothing of the engine.

It takes the description of a world (``worlds``) and answers for a whole answer; rules by number are those of
semantics.md. It knows the words of ``worlds`` only, which need no folding, and of the language what ``worlds.worlds``
draws: `withhold` by lexicon and pattern of spans and sentences, `say` at every or the first answer, laws with reach and
dates, exceptions, contacts, red lines. Masks, houses, trials, transitions, parts, paragraphs, disguises, identifiers
and detectors of plugins stand in ``full_worlds``, which every theorem but this and four others speaks of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from support.worlds import (
    EMERGENCY,
    EXCEPTED,
    MEMBERS,
    NUMBERS,
    RED,
    SAD,
    STUDY,
    Asked,
    Condition,
    LawOf,
    RuleOf,
    World,
    brought,
    lineage,
)

MARKER = "⟦…⟧"
PASS, DISCLOSE, WITHHOLD, REFUSE = range(4)


@dataclass(frozen=True, slots=True)
class Decision:
    """``fired`` are the rules below the charter that acted; ``text`` is what is released of a passed answer."""

    verdict: int
    fired: frozenset[str]
    removed: frozenset[int]
    text: str


def decide(world: World, asked: Asked) -> Decision:
    """The decision on a whole answer."""
    text = asked.answer
    here = lineage(asked.jurisdiction) if asked.jurisdiction else []  # rule 1
    rules = [
        (f"{code}/{rule.name}", rule)
        for code in here
        for rule in world.rules[code]
        if _applies(world, asked, rule, code)
    ]
    red = [word for name, word in RED.items() if name != EXCEPTED or _value(asked, "purpose") != STUDY]
    red += [brought(tag, "weapons") for tag in world.languages]  # rule 21
    if any(_found(word, asked.prompt) or _found(word, text) for word in red):  # rule 7
        said = frozenset(name for name, rule in rules if _speaks(rule, asked))
        return Decision(REFUSE, said, frozenset(range(len(text))), "")
    hits = {name: _regions(rule, text) for name, rule in rules if not rule.says}
    removed = {at for regions in hits.values() for start, end in regions for at in range(start, end)}
    removed -= {
        at for shield in _shields(world, asked) for start, end in _found(shield, text) for at in range(start, end)
    }
    fired = {name for name, regions in hits.items() if regions} | {name for name, rule in rules if _speaks(rule, asked)}
    fired |= {name for name, rule in rules if rule.says == "has" and _shows(rule, text, removed)}
    shown = "".join(
        char if at not in removed else MARKER if at - 1 not in removed else "" for at, char in enumerate(text)
    )  # rules 5, 8 and 14
    sad = [
        span
        for word in (SAD, *(brought(tag, "sad") for tag in world.languages))
        for span in (_found(word, asked.prompt) or (s for s in _found(word, text) if removed.isdisjoint(range(*s))))
    ]
    verdict = WITHHOLD if removed else DISCLOSE if fired or sad else PASS  # rule 11
    return Decision(verdict, frozenset(fired), frozenset(removed), shown)


def _applies(world: World, asked: Asked, rule: RuleOf, code: str) -> bool:
    """Rules 1 and 3: the law is in force and reaches, the condition holds, no exception does."""
    if not any(_in_force(law, asked) and _reaches(world, asked, law, code) for law in rule.laws):
        return False
    if rule.when is not None and not _holds(world, asked, rule.when, code):
        return False
    return not any(
        _in_force(other, asked) and _holds(world, asked, condition, code, exception=True)
        for condition, other in rule.exceptions
    )


def _reaches(world: World, asked: Asked, law: LawOf, code: str) -> bool:
    reached = _holds(world, asked, law.reaches, code)
    return reached or (law.unknown == "or" and any(_value(asked, name) is None for name in _places(law.reaches)))


def _in_force(law: LawOf, asked: Asked) -> bool:
    return law.start <= asked.on and (law.end is None or asked.on < law.end)


def _value(asked: Asked, dimension: object) -> str | None:
    """Rule 1: the jurisdiction stands for place and seat unless these are attested themselves."""
    stands = asked.jurisdiction if dimension in ("place", "seat") else None
    value = asked.attested.get(str(dimension), stands)
    return None if value == "unknown" else value


def _holds(world: World, asked: Asked, condition: Condition, code: str, *, exception: bool = False) -> bool:
    word, name, *rest = condition
    if word in ("and", "or"):
        assert isinstance(name, tuple)
        parts = [_holds(world, asked, part, code, exception=exception) for part in name]
        return all(parts) if word == "and" else any(parts)
    value = _value(asked, name)
    if word == "unknown":
        return value is None
    if value is None:
        return False
    wanted = rest[0]
    if isinstance(wanted, tuple):
        return value in wanted
    return (
        int(value) < int(str(wanted)) if word == "below" else _lies_within(world, value, str(wanted), code, exception)
    )


def _lies_within(world: World, place: str, outer: str, code: str, exception: bool) -> bool:
    """By spelling, or as packs declare; an exception believes only its own pack and what that lies within."""
    packs = lineage(code) if exception else world.rules
    parts = place.split("-")
    spelled = {"-".join(parts[:length]) for length in range(1, len(parts) + 1)}
    declared = {pack for pack in packs if outer in lineage(pack)} | {outer}
    members = {member for pack in declared if pack in packs for member in MEMBERS.get(pack, ())}
    return not spelled.isdisjoint(declared | members)


def _places(condition: Condition) -> set[object]:
    if condition[0] in ("and", "or"):
        assert isinstance(condition[1], tuple)
        return set[object]().union(*(_places(part) for part in condition[1]))
    return {condition[1]} & {"place", "seat"}


def _found(word: str, text: str, *, any_case: bool = True) -> list[tuple[int, int]]:
    flags = re.IGNORECASE if any_case else 0
    return [found.span() for found in re.finditer(rf"\b{word}\b", text, flags)]


def _regions(rule: RuleOf, text: str) -> list[tuple[int, int]]:
    """Rule 5: each match, or the sentence it stands in, cut every ``bound`` characters."""
    matches = [span for word in rule.words for span in _found(word, text, any_case=not rule.by_pattern)]
    if not rule.bound:
        return matches
    sentences = [found.span() for found in re.finditer(r"[^ !][^!]*!?", text)]
    pieces = [(at, min(at + rule.bound, end)) for start, end in sentences for at in range(start, end, rule.bound)]
    return [piece for piece in pieces if any(piece[0] < end and start < piece[1] for start, end in matches)]


def _shields(world: World, asked: Asked) -> list[str]:
    """Rule 14: the emergency number everywhere, contacts where the place has them."""
    place = _value(asked, "place")
    parts = place.split("-") if place else []
    spelled = ["-".join(parts[:length]) for length in range(1, len(parts) + 1)]
    codes = {outer for code in spelled for outer in (lineage(code) if code in world.rules else [code])}
    return [EMERGENCY, *(NUMBERS[code] for code in world.contacts if code in codes)]


def _shows(rule: RuleOf, text: str, removed: set[int]) -> bool:
    """Whether something that the rule looks for is released whole (rule 31)."""
    spans = [span for word in rule.words for span in _found(word, text, any_case=not rule.by_pattern)]
    return any(removed.isdisjoint(range(*span)) for span in spans)


def _speaks(rule: RuleOf, asked: Asked) -> bool:
    return rule.says == "every" or (rule.says == "first" and asked.turn == 1)
