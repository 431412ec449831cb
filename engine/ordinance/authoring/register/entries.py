"""From a policy to the register: each rule with its law, as people may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ordinance.authoring.objections import Count
from ordinance.authoring.observer import Observer
from ordinance.authoring.register.document import Document, Entry, Fact, Section, Table, Text
from ordinance.authoring.register.wording import Wording
from ordinance.authoring.statutes import SectionRead, Statute, statutes
from ordinance.language import ast
from ordinance.policy.conditions import ALWAYS
from ordinance.policy.ir import Policy, Rule, texts_of
from ordinance.policy.plan import Exemption, Law, Period, Plan, PlannedRule, Texts
from ordinance.policy.vocabulary import MARKER, Effect, NoticeKind
from ordinance.runtime.redact.disclose import Discloser, parents, pick

_OMISSIONS = (Effect.WITHHOLD, Effect.MASK)
_ADDITIONS = (Effect.SAY, Effect.MARK, Effect.PROVIDE)


def register(
    plan: Plan, policy: Policy, wording: Wording, on: date, objections: Mapping[str, Count] | None = None
) -> Document:
    """Make the register of ``plan`` in the language of ``wording``, as of the day ``on``. ``objections`` to rules, by
    the rules' ids, are shown if they are given.

    A text that contains what a removing rule looks for is left out, and the register says so.
    """
    return _Builder(plan, policy, wording, on, objections or {}).document()


@dataclass(frozen=True, slots=True)
class _Shown:
    """A rule of the plan with what its pack says of it."""

    rule: PlannedRule
    node: Rule
    quotes: tuple[str, ...]


class _Builder:
    def __init__(self, plan: Plan, policy: Policy, wording: Wording, on: date, objections: Mapping[str, Count]) -> None:
        self.plan, self.policy, self.say, self.on = plan, policy, wording, on
        self.objections = objections
        self.removing = frozenset(rule.id for rule in plan.rules if rule.effect.removes)
        self.witness = Observer(plan)
        nodes = {rule.id: rule for rule in policy.rules}
        self.shown = [_Shown(rule, nodes[rule.id], self._quotes(nodes[rule.id])) for rule in plan.rules]

    def document(self) -> Document:
        say = self.say
        sections = [
            self._rules("never", (Effect.REFUSE,)),
            self._rules("left_out", _OMISSIONS, none="left_out.none"),
            *self._limits(),
            self._rules("added", _ADDITIONS, none="added.none"),
            *self._read(),
            self._manner(),
            self._help(),
            self._made(),
        ]
        about = (say("about"), say("about.marker", marker=MARKER))
        as_of = say("as_of", day=self.on)
        return Document(say.language, say("title"), about, as_of, say("contents"), say("skip"), tuple(sections))

    # Words

    def text(self, words: str, language: str = "", link: str = "") -> Text:
        """Return words of a pack; if they contain what a rule leaves out, a remark that they are left out."""
        if any(found.rule in self.removing for found in self.witness.look(words)):
            return Text(self.say("withheld"))
        return Text(words, "" if language == self.say.language else language, link)

    def label(self, rule: PlannedRule) -> Text:
        """Return the label of a rule, in the document's language or the nearest that there is."""
        tag = self._tag(rule.label)
        return self.text(rule.label[tag], tag) if tag else self.text(rule.type.replace("_", " "))

    def _law_cited(self, law: Law) -> str:
        """Cite a law in full, with the place whose law it is: the register lists those of all places."""
        cited = pick(law.shown.full, self.say.language) or f"{law.title} {law.article}".strip()
        place = self.say.titles.get(law.jurisdiction) if law.jurisdiction in self.plan.parents else ""
        return f"{cited} ({place})" if place else cited

    def written(self, written: ast.Written) -> Text:
        """Return what a pack says to people, in the document's language or the nearest that there is."""
        tag = self._tag({text.tag.text: "" for text in written.texts})
        return self.text(pick(texts_of(written), self.say.language), tag)

    def _tag(self, texts: Texts) -> str:
        return next((tag for tag in (*parents(self.say.language), "en", *sorted(texts)) if tag in texts), "")

    def _quotes(self, node: Rule) -> tuple[str, ...]:
        """Return what the pack quotes of the law of a rule, in the rule's section."""
        laws = {word.text for word in ast.laws_of(node.node)}
        sections = [section for section in node.unit.pack.sections if node.node in section.rules]
        return tuple(
            word.text
            for section in sections
            for quote in section.quotes
            if quote.law.text in laws
            for word in quote.texts
        )

    # Rules

    def _limits(self) -> Iterator[Section]:
        entries = [each for each in self.shown if self._in_house(each) and each.rule.effect not in _ADDITIONS]
        if entries:
            yield Section("limits", self.say("limits"), self.say("limits.about"), tuple(map(self._entry, entries)))

    def _in_house(self, shown: _Shown) -> bool:
        return shown.node.unit.pack.kind == "house"

    def _rules(self, key: str, effects: Sequence[Effect], none: str = "") -> Section:
        found = [each for each in self.shown if each.rule.effect in effects]
        if effects is not _ADDITIONS:
            found = [each for each in found if not self._in_house(each)]
        entries = tuple(self._entry(each) for each in found)
        about = self.say(none) if none and not entries else self.say(f"{key}.about")
        return Section(key.replace("_", "-"), self.say(key), about, entries)

    def _entry(self, shown: _Shown) -> Entry:
        rule = shown.rule
        return Entry(self.label(rule), tuple(self._facts(shown)), self._note(rule))

    def _facts(self, shown: _Shown) -> Iterator[Fact]:
        say, rule = self.say, shown.rule
        if means := getattr(shown.node.node, "means", None):
            yield Fact(say("means"), (self.written(means),))
        if shown.node.asks is not None:
            yield Fact(say("judged"), (Text(say("judged.no" if rule.judged is None else "judged.yes")),))
        if rule.effect in _OMISSIONS:
            kind = "call" if self._calls(rule) else "mask" if rule.effect is Effect.MASK else rule.scope.unit
            yield Fact(say("extent"), (Text(say(f"extent.{kind}")),))
        if rule.kind is NoticeKind.DECLINED:
            yield Fact(say("extent"), (Text(say("extent.declined")),))
        if rule.effect in _ADDITIONS:
            yield Fact(say("occasion"), (Text(self._occasion(rule)),))
            if rule.effect is Effect.SAY:
                yield self._notice(rule)
        if calls := self._calls(rule):
            yield Fact(say("calls"), tuple(map(self.text, calls)))
        if reason := getattr(shown.node.node, "reason", None):
            yield Fact(say("reason"), (self.written(reason),))
        for law in rule.laws:
            yield from self._law(law, "bylaw" if self._in_house(shown) else "law")
        if shown.quotes:
            yield Fact(say("quote"), tuple(self.text(words) for words in shown.quotes), quoted=True)
        if rule.condition != ALWAYS:
            yield Fact(say("when"), (Text(say.condition(rule.condition, self.plan)),))
        for exemption in rule.exemptions:
            yield self._exception(exemption)
        yield Fact(say("cite"), (Text(self._cited(rule)),))
        if (count := self.objections.get(rule.id)) is not None:
            yield Fact(say("objections"), (Text(say("objections.counted", total=count.total, **count.outcomes)),))

    def _calls(self, rule: PlannedRule) -> list[str]:
        """Return the tools that a rule names, as its pack writes them."""
        named = (each for each in self.policy.detectors if each.kind == "named" and each.key in rule.detectors)
        return [name for each in named for name in each.declaration.arguments]

    def _law(self, law: Law, kind: str) -> Iterator[Fact]:
        say = self.say
        yield Fact(say(kind), (self.text(self._law_cited(law)),))
        times = [self._period(law.in_force)]
        times += [
            f"{say.condition(each.condition, self.plan)}: {self._period(each.period)}" for each in law.transitions
        ]
        yield Fact(say("from"), tuple(self.text(time) for time in times))
        yield Fact(say("reaches"), (self.text(say.condition(law.reaches, self.plan)),))
        if appeal := pick(law.shown.appeal, say.language) or law.appeal:
            yield Fact(say("group.appeal"), (self.text(appeal),))
        if law.terms:
            yield Fact(say("terms"), (self.text(law.terms, link=law.terms),))
        if law.source:
            seen = Text(say("source.seen", day=law.seen))
            yield Fact(say("source"), (self.text(law.source, link=law.source), seen))

    def _period(self, period: Period) -> str:
        if period.end:
            return self.say("from.between", start=period.start, end=period.end)
        return self.say("from.since", start=period.start)

    def _exception(self, exemption: Exemption) -> Fact:
        words = self.say.condition(exemption.condition, self.plan)
        cited = [self.text(self._law_cited(exemption.law))] if exemption.law else []
        texts = (self.text(words), *cited, Text(self.say("except.attested")))
        return Fact(f"{self.say('except')}: {exemption.name.replace('_', ' ')}", texts)

    def _notice(self, rule: PlannedRule) -> Fact:
        """Return the words of the notice, filled in as in an answer."""
        (notice,) = Discloser(self.plan, self.say.language).told([rule])
        return Fact(self.say("text"), (self.text(notice.text, self._tag(rule.notice.texts)),), quoted=True)

    def _occasion(self, rule: PlannedRule) -> str:
        if rule.effect is Effect.PROVIDE:
            return self.say("occasion.provide")
        if rule.effect is Effect.MARK or rule.occasion is None:
            return self.say("occasion.mark")
        if rule.by_text:
            return self.say("occasion.by_text", how=self._how_often(rule))
        return self._how_often(rule)

    def _how_often(self, rule: PlannedRule) -> str:
        if rule.occasion is None:
            return ""
        if rule.by_text and rule.occasion.value in ("first answer of conversation", "first answer of day"):
            first = self.say(f"often.{rule.occasion.value}")
        else:
            first = self.say(f"occasion.{rule.occasion.value}", hours=rule.hours)
        return first if rule.occasion.value == "every hours" or not rule.hours else f"{first}; {self._again(rule)}"

    def _again(self, rule: PlannedRule) -> str:
        return self.say("occasion.every hours", hours=rule.hours)

    def _note(self, rule: PlannedRule) -> str:
        over = rule.trial_until is not None and rule.trial_until <= self.on
        trial = self.say("status.trial_until", day=rule.trial_until) if rule.trial_until else self.say("status.trial")
        notes = [trial] if rule.trial and not over else []
        periods = [law.in_force for law in rule.laws]
        if periods and all(each.start and self.on < each.start for each in periods):
            notes.append(self.say("status.future"))
        if periods and all(each.end and each.end <= self.on for each in periods):
            notes.append(self.say("status.past"))
        return " ".join(notes)

    def _cited(self, rule: PlannedRule) -> str:
        name = rule.id.partition("/")[0]
        version = next((pack.version for pack in self.plan.packs if pack.name == name), "")
        return f"{name} {version} § {rule.number}"

    # The rest

    def _read(self) -> Iterator[Section]:
        """Yield how far the statutes have been read, if a jurisdiction is loaded that cites or records any."""
        say = self.say
        heads = (say("read.section"), say("read.state"), say("read.why"), say("read.rules"))
        tables = [
            Table(self._statute(each), heads, tuple(map(self._section_read, each.sections)))
            for each in statutes(self.policy)
        ]
        recorded = [(unit.name, unit.pack.records) for unit in self.policy.units]
        rows = tuple((Text(say.place(name)), self.written(records)) for name, records in recorded if records)
        if rows:
            tables.append(Table(say("read.place"), (say("place"), say("read.state")), rows))
        if tables:
            yield Section("read", say("read"), say("read.about"), tuple(tables))

    def _statute(self, statute: Statute) -> str:
        return f"{self.written(statute.title).words} ({self.say.place(statute.unit.name)})"

    def _section_read(self, section: SectionRead) -> tuple[Text, ...]:
        seen = self.say("source.seen", day=section.seen.text) if section.seen else ""
        state = self.say(f"state.{section.state}")
        return (
            self.written(section.article),
            Text(f"{state}; {seen}" if seen else state, link=section.source.text),
            self.written(section.why) if section.why else Text(""),
            Text(", ".join(f"§ {number}" for number in section.rules)),
        )

    def _manner(self) -> Section:
        say = self.say
        rows = [
            (self.text(say.titles.get(style.tag) or style.tag, style.tag), Text(say(f"address.{style.address}")))
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
            by = self._law_cited(line.law) if line.law else line.pack
            for condition, value in line.values:
                where = self.say("always") if condition == ALWAYS else self.say.condition(condition, self.plan)
                words = (line.slot.replace("_", " "), value.replace("_", " "), where, by)
                rows.append(tuple(self.text(word) for word in words))
        for form in self.plan.rewrites:
            by = self._law_cited(form.law) if form.law else form.pack
            words = (f"rewrite {', '.join(form.slots)}", form.by, self.say("always"), by)
            rows.append(tuple(self.text(word) for word in words))
        for each in self.plan.without:
            words = ("without adapter", "decline" if each.declines else "answer", self.say("always"), each.pack)
            rows.append(tuple(self.text(word) for word in words))
        return tuple(rows)

    def _help(self) -> Section:
        say = self.say
        contacts = [(unit.name, item) for unit in self.policy.units for item in unit.pack.each(ast.ContactDecl)]
        groups = sorted({item.group.text for _, item in contacts}, key=lambda group: (group != "emergency", group))
        heads = tuple(say(key) for key in ("name", "value", "place", "hours", "spoken", "seen"))
        tables = [
            Table(
                say.words.get(f"group.{group}", group.replace("_", " ")),
                heads,
                tuple(self._contact(item) for _, item in contacts if item.group.text == group),
            )
            for group in groups
        ]
        return Section("help", say("help"), say("help.about" if tables else "help.none"), tuple(tables))

    def _contact(self, item: ast.ContactDecl) -> tuple[Text, ...]:
        value = item.value.text
        digits = "".join(char for char in value if char.isdecimal() or char == "+")
        link = value if item.form == "link" else f"tel:{digits}"
        hours = self.written(item.hours) if item.hours else Text(self.say("hours.always"))
        places = ", ".join(self.say.place(place.text) for place in item.places)
        spoken = ", ".join(self.say.titles.get(tag.text) or tag.text for tag in item.spoken)
        return (
            self.written(item.title), self.text(value, link=link), self.text(places), hours, Text(spoken),
            Text(item.seen.text),
        )  # fmt: skip

    def _made(self) -> Section:
        say = self.say
        rows = tuple(
            (
                self.text(f"{pack.name} – {title}" if (title := say.titles.get(pack.name)) else pack.name),
                Text(pack.version),
            )
            for pack in self.plan.packs
        )
        table = Table(say("packs"), (say("pack"), say("version")), rows)
        entry = Entry(Text(say("digest")), (Fact("SHA-256", (Text(self.plan.digest),)),))
        return Section("made", say("made"), say("made.about"), (table, entry))
