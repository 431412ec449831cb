"""What rules remove must not come back by what the engine itself keeps or adds (semantics, rules 14 and 16).

Contacts are cut out of withheld text. A contact whose value, in any way in which people write it, is itself what a
rule looks for would take that text from the rule; so a policy that holds one does not load, whatever the situation.
Nor does one in which a notice, label, law or placeholder shows what a rule of the same pack, or the charter, removes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ordinance.detection import Expressions
from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.loading.spelled import Spelled
from ordinance.policy.ir import Policy, texts_of
from ordinance.policy.link.contacts import SEPARATORS
from ordinance.policy.plan import NoticeTemplate, Plan, PlannedRule
from ordinance.policy.vocabulary import NoticeKind
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks
from ordinance.runtime.match.segments import Asking


def shielding(plan: Plan, policy: Policy) -> Iterator[Diagnostic]:
    """Report each contact in which a removing rule of ``plan`` finds something, and each rule whose notice contains
    what one removes."""
    removed = _Removed(plan)
    yield from _contacts(removed, policy)
    yield from _tellings(removed, plan, policy)


@dataclass(frozen=True)
class _Removed:
    """Finds what the rules of ``plan`` remove, or will once they are no longer on trial."""

    plan: Plan

    @cached_property
    def rules(self) -> tuple[PlannedRule, ...]:
        return tuple(rule for rule in self.plan.rules if rule.effect.removes)

    @cached_property
    def _expressions(self) -> tuple[Automaton, Checks]:
        checks = Checks(first=len(self.rules))
        expressions: list[tuple[int, Expressions]] = []
        for tag, rule in enumerate(self.rules):
            for prepared in (self.plan.detectors[key] for key in rule.detectors):
                if isinstance(prepared, Expressions):
                    expressions += checks.split(tag, prepared)
        return Automaton(expressions), checks

    @cached_property
    def _segments(self) -> list[tuple[int, Asking]]:
        found = ((tag, self.plan.detectors[key]) for tag, rule in enumerate(self.rules) for key in rule.detectors)
        return [(tag, Asking(each)) for tag, each in found if not isinstance(each, Expressions)]

    @cached_property
    def _spelled(self) -> Spelled:
        return Spelled(self._expressions[0], SEPARATORS)

    def ignores(self, contact: ast.ContactDecl) -> bool:
        """Return whether it is known of all spellings of a contact's value at once that no rule looks for them."""
        return not self._segments and contact.form == "number" and self._spelled.is_quiet(_bare(contact))

    def in_words(self, text: str) -> set[int]:
        """Return the numbers of the rules that look for a phrase or pattern in ``text``."""
        automaton, checks = self._expressions
        return checks.tags_in(automaton, text)

    def in_sentence(self, text: str) -> set[int]:
        """Return the numbers of the rules whose detectors of sentences find something in ``text``. A detector that
        fails finds nothing here: requests handle that (semantics, rule 13)."""
        return {tag for tag, asking in self._segments if any(not found.failed for found in asking.findings(text))}

    def of_pack(self, pack: str, text: str) -> Iterator[str]:
        """Yield the ids of the rules that find something in ``text``, among those that ``pack`` must respect: its own
        and the charter's. Each jurisdiction has its own words for its own law. Rules that need two things to match are
        left out."""
        for tag in sorted(self.in_words(text)):
            rule = self.rules[tag]
            if not rule.near and (rule.id.partition("/")[0] == pack or rule.kind is NoticeKind.RED_LINE):
                yield rule.id


def _contacts(removed: _Removed, policy: Policy) -> Iterator[Diagnostic]:
    for unit in policy.units:
        for contact in unit.pack.each(ast.ContactDecl):
            if removed.ignores(contact):
                continue
            found = (removed.in_words(text) | removed.in_sentence(text) for text in _spellings(contact))
            for tag in sorted(set[int]().union(*found)):
                message = f"the contact `{contact.name}` contains what the rule {removed.rules[tag].id} looks for"
                yield diagnose("contact-shields", contact.value.span, message)


def _spellings(contact: ast.ContactDecl) -> Iterator[str]:
    """Yield a contact's value as written; a number also with one separator anywhere, everywhere, or nowhere."""
    value = contact.value.text
    yield value
    if contact.form == "link":
        return
    bare = _bare(contact)
    plus, digits = bare[: bare.startswith("+")], bare.removeprefix("+")
    yield bare
    for separator in SEPARATORS:
        yield plus + separator.join(digits)
        for at in range(1, len(digits)):
            yield f"{plus}{digits[:at]}{separator}{digits[at:]}"


def _bare(contact: ast.ContactDecl) -> str:
    """Return a number without separators."""
    value = contact.value.text
    return value[: value.startswith("+")] + "".join(char for char in value if char.isdecimal())


def _tellings(removed: _Removed, plan: Plan, policy: Policy) -> Iterator[Diagnostic]:
    """One finding for each text, at the rule or contact that it is told for."""
    nodes = {rule.id: rule.node.name for rule in policy.rules}
    known: dict[tuple[str, str], str] = {}

    def revealed(pack: str, text: str) -> str:
        if (pack, text) not in known:
            known[pack, text] = next((nodes[rule].text for rule in removed.of_pack(pack, text)), "")
        return known[pack, text]

    for rule in plan.rules:
        for what, text in _told(rule):
            if name := revealed(rule.id.partition("/")[0], text):
                message = f"{what} of `{nodes[rule.id]}` contains what `{name}` leaves out"
                yield diagnose("notice-reveals", nodes[rule.id].span, message)
    places = {unit.name: speak.span for unit in policy.units for speak in unit.pack.each(ast.SpeakDecl)}
    places |= {unit.name: each.span for unit in policy.units for speak in unit.pack.each(ast.SpeakDecl)
               for each in speak.without}  # fmt: skip
    notices = [(each.pack, "without adapter", each.notice) for each in plan.without]
    notices += [(each.pack, "rewrite", each.notice) for each in plan.rewrites if each.notice is not None]
    for pack, line, notice in notices:
        for what, text in _in_notice(notice):
            if name := revealed(pack, text):
                message = f"{what} of `{line}` contains what `{name}` leaves out"
                yield diagnose("notice-reveals", places[pack], message)
    for unit in policy.units:
        for contact in unit.pack.each(ast.ContactDecl):
            named = ("title", contact.title), ("hours", contact.hours)
            for what, text in ((what, text) for what, each in named for text in texts_of(each).values()):
                if name := revealed(unit.name, text):
                    message = f"the {what} of the contact `{contact.name}` contains what `{name}` leaves out"
                    yield diagnose("notice-reveals", contact.title.span, message)


def _in_notice(notice: NoticeTemplate) -> Iterator[tuple[str, str]]:
    for form, texts in notice.forms:
        for tag, text in texts.items():
            yield f"the notice `{notice.name}` ({' '.join(filter(None, (tag, form)))})", text


def _told(rule: PlannedRule) -> Iterator[tuple[str, str]]:
    """All that people may read because of ``rule``, with what it is."""
    yield from _in_notice(rule.notice)
    yield from ((f"the label ({tag})", text) for tag, text in rule.label.items())
    yield from ((f"the placeholder ({tag})", text) for tag, text in rule.placeholders.items())
    for law in rule.laws:
        shown = law.shown
        fixed = (("title", law.title), ("article", law.article), ("authority", law.authority), ("terms", law.terms))
        yield from ((f"the law's {what}", text) for what, text in fixed)
        for what, texts in (("citation", shown.full), ("short title", shown.short), ("authority", shown.authority)):
            yield from ((f"the law's {what}", text) for text in dict.fromkeys(texts.values()))
