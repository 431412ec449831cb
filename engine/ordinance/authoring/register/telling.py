"""What the register says of anything: words of packs, laws, places, in the document's language or the nearest."""

from __future__ import annotations

from dataclasses import dataclass

from ordinance.authoring.observer import Observer
from ordinance.authoring.register.document import Text
from ordinance.authoring.register.wording import Wording
from ordinance.language import ast
from ordinance.policy.conditions import prefixes
from ordinance.policy.ir import Rule, texts_of
from ordinance.policy.plan import Law, Plan, PlannedRule, Texts
from ordinance.runtime.redact.disclose import parents, pick


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule of the plan with what its pack says of it."""

    rule: PlannedRule
    node: Rule
    quotes: tuple[Text, ...]


class Teller:
    """Tells what packs of a ``plan`` say, by the words of ``say``."""

    def __init__(self, plan: Plan, say: Wording) -> None:
        self.plan, self.say = plan, say
        self._removing = frozenset(rule.id for rule in plan.rules if rule.effect.removes)
        self._witness = Observer(plan)

    def places(self, *codes: str | None) -> tuple[str, ...]:
        """Return the places where something of the places ``codes`` matters: what lies within them, or contains them;
        none for None, which is everywhere."""
        named = [code for code in codes if code is not None]
        around = {each for code in named for each in prefixes(code)}
        return tuple(
            place for place in self.plan.parents if place in around or not {*named}.isdisjoint(self.plan.lineage(place))
        )

    def text(self, words: str, language: str = "", link: str = "") -> Text:
        """Return words of a pack; if they contain what a rule leaves out, a remark that they are left out."""
        if any(found.rule in self._removing for found in self._witness.look(words)):
            return Text(self.say("withheld"))
        return Text(words, "" if language == self.say.language else language, link)

    def label(self, shown: Shown) -> Text:
        """Return the label of a rule, in the document's language or the nearest that there is; without a label, what it
        does and the heading of its section."""
        rule = shown.rule
        if tag := self.tag(rule.label):
            return self.text(rule.label[tag], tag)
        sections = shown.node.unit.pack.sections
        heading = next(each.heading for each in sections if shown.node.node in each.rules)
        kind = self.say.words.get(f"kind.{rule.effect.value}", "")
        if kind and self.tag(texts_of(heading)) not in parents(self.say.language):
            return Text(kind)
        words = self.written(heading)
        return Text(f"{kind}: {words.words}", words.language) if kind else words

    def cited(self, law: Law) -> Text:
        """Cite a law in full, with the place whose law it is: the register lists those of all places."""
        cited = pick(law.shown.full, self.say.language) or f"{law.title} {law.article}".strip()
        place = self.say.titles.get(law.jurisdiction) if law.jurisdiction in self.plan.parents else ""
        return self.text(f"{cited} ({place})" if place else cited, self.tag(law.shown.full))

    def written(self, written: ast.Written) -> Text:
        """Return what a pack says to people, in the document's language or the nearest that there is."""
        texts = texts_of(written)
        return self.text(pick(texts, self.say.language), self.tag(texts))

    def tag(self, texts: Texts) -> str:
        """Return the language of what ``pick`` takes of ``texts``; empty if they name none for it."""
        # What is taken where a language has none of its own is mostly the English text once more.
        taken, order = pick(texts, self.say.language), (*parents(self.say.language), "en", *sorted(texts))
        return next((tag for tag in order if texts.get(tag) == taken), "")

    def sign(self, rule: PlannedRule) -> str:
        """Return how a rule is cited: ``DE 2026.11.1 § 1.1``."""
        name = rule.id.partition("/")[0]
        version = next((pack.version for pack in self.plan.packs if pack.name == name), "")
        return f"{name} {version} § {rule.number}"
