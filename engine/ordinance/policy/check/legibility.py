"""What people read says something, and is what it seems: titles, names, reasons, quoted words, hours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.ir import Policy, Unit
from ordinance.policy.link.names import Report
from ordinance.policy.link.notices import check_signs
from ordinance.policy.link.written import check_languages


def check_written(policy: Policy, report: Report) -> None:
    """Report empty texts, and texts shown in notices that are not what they seem.

    The texts of notices and labels have checks of their own; examples may be empty.
    """
    for unit in policy.units:
        shown = [(written, what, tuple(_each(written))) for written, what in _shown(unit)]
        hidden = ((written, what, tuple(_each(written))) for written, what in _written(unit))
        for written, what, texts in chain(shown, hidden):
            check_languages(written, what, report)
            for text in texts:
                if not text.text.strip():
                    report(diagnose("syntax", text.span, f"{what} is empty", "Write it in full."))
        for _, _, texts in shown:
            for text in texts:
                check_signs(text, report)


def _each(written: ast.Word) -> Iterator[ast.Word]:
    """Yield each text that people may read of ``written``."""
    texts = written.texts if isinstance(written, ast.Written) else ()
    if all(text.text.span != written.span for text in texts):
        yield written
    yield from (text.text for text in texts)


def _shown(unit: Unit) -> Iterator[tuple[ast.Word, str]]:
    """Yield the texts that become part of notices."""
    if unit.pack.title:
        yield unit.pack.title, "the title of the pack"
    for law in unit.pack.each(ast.LawDecl):
        yield law.title, f"the title of the law `{law.name}`"
        yield law.article, f"the article of the law `{law.name}`"
        if law.short:
            yield law.short, f"the short title of the law `{law.name}`"
        if law.authority:
            yield law.authority, f"the authority of the law `{law.name}`"
    for bylaw in unit.pack.each(ast.BylawDecl):
        yield bylaw.title, f"the title of the bylaw `{bylaw.name}`"
        if bylaw.short:
            yield bylaw.short, f"the short title of the bylaw `{bylaw.name}`"
        yield bylaw.by, f"who adopted the bylaw `{bylaw.name}`"
    for contact in unit.pack.each(ast.ContactDecl):
        yield contact.title, f"the title of the contact `{contact.name}`"
        if contact.hours:
            yield contact.hours, f"the text for the hours of the contact `{contact.name}`"


def _written(unit: Unit) -> Iterator[tuple[ast.Word, str]]:
    """Yield the texts that are in the pack and in the register, but in no notice."""
    if unit.pack.records:
        yield unit.pack.records, "what the pack records"
    for recorded in unit.pack.each(ast.RecordedLaw):
        yield recorded.title, f"the title of the law `{recorded.name}`"
        yield recorded.article, f"the article of the law `{recorded.name}`"
        if recorded.short:
            yield recorded.short, f"the short title of the law `{recorded.name}`"
        yield recorded.why, f"what is recorded of the law `{recorded.name}`"
    for law in unit.pack.each(ast.LawDecl):
        if law.uncertain:
            yield law.uncertain, f"what is uncertain about the law `{law.name}`"
        yield from ((each.act, f"what amended the law `{law.name}`") for each in law.amended)
    for section in unit.pack.sections:
        yield section.heading, f"the heading of section {section.number}"
        for quote in section.quotes:
            yield from ((text, f"what is quoted of `{quote.law}`") for text in quote.texts)
        for rule in section.rules:
            if rule.means:
                yield rule.means, f"what `{rule.name}` means"
            if rule.excludes:
                yield rule.excludes, f"what `{rule.name}` does not mean"
            if isinstance(rule, ast.Limit | ast.Decline):
                yield rule.reason, f"the reason of `{rule.name}`"
