"""Packs as such: versions, one charter for all, the closed lists of red lines, the notices that the engine gives."""

from __future__ import annotations

import re

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.conditions import names_value
from ordinance.policy.ir import Policy, Unit
from ordinance.policy.link.names import Report, check_name, check_tag
from ordinance.policy.vocabulary import CIVIC_HARMS, ENGINE_NOTICES, HARMS, PURPOSE, SEVERE_HARMS, TRANSFORM

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")


def check_packs(policy: Policy, report: Report) -> None:
    """Check headers, the charter, and language packs."""
    charter = policy.charter
    for unit in policy.units:
        version = unit.pack.version
        if not _VERSION.fullmatch(version.text):
            report(diagnose("version-form", version.span, f"the version `{version}` does not have the form N.N.N"))
        if unit.pack.charter:
            _check_reference(unit, unit.pack.charter, charter, report)
        if unit.pack.kind == "language":
            _check_language(unit, report)
        if unit.pack.kind == "house":
            check_name(unit.pack.name, report)
    _check_charter(charter, report)
    _check_transform(policy, report)


def _check_reference(unit: Unit, named: ast.CharterRef, charter: Unit, report: Report) -> None:
    major = charter.pack.version.text.partition(".")[0]
    if named.name.text != charter.name or named.major.text != major:
        message = f"`{unit.name}` is under charter {named.name} {named.major}, but {charter.name} {major} is loaded"
        report(diagnose("charter-differs", named.name.span, message))


def _check_charter(unit: Unit, report: Report) -> None:
    check_name(unit.pack.name, report)
    drawn = {rule.name.text for rule in unit.pack.rules if isinstance(rule, ast.RedLine)}
    for name in sorted(HARMS - drawn):
        message = f"the charter `{unit.name}` has no red line `{name}`"
        report(diagnose("harm-missing", unit.pack.name.span, message, f"Write `red line N.N {name} {{ … }}`."))
    for rule in unit.pack.rules:
        if not isinstance(rule, ast.RedLine):
            continue
        if rule.name.text not in HARMS:
            severe, civic = (", ".join(sorted(harms)) for harms in (SEVERE_HARMS, CIVIC_HARMS))
            near = did_you_mean(rule.name.text, HARMS) or f"The closed lists are: {severe}; {civic}."
            report(diagnose("harm-unknown", rule.name.span, f"`{rule.name}` is not on a closed list", near))
        if rule.telling.text != "red_line":
            report(diagnose("red-line-notice", rule.telling.span, f"the red line gives the notice `{rule.telling}`"))
        if not rule.when.answer:
            report(
                diagnose(
                    "harm-toothless",
                    rule.when.span,
                    "the red line does not look at the answer",
                    "Write `prompt or answer has …`.",
                )
            )
    held = {item.name.text for item in unit.pack.each(ast.NoticeDecl)}
    for name in sorted((ENGINE_NOTICES | {"red_line"}) - held):
        message = f"the charter `{unit.name}` has no notice `{name}`"
        report(diagnose("engine-notice", unit.pack.name.span, message, f'Write `notice {name} {{ en "…" }}`.'))


def _check_transform(policy: Policy, report: Report) -> None:
    """Check that no red line makes an exception for people's own texts. Conditions say only what opens them, so one
    that does not name this purpose is as closed under it as under none."""
    for rule in policy.rules:
        if isinstance(rule.node, ast.RedLine):
            for node, exemption in zip(rule.node.exceptions, rule.exemptions, strict=True):
                if names_value(exemption.condition, PURPOSE, TRANSFORM):
                    message = f"the red line `{rule.node.name}` makes an exception for texts of people's own"
                    report(diagnose("red-line-purpose", node.name.span, message))


def _check_language(unit: Unit, report: Report) -> None:
    tag = unit.pack.name
    check_tag(tag, report)
    held = {item.name.text for item in unit.pack.each(ast.NoticeDecl)}
    for name in sorted((ENGINE_NOTICES | {"red_line"}) - held):
        message = f"the language pack {tag} has no notice `{name}`"
        report(diagnose("engine-notice", tag.span, message, f'Write `notice {name} {{ {tag} "…" }}`.'))
