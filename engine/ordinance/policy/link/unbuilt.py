"""What the language can say and the engine cannot do yet: an error each, never a rule without effect (rule 24)."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.language.source import Span
from ordinance.policy.ir import Unit
from ordinance.policy.link.names import Report


def check_pending(unit: Unit, report: Report) -> None:
    """Report each construct of a pack that has no run-time part."""
    for span, what, help in _pending(unit):
        report(diagnose("not-yet", span, f"{what} cannot run yet", help))


def _pending(unit: Unit) -> Iterator[tuple[Span, str, str]]:
    for rule in unit.pack.rules:
        yield from _in_rule(rule)


def _in_rule(rule: ast.Rule) -> Iterator[tuple[Span, str, str]]:
    test = ast.text_test_of(rule)
    if test is None:
        return
    if test.near:
        for use in test.uses:
            if use.kind == "judged":
                yield use.name.span, "`judged` with something else near it", "Write `has any of`."
    if isinstance(rule, ast.Mask) and test.prompt:
        for use in test.uses:
            if use.kind == "judged":
                yield use.name.span, "`judged` in a mask of what is asked", "Write `when answer …`."
