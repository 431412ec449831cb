"""What people are told: notices with their causes, in the request's language (semantics, rules 16 to 20).

Nothing here ever sees withheld text; a notice is made from the rules that removed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import langcodes

from ordinance.policy.plan import Contact, Law, NoticeTemplate, Plan, PlannedRule, Texts
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


def cause_of(rule: PlannedRule) -> Cause:
    """Return what an answer may say about a rule that fired."""
    law = rule.law
    return Cause(rule.id, rule.type, None if law is None else (law.title, law.article, law.jurisdiction))


def cited(law: Law) -> str:
    """Cite a law as notices do."""
    return f"{law.title} {law.article} ({law.jurisdiction})"


class Discloser:
    """Writes notices in one language. ``language`` is the tag of the language pack that fits the request."""

    def __init__(self, plan: Plan, language: str) -> None:
        style = plan.languages.get(language)
        self._words = plan.engine_labels
        self._language = language if style is None else style.language
        self._informal = style is not None and style.address == "informal"

    def told(self, rules: Iterable[PlannedRule]) -> list[Notice]:
        """Make one notice for each template that ``rules`` name, with all causes in it, whatever their order."""
        groups: dict[tuple[str, str, str], list[PlannedRule]] = {}
        for rule in sorted(rules, key=lambda rule: rule.id):
            # Packs may have notices of one name with words of their own.
            words = self._fill(rule.notice)
            groups.setdefault((rule.kind.value, rule.notice.name, words), []).append(rule)
        return [self._notice(group) for _, group in sorted(groups.items(), key=lambda item: item[0])]

    def _notice(self, rules: Sequence[PlannedRule]) -> Notice:
        first = rules[0]
        types = [self._pick(rule.label) or rule.type for rule in rules]
        laws = [rule.law for rule in rules if rule.law is not None]
        text = self._fill(
            first.notice,
            type="; ".join(dict.fromkeys(types)),
            law="; ".join(dict.fromkeys(map(cited, laws))),
            jurisdiction="; ".join(dict.fromkeys(law.jurisdiction for law in laws)),
            authority="; ".join(dict.fromkeys(law.authority for law in laws)),
            appeal="; ".join(dict.fromkeys(law.appeal for law in laws)),
        )
        return Notice(first.kind, tuple(cause_of(rule) for rule in rules), text)

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
        self, known: NoticeTemplate, unknown: NoticeTemplate, contacts: Sequence[Contact], causes: tuple[Cause, ...]
    ) -> Notice:
        """Make the notice that says whom to call; in general words if the place is unknown (SC-3)."""
        if not contacts:
            return Notice(NoticeKind.CONTACT, causes, self._fill(unknown))
        return Notice(NoticeKind.CONTACT, causes, self._fill(known, contacts=self._listed(contacts)))

    def contact_values(self, contact: Contact) -> list[str]:
        """Return every form in which ``contact`` may stand in the list of a notice, alone or behind another."""
        hours = self._hours(contact)
        forms = (f"{contact.name}: {contact.value}", f"{self._or()}{contact.value}")
        return [form + ending for form in forms for ending in ("", hours)]

    def _listed(self, contacts: Sequence[Contact]) -> str:
        """List contacts, those first that speak the language of the notice; a name that has several values once."""
        groups: dict[tuple[str, str], list[str]] = {}
        for contact in sorted(contacts, key=self._strangeness):
            groups.setdefault((contact.name, self._hours(contact)), []).append(contact.value)
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
        said = contact.hours
        return f" ({(self._word('contacts_always') or _ALL_DAY) if said == 'always' else said})"

    def _word(self, name: str) -> str:
        """Return a word of the engine's in the language; empty if no pack has it: a sign is better than another
        language's word."""
        texts = self._words.get(name, {})
        return next((texts[tag] for tag in parents(self._language) if tag in texts), "")

    def _fill(self, template: NoticeTemplate, **values: str) -> str:
        text = self._pick({**template.texts, **template.informal} if self._informal else template.texts)
        isolate = is_right_to_left(self._language)
        for name, value in values.items():
            text = text.replace("{" + name + "}", f"{_ISOLATE}{value}{_POP}" if isolate and value else value)
        return " ".join(text.split())

    def _pick(self, texts: Texts) -> str:
        """Return the text in the language, else along its CLDR parents, else in English, else any in a fixed order."""
        for tag in (*parents(self._language), "en", *sorted(texts)):
            if tag in texts:
                return texts[tag]
        return ""


def parents(tag: str) -> list[str]:
    """Return ``tag`` and what CLDR falls back to, nearest first: fr-CA, fr. A script that is not the language's own
    does not fall back (zh-Hant does not become zh)."""
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
