"""What people are told: notices with their causes, in the request's language (semantics, rules 16 to 20).

Nothing here ever sees withheld text; a notice is made from the rules that removed it.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import langcodes

from ordinance.policy.plan import ANY_LANGUAGE, Contact, Law, NoticeTemplate, Plan, PlannedRule, Texts
from ordinance.policy.slots import USUAL_ADDRESS, nearest_addresses
from ordinance.policy.vocabulary import Effect, NoticeKind
from ordinance.runtime.redact.signs import placeholder

#: Right-to-left and left-to-right text do not run into each other: what is filled in is isolated.
_ISOLATE, _POP = "\u2068", "\u2069"

#: The hours of a contact that always answers, where no pack has words for that.
_ALL_DAY = "00:00–24:00"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why: the rule's id, the type that its label names, and the law as (title, article, jurisdiction)."""

    rule: str
    type: str
    law: tuple[str, str, str] | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A paragraph that was added to an answer, and stands in its metadata."""

    kind: NoticeKind
    causes: tuple[Cause, ...]
    text: str


def causes_of(rule: PlannedRule) -> tuple[Cause, ...]:
    """Return what an answer may say about a rule that fired, once for each law that it stands under."""
    laws = [Cause(rule.id, rule.type, (law.title, law.article, law.jurisdiction)) for law in rule.laws]
    return tuple(laws) or (Cause(rule.id, rule.type, None),)


class Discloser:
    """Writes notices in one language. ``language`` is the tag of the language pack that fits the request."""

    def __init__(self, plan: Plan, language: str) -> None:
        style = plan.languages.get(language)
        self._words = plan.engine_labels
        self._titles = plan.titles
        self._language = language if style is None else style.language
        self._address = USUAL_ADDRESS if style is None else style.address

    def told(self, rules: Iterable[PlannedRule], heard: Container[str] = frozenset()) -> list[Notice]:
        """Make one notice for each template that ``rules`` name, with all causes in it, whatever their order; in its
        shorter form for the rules whose ids are ``heard``."""
        groups: dict[tuple[str, str, str, bool], list[PlannedRule]] = {}
        for rule in sorted(rules, key=lambda rule: rule.id):
            # Packs may have notices of one name with words of their own.
            again = rule.id in heard
            words = self._fill(rule.notice, again)
            groups.setdefault((rule.kind.value, rule.notice.name, words, again), []).append(rule)
        return [self._speaking(group)._notice(group, key[-1]) for key, group in sorted(groups.items(), key=_key)]

    def _speaking(self, rules: Sequence[PlannedRule]) -> Discloser:
        """Return what writes the notice of ``rules`` in one language: this, or, if its language lacks a text, one whose
        language has all."""
        needed = [rules[0].notice.texts, *(rule.label for rule in rules if rule.label)]
        for tag in (self._language, "en", *sorted(needed[0])):
            own = parents(tag)
            if all(any(each in texts for each in own) for texts in needed):
                return self if tag == self._language else self._in(tag)
        return self

    def _in(self, tag: str) -> Discloser:
        other = copy(self)
        other._language, other._address = tag, USUAL_ADDRESS
        return other

    def _notice(self, rules: Sequence[PlannedRule], again: bool) -> Notice:
        first = rules[0]
        laws = [law for rule in rules for law in rule.laws]
        text = self._fill(
            first.notice,
            again,
            type=_joined(self._pick(rule.label) or rule.type for rule in rules),
            law=_joined(map(self.cited, laws)),
            jurisdiction=_joined(map(self.place, laws)),
            authority=_joined(map(self.authority, laws)),
            appeal=_joined(map(self.appeal, laws)),
            terms=_joined(law.terms for law in laws),
        )
        return Notice(first.kind, tuple(cause for rule in rules for cause in causes_of(rule)), text)

    def cited(self, law: Law) -> str:
        """Cite a law by its short title."""
        return self._pick(law.shown.short) or f"{law.title} {law.article}".strip()

    def place(self, law: Law) -> str:
        """Name the place, or the house, whose law it is."""
        return self._pick(self._titles.get(law.jurisdiction, {})) or law.jurisdiction

    def authority(self, law: Law) -> str:
        """Name who sees to a law; empty if the pack does not say."""
        return self._pick(law.shown.authority) or law.authority

    def appeal(self, law: Law) -> str:
        """Name whom to turn to; empty if the pack does not say."""
        return self._pick(law.shown.appeal) or law.appeal

    def placeholders(self, rules: Sequence[PlannedRule]) -> dict[int, str]:
        """Return the placeholders of the masks among ``rules``, by tag."""
        return {
            tag: placeholder(self._pick(rule.placeholders) or rule.type)
            for tag, rule in enumerate(rules)
            if rule.removes and rule.effect is Effect.MASK
        }

    def engine(self, kind: NoticeKind, template: NoticeTemplate, causes: tuple[Cause, ...]) -> Notice:
        """Make a notice of the engine's own: a fault, a forged marker."""
        return Notice(kind, causes, self._fill(template))

    def contacts(
        self,
        known: NoticeTemplate,
        unknown: NoticeTemplate,
        contacts: Sequence[Contact],
        causes: tuple[Cause, ...],
        *,
        closed: Collection[Contact] = (),
        again: bool = False,
    ) -> Notice:
        """Make the notice that says whom to call: first those where somebody answers now, of these first those that
        speak the language; in general words if the place is unknown (SC-3), and in its shorter form if it is told
        ``again``."""
        ordered = sorted(contacts, key=lambda contact: (contact in closed, self._strangeness(contact)))
        if not ordered:
            return Notice(NoticeKind.CONTACT, causes, self._fill(unknown, again))
        return Notice(NoticeKind.CONTACT, causes, self._fill(known, again, contacts=self._listed(ordered)))

    def contact_values(self, contact: Contact) -> list[str]:
        """Return every form in which ``contact`` may stand in the list of a notice, alone or behind another."""
        hours = self._hours(contact)
        forms = (f"{self._name(contact)}: {contact.value}", f"{self._or()}{contact.value}")
        return [form + ending for form in forms for ending in ("", hours)]

    def _listed(self, contacts: Sequence[Contact]) -> str:
        """List contacts; a name that has several values once."""
        groups: dict[tuple[str, str], list[str]] = {}
        for contact in contacts:
            groups.setdefault((self._name(contact), self._hours(contact)), []).append(contact.value)
        return "; ".join(
            f"{name}: {self._or().join(dict.fromkeys(values))}{hours}" for (name, hours), values in groups.items()
        )

    def _strangeness(self, contact: Contact) -> int:
        """Return 0 for a contact that speaks the language, 1 if nobody knows which it speaks, 2 for others."""
        if not contact.spoken:
            return 1
        own = self._language.partition("-")[0]
        return 0 if own in {tag.partition("-")[0] for tag in contact.spoken} else 2

    def _or(self) -> str:
        said = self._word("contacts_or")
        return f" {said} " if said else " / "

    def _hours(self, contact: Contact) -> str:
        if contact.hours == "always":
            return f" ({self._word('contacts_always') or _ALL_DAY})"
        return f" ({self._pick(contact.times) or contact.hours})"

    def _name(self, contact: Contact) -> str:
        return self._pick(contact.names) or contact.name

    def _word(self, name: str) -> str:
        """Return a word of the engine's in the language; empty if no pack has it: a sign is better than another
        language's word."""
        texts = self._words.get(name, {})
        return next((texts[tag] for tag in _parents(self._language) if tag in texts), "")

    def _fill(self, template: NoticeTemplate, again: bool = False, /, **values: str) -> str:
        text = self._pick(_form(template, self._address, again))
        isolate = is_right_to_left(self._language)
        for name, value in values.items():
            text = text.replace("{" + name + "}", f"{_ISOLATE}{value}{_POP}" if isolate and value else value)
        return " ".join(text.split())

    def _pick(self, texts: Texts) -> str:
        return pick(texts, self._language)


def _form(template: NoticeTemplate, address: str, again: bool) -> Texts:
    """Return the texts of a notice in one form, or in the nearest that a language has: the shorter is left before the
    address is."""
    texts: dict[str, str] = {}
    for way in reversed(nearest_addresses(address) if template.addressed else (USUAL_ADDRESS,)):
        usual = way == USUAL_ADDRESS
        full = template.texts if usual else template.addressed.get(way, {})
        shorter = (template.again if usual else template.again_addressed.get(way, {})) if again else {}
        texts.update(full)
        texts.update(shorter)
    return texts


def _key(item: tuple[tuple[str, str, str, bool], object]) -> tuple[str, str, str, bool]:
    return item[0]


def pick(texts: Texts, language: str) -> str:
    """Return the text in ``language``, else along its CLDR parents, else that for every language, else in English, else
    any in a fixed order; empty if there is none."""
    for tag in (*_parents(language), ANY_LANGUAGE, "en"):
        if tag in texts:
            return texts[tag]
    return texts[min(texts)] if texts else ""


def parents(tag: str) -> list[str]:
    """Return ``tag`` and what CLDR falls back to, nearest first: fr-CA, fr. A script that is not the language's own
    does not fall back (zh-Hant does not become zh)."""
    return list(_parents(tag))


@lru_cache(maxsize=1024)
def _parents(tag: str) -> list[str]:
    found: list[str] = []
    language = langcodes.Language.get(tag)
    while True:
        code = language.to_tag()
        if code in found or code == "und":
            return found
        found.append(code)
        if language.territory:
            language = langcodes.Language.make(language.language, script=language.script)
        elif language.script:
            bare = langcodes.Language.make(language.language)
            if bare.maximize().script != language.script:
                return found
            language = bare
        else:
            return found


def is_right_to_left(tag: str) -> bool:
    """Whether the language of ``tag`` is written from right to left."""
    return langcodes.Language.get(tag).maximize().script in {"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg"}


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def notices_as_json(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Notices as answers and ``ordinance apply`` show them."""
    return [
        {
            "id": f"n{number}",
            "kind": notice.kind.value,
            "causes": [cause_as_json(cause) for cause in notice.causes],
            "text": notice.text,
        }
        for number, notice in enumerate(notices, 1)
    ]


def cause_as_json(cause: Cause) -> dict[str, Any]:
    """Return a cause as answers show it: the rule, its type, and the law."""
    law = None if cause.law is None else dict(zip(("title", "article", "jurisdiction"), cause.law, strict=True))
    return {"rule": cause.rule, "type": cause.type, "law": law}
