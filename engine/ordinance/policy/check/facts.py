"""Facts of law and place: dates, sources, contacts. Dates that have merely passed are warnings (semantics, rule 23)."""

from __future__ import annotations

import re
from datetime import date, timedelta

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.conditions import prefixes
from ordinance.policy.ir import CitedLaw, Policy, Unit
from ordinance.policy.link.contacts import holds_value
from ordinance.policy.link.names import Report, check_tag

#: A fact that was last looked at longer ago than this is worth another look.
STALE = timedelta(days=2 * 365)

#: The groups of contacts that the engine can provide.
GROUPS = frozenset({"emergency", "crisis", "appeal"})

_SOURCE = re.compile(r"https://[^\s/\"<>]+\.[^\s\"<>]+")


def check_facts(policy: Policy, on: date, report: Report) -> None:
    """Check laws and contacts, as of the day ``on``."""
    for cited in policy.laws:
        _check_law(cited, on, report)
    for unit in policy.units:
        for recorded in unit.pack.each(ast.RecordedLaw):
            _check_source(recorded.source, report)
            if recorded.seen:
                _check_seen(recorded.seen, f"the law `{recorded.name}`", on, report)
        for bylaw in unit.pack.each(ast.BylawDecl):
            _check_bylaw(bylaw, on, report)
        for contact in unit.pack.each(ast.ContactDecl):
            _check_contact(unit, contact, on, report)
        for rule in unit.pack.rules:
            if isinstance(rule, ast.Guarantee) and rule.provide and rule.provide.group.text not in GROUPS:
                _unknown_group(rule.provide.group, report)


def _check_law(cited: CitedLaw, on: date, report: Report) -> None:
    law = cited.node
    for force in law.in_force:
        start, end = force.start.value, force.end.value if force.end else None
        if start and force.end and end and end <= start:
            report(diagnose("dates-inverted", force.end.span, f"the law `{law.name}` ends before it begins"))
    plain = [force for force in law.in_force if force.when is None]
    period = cited.law.in_force if cited.law else None
    if period and period.end and period.start and period.start < period.end <= on and plain[-1].end:
        report(diagnose("law-off", plain[-1].end.span, f"the law `{law.name}` is no longer in force on {on}"))
    elif period and period.start and period.start > on:
        report(diagnose("law-off", plain[0].start.span, f"the law `{law.name}` is not yet in force on {on}"))
    _check_source(law.source, report)
    _check_seen(law.seen, f"the law `{law.name}`", on, report)


def _check_source(source: ast.Word, report: Report) -> None:
    if not _SOURCE.fullmatch(source.text):
        report(diagnose("source-invalid", source.span, f'"{source}" is not an https address'))


def _check_bylaw(bylaw: ast.BylawDecl, on: date, report: Report) -> None:
    start, end = bylaw.on.value, bylaw.end.value if bylaw.end else None
    if start and start > on:
        report(diagnose("law-off", bylaw.on.span, f"the bylaw `{bylaw.name}` is not yet in force on {on}"))
    elif start and bylaw.end and end and start < end <= on:
        report(diagnose("law-off", bylaw.end.span, f"the bylaw `{bylaw.name}` is no longer in force on {on}"))


def _check_contact(unit: Unit, contact: ast.ContactDecl, on: date, report: Report) -> None:
    if contact.group.text not in GROUPS:
        _unknown_group(contact.group, report)
    if not holds_value(contact.form, contact.value.text):
        what = "telephone number or short code" if contact.form == "number" else "link"
        report(diagnose("contact-value", contact.value.span, f'"{contact.value}" is not a {what}'))
    if unit.pack.kind == "house" and contact.group.text != "appeal":
        message = f"a house has no contact of the group `{contact.group}`"
        report(diagnose("contact-group", contact.group.span, message, "Write `contact appeal …`: its own office."))
    for place in contact.places:
        if unit.name not in prefixes(place.text):
            message = f"the contact `{contact.name}` is for {place}; this pack is for {unit.name}"
            report(diagnose("contact-place", place.span, message))
    for tag in contact.spoken:
        check_tag(tag, report)
    _check_seen(contact.seen, f"the contact `{contact.name}`", on, report)


def _check_seen(seen: ast.Day, what: str, on: date, report: Report) -> None:
    if seen.value and on - seen.value > STALE:
        report(diagnose("date-stale", seen.span, f"{what} was last looked up on {seen.text}"))


def _unknown_group(group: ast.Word, report: Report) -> None:
    report(diagnose("contact-group", group.span, f"`{group}` is not a group of contacts"))
