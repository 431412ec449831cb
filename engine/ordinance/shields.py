"""No contact shields what a rule removes (semantics, rule 14).

Contacts are cut out of withheld text. A contact whose value, in any way in which people write it, is itself what a
rule looks for would take that text from the rule; so a policy that holds one does not load, whatever the situation.
"""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.detection import Expressions
from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.policy.contacts import SEPARATORS
from ordinance.policy.ir import Policy
from ordinance.policy.plan import Plan, PlannedRule
from ordinance.runtime.automaton import Automaton
from ordinance.runtime.checks import Checks
from ordinance.runtime.segments import Asking


def shielding_contacts(plan: Plan, policy: Policy) -> Iterator[Diagnostic]:
    """A finding for each contact in which a removing rule of ``plan`` finds something."""
    rules = tuple(rule for rule in plan.rules if rule.removes)
    expressions: list[tuple[int, Expressions]] = []
    checks = Checks(first=len(rules))
    segments: list[tuple[int, Asking]] = []
    for tag, rule in enumerate(rules):
        for prepared in (plan.detectors[key] for key in rule.detectors):
            if isinstance(prepared, Expressions):
                expressions += checks.split(tag, prepared)
            else:
                segments.append((tag, Asking(prepared)))
    automaton = Automaton(expressions)
    for unit in policy.units:
        for contact in unit.pack.each(ast.ContactDecl):
            spellings = list(_spellings(contact))
            tags = {tag for text in spellings for tag in checks.tags_in(automaton, text) | _found(segments, text)}
            for tag in sorted(tags):
                yield _finding(contact, rules[tag])


def _finding(contact: ast.ContactDecl, rule: PlannedRule) -> Diagnostic:
    message = f"the contact `{contact.name}` holds what the rule {rule.id} looks for"
    return diagnose("contact-shields", contact.value.span, message)


def _spellings(contact: ast.ContactDecl) -> Iterator[str]:
    """A contact's value as written; a number also with one separator anywhere, everywhere, or nowhere."""
    value = contact.value.text
    yield value
    if contact.form == "link":
        return
    plus = "+" if value.startswith("+") else ""
    digits = "".join(char for char in value if char.isdecimal())
    yield plus + digits
    for separator in SEPARATORS:
        yield plus + separator.join(digits)
        for at in range(1, len(digits)):
            yield f"{plus}{digits[:at]}{separator}{digits[at:]}"


def _found(segments: list[tuple[int, Asking]], text: str) -> set[int]:
    """The tags of the detectors of sentences that find something in ``text``. One that fails finds nothing here: what
    that means is told per request (semantics, rule 13)."""
    return {tag for tag, asking in segments if any(not found.failed for found in asking.findings(text))}
