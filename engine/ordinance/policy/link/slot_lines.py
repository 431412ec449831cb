"""The lines of ``speak``: the slots that a pack sets, with their names resolved (semantics, rule 15)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.conditions import ALWAYS, All, Condition
from ordinance.policy.ir import Unit
from ordinance.policy.link.names import Report
from ordinance.policy.link.rules import Scopes
from ordinance.policy.plan import RewriteLine, SlotLine, WithoutAdapter
from ordinance.policy.slots import DECIDED, FOLLOWING, IN_LANGUAGE, PROMPT, REWRITTEN, TAGS, VALUES, is_script, is_tag
from ordinance.policy.vocabulary import Rank

#: Refinements of one line; more than a reader can follow.
_MOST_REFINED = 20

_RANKS = {"language": Rank.DEFAULT, "house": Rank.HOUSE, "jurisdiction": Rank.LAW}


def link_slots(scopes: Scopes, report: Report) -> Iterator[SlotLine]:
    """Yield the slots that a pack sets; values outside their sets and slots set twice are findings."""
    unit = scopes.unit
    speaks = unit.pack.each(ast.SpeakDecl)
    for again in speaks[1:]:
        report(diagnose("name-twice", again.span, "the pack has two `speak`"))
    for speak in speaks[:1]:
        if not (speak.slots or speak.without or speak.rewrites or speak.on_miss):
            report(diagnose("speak-empty", speak.span, "`speak` sets nothing"))
        _check_on_miss(speak, report)
        seen: set[str] = set()
        for node in speak.slots:
            if node.slot in seen:
                report(diagnose("name-twice", node.span, f"`{node.slot}` is set twice"))
            seen.add(node.slot)
            yield replace(_line(scopes, node, report), asks=bool(speak.on_miss))


def _check_on_miss(speak: ast.SpeakDecl, report: Report) -> None:
    """Report `on miss` if it is said twice, or of nothing that an answer can be seen to miss."""
    for again in speak.on_miss[1:]:
        report(diagnose("name-twice", again.span, "the pack says `on miss` twice"))
    for said in speak.on_miss[:1]:
        if not any(slot.slot in DECIDED for slot in speak.slots):
            report(diagnose("miss-undecided", said.span, "`on miss` has no slot here whose miss shows in an answer"))


def link_without(scopes: Scopes, report: Report) -> Iterator[WithoutAdapter]:
    """Yield what a pack says for the case that there is no adapter; saying it twice is a finding."""
    unit = scopes.unit
    said = [each for speak in unit.pack.each(ast.SpeakDecl)[:1] for each in speak.without]
    for again in said[1:]:
        report(diagnose("name-twice", again.span, "the pack says `without adapter` twice"))
    language = unit.name if unit.pack.kind == "language" else ""
    for each in said:
        # A language pack's is told to people who read that language, and to nobody else.
        notice = scopes.catalogue.plain_notice(each.telling, unit.name, (language,) if language else ())
        if notice is not None and each is said[0]:
            yield WithoutAdapter(unit.name, _RANKS[unit.pack.kind], each.declines, notice, language)


def link_rewrites(scopes: Scopes, report: Report) -> Iterator[RewriteLine]:
    """Yield the lines that have answers rewritten; a slot that cannot be, and one that is named twice, are findings."""
    unit = scopes.unit
    language = unit.name if unit.pack.kind == "language" else ""
    seen: set[str] = set()
    for node in (each for speak in unit.pack.each(ast.SpeakDecl)[:1] for each in speak.rewrites):
        for slot in node.slots:
            if slot not in REWRITTEN:
                message = f"`{slot}` is no form that can be rewritten"
                report(diagnose("slot-value", node.span, message, f"These can: {', '.join(sorted(REWRITTEN))}."))
            if slot in seen:
                report(diagnose("name-twice", node.span, f"`{slot}` is rewritten twice"))
            seen.add(slot)
        notice = None
        if node.telling is not None:
            notice = scopes.catalogue.plain_notice(node.telling, unit.name, (language,) if language else ())
        law = scopes.law(node.law) if node.law else None
        yield RewriteLine(unit.name, _RANKS[unit.pack.kind], node.slots, node.form, notice, language, law)


def _line(scopes: Scopes, node: ast.Slot, report: Report) -> SlotLine:
    unit = scopes.unit
    if len(node.refined) > _MOST_REFINED:
        message = f"`{node.slot}` is refined more than {_MOST_REFINED} times"
        report(diagnose("too-deep", node.span, message, "Write fewer refinements."))
    written = [node.value, *(refined.otherwise for refined in node.refined)]
    said = [_value(unit, node.slot, value, report) if value else "" for value in written]
    conditions = [scopes.condition((refined.condition,), "style") for refined in node.refined[:_MOST_REFINED]]
    values: list[tuple[Condition, str]] = [(ALWAYS, said[len(conditions)])]
    for refined, condition, value in reversed(list(zip(node.refined, conditions, said, strict=False))):
        if refined.word == "when":
            values = [(condition, value), *values]
        else:
            values = [*((_both(condition, inner), other) for inner, other in values), (ALWAYS, value)]
    language = unit.name if unit.pack.kind == "language" else ""
    law = scopes.law(node.law) if node.law else None
    return SlotLine(node.slot, tuple(values), _RANKS[unit.pack.kind], unit.name, language, law)


def _both(one: Condition, other: Condition) -> Condition:
    if other == ALWAYS:
        return one
    return All((one, *(other.parts if isinstance(other, All) else (other,))))


def _value(unit: Unit, slot: str, value: ast.SlotValue, report: Report) -> str:
    """Return the value of a slot; a value outside its set is a finding."""
    if value.word is None:
        if slot not in FOLLOWING:
            report(diagnose("slot-value", value.span, f"`{slot}` cannot follow the prompt"))
        return PROMPT
    text = value.word.text
    language = unit.name.partition("-")[0] if unit.pack.kind == "language" else ""
    if slot in TAGS:
        if not is_tag(text):
            message = f"`{slot}` takes a language tag, and `{text}` is not one in its usual form"
            report(diagnose("slot-value", value.span, message, "Write it as in et, de-CH or pt-BR."))
        elif slot == "language" and unit.pack.kind == "language" and text != unit.name:
            message = f"the pack {unit.name} cannot set the language {text}: its notices are in {unit.name}"
            report(diagnose("text-language", value.span, message, f"Write `language {unit.name}`."))
    elif slot == "script":
        if not is_script(text):
            message = f"`{text}` is not the code of a script"
            report(diagnose("slot-value", value.span, message, "Write it as in Latn, Cyrl or Hant."))
    else:
        allowed = VALUES[slot] | IN_LANGUAGE.get((slot, language), frozenset())
        if not language:  # a house or a law may speak of any language
            allowed = allowed.union(*(values for (name, _), values in IN_LANGUAGE.items() if name == slot))
        if text not in allowed:
            advice = did_you_mean(text, allowed) or f"Its values are {', '.join(sorted(allowed))}."
            report(diagnose("slot-value", value.span, f"`{slot}` does not have the value `{text}`", advice))
    return text
