"""The examples of rules, with the facts that they give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.ir import Example
from ordinance.policy.link.judged import uses_of
from ordinance.policy.link.names import Report, is_code, whole
from ordinance.policy.link.rules import Scopes
from ordinance.policy.vocabulary import NUMBERS, PLACES, Channel

#: The turn of an example that gives none; the first answer has been given by then.
EXAMPLE_TURN = 2

#: The day on which an example takes place, where it says so.
_TODAY = "date"

_HOUR = 3600


@dataclass(slots=True)
class _Given:
    """What an example says of its situation."""

    attested: dict[str, str] = field(default_factory=dict)
    turn: int = EXAMPLE_TURN
    elapsed: int | None = None
    on: date | None = None


def link_examples(scopes: Scopes, node: ast.Rule, report: Report) -> Iterator[Example]:
    """Yield the examples of a rule."""
    judged = any(use.kind == "judged" for use in uses_of(node))
    rule, jurisdiction, owned = f"{scopes.unit.name}/{node.name}", scopes.jurisdiction, scopes.unit.given
    for item in node.examples:
        facts = _facts(scopes, item.given, report)
        if item.earlier:
            facts.turn = _turn(item, report)
        prompt, answer = item.prompt.text if item.prompt else None, item.answer.text if item.answer else None
        part = Channel.CONTENT if item.part == "answer" else Channel(item.part)
        yield Example(
            rule, jurisdiction, item.expects, prompt, answer, facts.attested, facts.turn, owned, item.span,
            part, facts.on, facts.elapsed,
            earlier=tuple((question.text, said.text) for question, said in item.earlier),
            judged=judged,
            called=item.called,
        )  # fmt: skip
    for pair in node.alikes:
        facts = _facts(scopes, pair.given, report)
        (prompt, answer), twin = _said(pair.first), _said(pair.second)
        yield Example(
            rule, jurisdiction, "alike", prompt, answer, facts.attested, facts.turn, owned, pair.span,
            Channel.CONTENT, facts.on, facts.elapsed, twin, judged=judged,
        )  # fmt: skip


def _turn(item: ast.Example, report: Report) -> int:
    """Return the turn of an example that follows earlier ones, which it must not give itself."""
    for name, value in item.given:
        if name.text == "turn":
            message = "the turn is given although the example follows earlier turns"
            report(diagnose("example-given", value.span, message, "Leave it out: the turns after `after` are counted."))
    return len(item.earlier) + 1


def _said(spoken: ast.Spoken) -> tuple[str | None, str | None]:
    """Return a text as a prompt or as an answer."""
    return (spoken.text.text, None) if spoken.part == "prompt" else (None, spoken.text.text)


def _facts(scopes: Scopes, given: Sequence[tuple[ast.Word, ast.Word]], report: Report) -> _Given:
    facts = _Given()
    for name, value in given:
        if problem := _problem(scopes, name.text, value.text):
            report(diagnose("example-given", value.span, *problem))
        elif name.text == _TODAY:
            facts.on = date.fromisoformat(value.text)
        elif name.text == "turn":
            facts.turn = int(value.text)
        elif name.text == "elapsed":
            facts.elapsed = int(value.text) * _HOUR
        else:
            facts.attested[name.text] = value.text
    return facts


def _problem(scopes: Scopes, name: str, value: str) -> tuple[str, str] | None:
    """Why an example cannot give this fact, and what to do; None where it can."""
    if name in NUMBERS:
        return None if whole(value) is not None else (f"`{name}` is a whole number", "Write it in at most nine digits.")
    if name in PLACES:
        return None if is_code(value) else (f"`{value}` is not a jurisdiction's code", "Write it as in AT or DE-BY.")
    declared = scopes.situations.dimensions.get(name)
    if name == _TODAY or (declared is not None and declared.is_date):
        return None if _is_day(value) else (f"`{name}` is a date", "Write it as in 2026-11-01.")
    if declared is None:
        known = scopes.situations.dimensions.keys() | PLACES | NUMBERS | {_TODAY}
        return f"no dimension is called `{name}`", did_you_mean(name, known)
    if not declared.attested:
        return f"`{name}` is claimed by requests, so an example cannot give it", ""
    if value not in declared.values:
        values = ", ".join(sorted(declared.values))
        return f"`{name}` does not have the value `{value}`", did_you_mean(
            value, declared.values
        ) or f"Its values are {values}."
    return None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
