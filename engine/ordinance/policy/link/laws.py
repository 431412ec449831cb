"""Laws and bylaws: when they are in force, whom they reach, who sees to them."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.conditions import ALWAYS
from ordinance.policy.ir import CitedBylaw, CitedLaw, Unit, texts_of
from ordinance.policy.link.contacts import holds_value
from ordinance.policy.link.names import Report
from ordinance.policy.link.places import Places, zone
from ordinance.policy.link.situations import Situations
from ordinance.policy.link.written import appeal_texts, law_texts
from ordinance.policy.plan import ANY_LANGUAGE, Law, Period, Texts, Transition


def link_law(unit: Unit, node: ast.LawDecl, situations: Situations, places: Places, report: Report) -> CitedLaw:
    """Link the law that ``node`` cites; it has no value if one of its dates is invalid."""
    reaches = situations.reach(node)
    own_zone = zone(node.zone, report) if node.zone else places.zones[unit.name]
    appeal = _appeal(unit, node.appeal, report)
    transitions = tuple(
        Transition(situations.condition(each.when, "transition"), period)
        for each in node.in_force
        if each.when and (period := _period(each, own_zone))
    )
    in_force = _in_force(node, own_zone, report)
    for each in node.amended:
        if each.on.value and node.seen.value and node.seen.value < each.on.value:
            message = f"the law `{node.name}` was last looked up before it was amended on {each.on.text}"
            report(diagnose("date-stale", node.seen.span, message))
    if in_force is None or node.seen.value is None:
        return CitedLaw(None, node, unit.name)
    law = Law(
        title=node.title.text,
        article=node.article.text,
        jurisdiction=unit.name,
        reaches=reaches,
        in_force=in_force,
        source=node.source.text,
        seen=node.seen.value,
        transitions=transitions,
        authority=node.authority.text if node.authority else "",
        appeal=appeal.get(ANY_LANGUAGE, ""),
        shown=law_texts(
            unit.pack.title, node.title, node.article, node.short, authority=texts_of(node.authority), appeal=appeal
        ),
    )
    return CitedLaw(law, node, unit.name)


def link_bylaw(unit: Unit, node: ast.BylawDecl, zone: ZoneInfo, report: Report) -> CitedBylaw:
    """Link a house's bylaw as the law of its rules: it reaches everyone whom the house serves."""
    start, end = node.on.value, node.end.value if node.end else None
    appeal = _appeal(unit, node.appeal, report)
    if start is None or (node.end and end is None):
        return CitedBylaw(None, node, unit.name)
    if node.end and end and end <= start:
        report(diagnose("dates-inverted", node.end.span, f"the bylaw `{node.name}` ends before it begins"))
    period = Period(start, end, zone)
    shown = law_texts(None, node.title, None, node.short, authority={ANY_LANGUAGE: node.by.text}, appeal=appeal)
    by, to = node.by.text, appeal.get(ANY_LANGUAGE, "")
    law = Law(node.title.text, "", unit.name, ALWAYS, period, "", start, authority=by, appeal=to, shown=shown)
    if node.terms is not None:
        law = replace(law, terms=_terms(node.terms, report))
    return CitedBylaw(law, node, unit.name)


def _terms(link: ast.Word, report: Report) -> str:
    """Return where a house's terms of use are; what is no link is a finding."""
    if not holds_value("link", link.text):
        message = f'"{link}" is not a link to the terms'
        report(diagnose("contact-value", link.span, message, 'Write it as in "https://house.example/terms".'))
    return link.text


def _in_force(node: ast.LawDecl, zone: ZoneInfo, report: Report) -> Period | None:
    """When the law is in force where no transition says otherwise: periods that touch are one."""
    plain = [each for each in node.in_force if each.when is None]
    if not plain:
        message = f"the law `{node.name}` does not say when it is in force otherwise"
        report(diagnose("dates-gap", node.in_force[0].span, message, "Write `in force from …` without `when` as well."))
        return None
    periods = [_period(each, zone) for each in plain]
    joined = periods[0]
    for each, period in zip(plain[1:], periods[1:], strict=True):
        if joined is None or period is None or period.start is None:
            return None
        if joined.end is None or period.start < joined.end:
            report(diagnose("dates-overlap", each.span, f"the law `{node.name}` is already in force on {period.start}"))
        elif period.start > joined.end:
            message = f"the law `{node.name}` is not in force from {joined.end} until {period.start}"
            report(diagnose("dates-gap", each.span, message))
        joined = Period(joined.start, period.end, zone)
    return joined


def _period(node: ast.ForceNode, zone: ZoneInfo) -> Period | None:
    """Return the period that ``node`` writes; None if one of its dates does not exist."""
    if node.start.value is None or (node.end and node.end.value is None):
        return None
    return Period(node.start.value, node.end.value if node.end else None, zone)


def _appeal(unit: Unit, name: ast.Word | None, report: Report) -> Texts:
    """Return the contact of the group ``appeal`` called ``name``, as notices write it."""
    if name is None:
        return {}
    for contact in unit.pack.each(ast.ContactDecl):
        if contact.name.text == name.text:
            if contact.group.text != "appeal":
                message = f"the contact `{name}` is in the group `{contact.group}`"
                report(diagnose("contact-group", name.span, message, "Name a `contact appeal …`."))
            return appeal_texts(contact)
    report(
        diagnose("name-undefined", name.span, f"no contact is called `{name}` here", f"Write `contact appeal {name}`.")
    )
    return {}
