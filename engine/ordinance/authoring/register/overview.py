"""What the register says beside the rules: changes, how far laws were read, manners, contacts, objections, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ordinance.authoring.objections import Count
from ordinance.authoring.register.dated import dated
from ordinance.authoring.register.document import Entry, Fact, Section, Table, Text
from ordinance.authoring.register.telling import Shown, Teller
from ordinance.authoring.statutes import SectionRead, Statute, statutes
from ordinance.language import ast
from ordinance.policy.conditions import ALWAYS
from ordinance.policy.ir import Policy, texts_of
from ordinance.policy.plan import Law
from ordinance.runtime.redact.disclose import pick


@dataclass(frozen=True, slots=True)
class Published:
    """What the register of a deployment says beside its policy: who the ``operator`` is, at what ``contact``, a link or
    words; ``since`` which day it lists changes; ``objections`` to rules, by the rules' ids."""

    operator: str = ""
    contact: str = ""
    since: date | None = None
    objections: Mapping[str, Count] = field(default_factory=dict)


class Overview:
    """The sections that are no list of rules; ``rules`` are those that the register shows."""

    def __init__(self, tell: Teller, policy: Policy, published: Published, rules: Sequence[Shown]) -> None:
        self.tell, self.policy, self.published, self.rules = tell, policy, published, rules
        self.plan, self.say = tell.plan, tell.say

    def changes(self) -> Iterator[Section]:
        """Yield what has changed since the day that was asked for, and what will."""
        since, say = self.published.since, self.say
        if since is None:
            return
        shown = {each.rule.id: each for each in self.rules}
        heads = tuple(say(key) for key in ("change.day", "change.what", "means", "cite"))
        rows, places = [], []
        for each in dated(self.plan, self.policy, since):
            rule = shown[each.rule].rule
            what = say(f"change.{each.what}", act=each.act)
            cited = Text(self.tell.sign(rule), link=f"#{each.rule}")
            rows.append((Text(say.date(each.day)), self.tell.text(what), self.tell.label(shown[each.rule]), cited))
            places.append(self.tell.places(rule.jurisdiction))
        about = say("changes.about" if rows else "changes.none")
        title = say("changes", day=say.date(since))
        yield Section("changes", title, about, (Table(title, heads, tuple(rows), (), tuple(places)),) if rows else ())

    def object(self) -> Section:
        say, published = self.say, self.published
        facts = []
        if published.operator:
            facts.append(Fact(say("operator"), (self.tell.text(published.operator),)))
        if contact := published.contact:
            link = contact if contact.startswith("https://") else f"mailto:{contact}" if "@" in contact else ""
            facts.append(Fact(say("contact"), (self.tell.text(contact, link=link),)))
        heading = Text(published.operator or say("operator"))
        return Section("object", say("object"), say("object.about"), (Entry(heading, tuple(facts)),) if facts else ())

    def read(self) -> Iterator[Section]:
        """Yield how far the statutes have been read, if a jurisdiction is loaded that cites or records any."""
        say = self.say
        heads = (say("read.section"), say("read.state"), say("read.why"), say("read.rules"))
        tables = [
            Table(
                self._statute(each),
                heads,
                tuple(map(self._section_read, each.sections)),
                self.tell.places(each.unit.name),
            )
            for each in statutes(self.policy)
        ]
        recorded = [(unit.name, unit.pack.records) for unit in self.policy.units]
        found = [(name, records) for name, records in recorded if records]
        rows = tuple((Text(say.place(name)), self._recorded(records)) for name, records in found)
        if rows:
            places = tuple(self.tell.places(name) for name, _ in found)
            tables.append(Table(say("read.place"), (say("place"), say("read.state")), rows, (), places))
        if tables:
            yield Section("read", say("read"), say("read.about"), tuple(tables))

    def _recorded(self, records: ast.Written) -> Text:
        """Return what a pack records of the law of its place; the usual words are the register's own."""
        words = pick(texts_of(records), self.say.language)
        return Text(self.say("state.not read")) if words == "not read" else self.tell.written(records)

    def _statute(self, statute: Statute) -> str:
        return f"{self.tell.written(statute.title).words} ({self.say.place(statute.unit.name)})"

    def _section_read(self, section: SectionRead) -> tuple[Text, ...]:
        seen = self.say("source.seen", day=self.say.date(section.seen.value)) if section.seen else ""
        state = self.say(f"state.{section.state}")
        return (
            self.tell.written(section.article),
            Text(f"{state}; {seen}" if seen else state, link=section.source.text),
            self.tell.written(section.why) if section.why else Text(""),
            Text(", ".join(f"§ {number}" for number in section.rules)),
        )

    def manner(self) -> Section:
        say = self.say
        rows = [
            (self.tell.text(say.titles.get(style.tag) or style.tag, style.tag), Text(say(f"address.{style.address}")))
            for style in sorted(self.plan.languages.values(), key=lambda style: style.tag)
        ]
        tables = [Table(say("manner"), (say("language"), say("address")), tuple(rows))] if rows else []
        if set_by_packs := self._slots():
            heads = tuple(say(key) for key in ("slot", "slot.value", "slot.when", "slot.by"))
            tables.append(Table(say("slot"), heads, set_by_packs))
        return Section("manner", say("manner"), say("manner.about" if tables else "manner.none"), tuple(tables))

    def _slots(self) -> tuple[tuple[Text, ...], ...]:
        """Return how to speak, line by line: what is set, to what, where, and by which pack or law."""
        rows = []
        for line in self.plan.slots:
            if line.language and line.slot in ("language", "address") and len(line.values) == 1:
                continue  # the table of languages has it
            by = self._by(line.pack, line.law)
            for condition, value in line.values:
                where = self.say("always") if condition == ALWAYS else self.say.condition(condition, self.plan)
                rows.append(self._row(self._slot(line.slot), self._value(value), by, where))
        for form in self.plan.rewrites:
            by = self._by(form.pack, form.law)
            rewritten = self.say("slot.rewritten_by", form=form.by) if form.by else self.say("slot.rewritten")
            rows.append(self._row(", ".join(map(self._slot, form.slots)), rewritten, by))
        for pack in dict.fromkeys(line.pack for line in self.plan.slots if line.asks):
            rows.append(self._row(self.say("slot.missed"), self.say("slot.asked_again"), self._by(pack)))
        for each in self.plan.without:
            then = self.say("slot.declined" if each.declines else "slot.answered")
            rows.append(self._row(self.say("slot.no_adapter"), then, self._by(each.pack)))
        return tuple(rows)

    def _row(self, what: str, value: str, by: Text, where: str = "") -> tuple[Text, ...]:
        return *map(self.tell.text, (what, value, where or self.say("always"))), by

    def _by(self, pack: str, law: Law | None = None) -> Text:
        return self.tell.cited(law) if law else self.tell.text(pack)

    def _slot(self, slot: str) -> str:
        return self.say.words.get(slot) or self.say.named("slot", slot)

    def _value(self, value: str) -> str:
        return self.say.words.get(f"address.{value}") or self.say.named("value", value)

    def help(self) -> Section:
        say = self.say
        contacts = [(unit.name, item) for unit in self.policy.units for item in unit.pack.each(ast.ContactDecl)]
        groups = sorted({item.group.text for _, item in contacts}, key=lambda group: (group != "emergency", group))
        heads = tuple(say(key) for key in ("name", "value", "place", "hours", "spoken", "seen"))
        tables = [
            Table(
                say.words.get(f"group.{group}", group.replace("_", " ")),
                heads,
                tuple(self._contact(item) for _, item in contacts if item.group.text == group),
                (),
                tuple(
                    self.tell.places(*(place.text for place in item.places))
                    for _, item in contacts
                    if item.group.text == group
                ),
            )
            for group in groups
        ]
        return Section("help", say("help"), say("help.about" if tables else "help.none"), tuple(tables))

    def _contact(self, item: ast.ContactDecl) -> tuple[Text, ...]:
        value = item.value.text
        digits = "".join(char for char in value if char.isdecimal() or char == "+")
        link = value if item.form == "link" else f"tel:{digits}"
        hours = self.tell.written(item.hours) if item.hours else Text(self.say("hours.always"))
        places = ", ".join(self.say.place(place.text) for place in item.places)
        spoken = ", ".join(self.say.spoken(tag.text) for tag in item.spoken)
        return (
            self.tell.written(item.title),
            self.tell.text(value, link=link),
            self.tell.text(places),
            hours,
            Text(spoken),
            Text(self.say.date(item.seen.value)),
        )

    def made(self) -> Section:
        say = self.say
        rows = tuple(
            (
                self.tell.text(f"{pack.name} – {title}" if (title := say.titles.get(pack.name)) else pack.name),
                Text(pack.version),
            )
            for pack in self.plan.packs
        )
        table = Table(say("packs"), (say("pack"), say("version")), rows)
        entry = Entry(Text(say("digest")), (Fact("SHA-256", (Text(self.plan.digest),)),))
        return Section("made", say("made"), say("made.about"), (table, entry))
