"""The closed syntax of a contact's value, and the pattern that protects it.

Closed, so that nobody can shield a sentence from a law by declaring it a contact (semantics, rule 14).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.ir import Unit
from ordinance.policy.link.names import Report

_NUMBER = re.compile(r"\+?[0-9]+([ .-][0-9]+)*")
_LINK = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._~-]+)*/?")

#: A short code has at least this many digits, a telephone number at most (E.164).
_FEWEST, _MOST = 3, 15
_LONGEST_LINK = 120

#: What may stand between two digits of a number, as ``pattern_of`` has it.
SEPARATORS = " .-"


def holds_value(form: Literal["number", "link"], value: str) -> bool:
    """Whether ``value`` is a telephone number, a short code, or an https link without a query."""
    if form == "link":
        return len(value) <= _LONGEST_LINK and _LINK.fullmatch(value) is not None
    digits = sum(char.isdecimal() for char in value)
    return _NUMBER.fullmatch(value) is not None and _FEWEST <= digits <= _MOST


def pattern_of(form: Literal["number", "link"], value: str) -> str:
    """Return a pattern for ``value`` as people write it: digits may have one space, hyphen or dot between them."""
    if form == "link":
        return re.sub(r"([.~?+*(){}\[\]|^$\\-])", r"\\\1", value)
    plus = r"\+" if value.startswith("+") else r"\b"
    digits = [char for char in value if char.isdecimal()]
    return plus + r"[ .\-]?".join(digits) + r"\b"


def check_superseded(units: Iterable[Unit], report: Report) -> None:
    """Report each contact whose value some contact had formerly (SC-2)."""
    contacts = [contact for unit in units for contact in unit.pack.each(ast.ContactDecl)]
    former = {_bare(word.text): contact.name for contact in contacts for word in contact.formerly}
    for contact in contacts:
        for word in contact.formerly:
            if not holds_value(contact.form, word.text):
                message = f'"{word}" does not have the form of a contact\'s value'
                report(diagnose("contact-value", word.span, message))
        if (owner := former.get(_bare(contact.value.text))) is not None:
            message = f'"{contact.value}" is a former value of the contact `{owner}`'
            report(diagnose("contact-superseded", contact.value.span, message))


def check_replaced(unit: Unit, report: Report) -> None:
    """Report contacts that replace themselves, each other, or one of another group: nobody would be left to call."""
    contacts = {contact.name.text: contact for contact in unit.pack.each(ast.ContactDecl)}
    for contact in contacts.values():
        for word in contact.replaces:
            other = contacts.get(word.text)
            if other is None:
                continue
            if contact.name.text in _replaced(other, contacts):
                message = f"the contact `{contact.name}` would replace itself by way of `{word}`"
                report(diagnose("contact-replaces", word.span, message))
            elif other.group.text != contact.group.text:
                message = f"`{word}` is in the group `{other.group}`, but `{contact.name}` is in `{contact.group}`"
                report(diagnose("contact-replaces", word.span, message))


def _replaced(contact: ast.ContactDecl, contacts: Mapping[str, ast.ContactDecl]) -> set[str]:
    """Return the contact's own name and those of all that it replaces, directly or not."""
    seen, waiting = {contact.name.text}, [contact]
    while waiting:
        for word in waiting.pop().replaces:
            if word.text in contacts and word.text not in seen:
                seen.add(word.text)
                waiting.append(contacts[word.text])
    return seen


def _bare(value: str) -> str:
    """Return a number's digits, without separators; a link unchanged."""
    return value if value.startswith("https://") else "".join(char for char in value if char.isdecimal())
