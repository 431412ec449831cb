"""What the language can say and the engine cannot do yet: an error each, never a rule without effect (rule 24)."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.language.source import Span
from ordinance.policy.ir import Unit
from ordinance.policy.names import Report

#: Detectors without a run-time part, and what to write instead.
_USES = {
    "identifier": "Use a `pattern`; check digits are not computed yet.",
    "script": "Use a `pattern` with the letters of that script.",
    "language": "Use a `lexicon` of words that only that language has.",
    "judged": "Use a `lexicon`, a `pattern` or a `detector`.",
}


def check_pending(unit: Unit, report: Report) -> None:
    """Findings on each construct of a pack that has no run-time part."""
    for span, what, help in _pending(unit):
        report(diagnose("not-yet", span, f"{what} cannot run yet", help))


def _pending(unit: Unit) -> Iterator[tuple[Span, str, str]]:
    pack = unit.pack
    if pack.kind == "house":
        yield pack.name.span, "a house pack", "Wait for house packs; an operator's wishes have no pack yet."
    for rule in pack.rules:
        yield from _in_rule(rule)
    for condition in pack.each(ast.ConditionDecl):
        yield condition.name.span, "a named condition", "Write the condition where it is used."
    for dimension in pack.each(ast.DimensionDecl):
        if dimension.is_date:
            yield dimension.name.span, "a dimension of dates", "Use a closed list of values."
    for law in pack.each(ast.LawDecl):
        for force in law.in_force[1:]:
            yield force.span, "a transition", "Give each text of the law a `law` of its own."
    for speak in pack.each(ast.SpeakDecl):
        for slot in speak.slots:
            if slot.refined or slot.law or slot.slot not in ("language", "address"):
                yield slot.span, f"`{slot.slot}` as it stands here", "Use `language` and `address` alone."


def _in_rule(rule: ast.Rule) -> Iterator[tuple[Span, str, str]]:
    if isinstance(rule, ast.Mask | ast.Limit | ast.Provide | ast.Mark):
        yield rule.span, f"`{type(rule).__name__.lower()}`", "Use `withhold`, under a law."
    if rule.trial:
        yield rule.trial.span, "`on trial`", "Leave the rule out until it is to act."
    if rule.alikes:
        yield rule.alikes[0].span, "`alike`", "Write the examples one by one."
    if isinstance(rule, ast.Watching):
        if rule.disguised:
            yield rule.when.span, "`even disguised`", "Leave it out; red lines always have it."
        if rule.when.parts:
            yield rule.when.span, f"`{rule.when.parts[0]}`", "Write `answer`; it covers every part."
        if rule.when.near:
            yield rule.when.near.span, "`has both`", "Use `has any of …`."
    if isinstance(rule, ast.Withhold | ast.Limit) and rule.scope.unit == "paragraph" and rule.scope.bound:
        yield rule.scope.bound.span, "`paragraph`", "Use `scope sentence at most N`."
    if isinstance(rule, ast.Say) and (rule.occasions.hours or rule.occasions.first == "day"):
        yield rule.span, "`first answer of day` and `every N hours`", "Use `at first answer of conversation`."
    if isinstance(rule, ast.RedLine) and rule.exceptions:
        yield rule.exceptions[0].name.span, "an exception to a red line", "Leave it out."
    for use in rule.when.uses if isinstance(rule, ast.Watching | ast.RedLine) else ():
        if use.kind in _USES:
            yield use.name.span, f"`{use.kind}`", _USES[use.kind]
