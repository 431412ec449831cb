"""No contact shields what a rule removes (semantics, rule 14), and what is told of a rule does not show it.

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


def shields(plan: Plan, policy: Policy) -> Iterator[Diagnostic]:
    """A finding for each contact in which a removing rule of ``plan`` finds something, and for each of these rules
    that finds something in what is told of it."""
    search = _Search(plan)
    yield from _shielding_contacts(search, policy)
    yield from _telling_rules(search, policy)


def _shielding_contacts(search: _Search, policy: Policy) -> Iterator[Diagnostic]:
    for unit in policy.units:
        for contact in unit.pack.each(ast.ContactDecl):
            spellings = list(_spellings(contact))
            tags = {tag for text in spellings for tag in search.words(text) | search.sentences(text)}
            for tag in sorted(tags):
                yield _finding(contact, search.rules[tag])


def _telling_rules(search: _Search, policy: Policy) -> Iterator[Diagnostic]:
    """People would read in such a label, notice or placeholder what is left out above. Detectors of sentences are not
    asked; a text in Cyrillic may well say that Cyrillic is left out."""
    nodes = {rule.id: rule.node for rule in policy.rules}
    for tag, rule in enumerate(search.rules):
        texts = {"label": rule.label, "notice": rule.notice.texts, "placeholder": rule.placeholders}
        shown = [
            f"its {what} in {language}"
            for what, said in texts.items()
            for language, text in sorted(said.items())
            if tag in search.words(text)
        ]
        if shown and not rule.near:
            message = f"the rule `{nodes[rule.id].name}` finds what it looks for in {', '.join(shown)}"
            yield diagnose("telling-shows", nodes[rule.id].name.span, message)


class _Search:
    """What the removing rules of ``plan`` find in a text, as places in ``rules``."""

    def __init__(self, plan: Plan) -> None:
        self.rules = tuple(rule for rule in plan.rules if rule.removes)
        self._checks = Checks(first=len(self.rules))
        self._segments: list[tuple[int, Asking]] = []
        expressions: list[tuple[int, Expressions]] = []
        for tag, rule in enumerate(self.rules):
            for prepared in (plan.detectors[key] for key in rule.detectors):
                if isinstance(prepared, Expressions):
                    expressions += self._checks.split(tag, prepared)
                else:
                    self._segments.append((tag, Asking(prepared)))
        self._automaton = Automaton(expressions)

    def words(self, text: str) -> set[int]:
        """The rules whose lexicons, patterns or identifiers find something."""
        return set(self._checks.tags_in(self._automaton, text))

    def sentences(self, text: str) -> set[int]:
        """The rules whose detectors of sentences find something. One that fails finds nothing here: what that means
        is told per request (semantics, rule 13)."""
        return {tag for tag, asking in self._segments if any(not found.failed for found in asking.findings(text))}


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
