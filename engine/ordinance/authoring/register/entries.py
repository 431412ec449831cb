"""From a policy to the register: each rule with its law, as people may read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ordinance.authoring.register.document import Document, Entry, Fact, Finder, Section, Text
from ordinance.authoring.register.overview import Overview, Published
from ordinance.authoring.register.telling import Shown, Teller
from ordinance.authoring.register.wording import Wording
from ordinance.language import ast
from ordinance.policy.conditions import ALWAYS
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.plan import Exemption, Law, Period, Plan, PlannedRule
from ordinance.policy.vocabulary import MARKER, Effect, NoticeKind
from ordinance.runtime.redact.disclose import Discloser, pick

_OMISSIONS = (Effect.WITHHOLD, Effect.MASK)
_ADDITIONS = (Effect.SAY, Effect.MARK, Effect.PROVIDE)


def register(plan: Plan, policy: Policy, wording: Wording, on: date, published: Published | None = None) -> Document:
    """Make the register of ``plan`` in the language of ``wording``, as of the day ``on``, with what is ``published``
    beside it.

    A text that contains what a removing rule looks for is left out, and the register says so.
    """
    return _Builder(plan, policy, wording, on, published or Published()).document()


class _Builder:
    def __init__(self, plan: Plan, policy: Policy, wording: Wording, on: date, published: Published) -> None:
        self.plan, self.policy, self.say, self.on = plan, policy, wording, on
        self.published = published
        self.tell = Teller(plan, wording)
        nodes = {rule.id: rule for rule in policy.rules}
        self.shown = [Shown(rule, nodes[rule.id], self._quotes(nodes[rule.id])) for rule in plan.rules]

    def document(self) -> Document:
        say = self.say
        rest = Overview(self.tell, self.policy, self.published, self.shown)
        sections = [
            *rest.changes(),
            self._rules("never", (Effect.REFUSE,)),
            self._rules("left_out", _OMISSIONS, none="left_out.none"),
            *self._limits(),
            self._rules("added", _ADDITIONS, none="added.none"),
            *rest.read(),
            rest.manner(),
            rest.help(),
            rest.object(),
            rest.made(),
        ]
        operator = self.published.operator
        offered = [f"{say('operator')}: {operator}"] if operator else []
        about = (*offered, say("about"), say("about.marker", marker=MARKER))
        as_of = say("as_of", day=say.date(self.on))
        places = tuple((code, say.place(code)) for code in sorted(self.plan.parents, key=say.place))
        finder = Finder(say("search"), say("search.found"), say("filter"), say("filter.all"), places)
        return Document(say.language, say("title"), about, as_of, say("contents"), say("skip"), tuple(sections), finder)

    def _quotes(self, node: Rule) -> tuple[Text, ...]:
        """Return what the pack quotes of the law of a rule, in the rule's section."""
        laws = {word.text for word in ast.laws_of(node.node)}
        sections = [section for section in node.unit.pack.sections if node.node in section.rules]
        return tuple(
            self.tell.written(words)
            for section in sections
            for quote in section.quotes
            if quote.law.text in laws
            for words in quote.texts
        )

    # Rules

    def _limits(self) -> Iterator[Section]:
        entries = [each for each in self.shown if self._in_house(each) and each.rule.effect not in _ADDITIONS]
        if entries:
            yield Section("limits", self.say("limits"), self.say("limits.about"), tuple(map(self._entry, entries)))

    def _in_house(self, shown: Shown) -> bool:
        return shown.node.unit.pack.kind == "house"

    def _rules(self, key: str, effects: Sequence[Effect], none: str = "") -> Section:
        found = [each for each in self.shown if each.rule.effect in effects]
        if effects is not _ADDITIONS:
            found = [each for each in found if not self._in_house(each)]
        entries = tuple(self._entry(each) for each in found)
        about = self.say(none) if none and not entries else self.say(f"{key}.about")
        return Section(key.replace("_", "-"), self.say(key), about, entries)

    def _entry(self, shown: Shown) -> Entry:
        rule = shown.rule
        facts, note = tuple(self._facts(shown)), self._note(rule)
        return Entry(self.tell.label(shown), facts, note, rule.id, self.tell.places(rule.jurisdiction))

    def _facts(self, shown: Shown) -> Iterator[Fact]:
        say, rule = self.say, shown.rule
        if means := getattr(shown.node.node, "means", None):
            yield Fact(say("means"), (self.tell.written(means),))
        if shown.node.asks is not None:
            yield Fact(say("judged"), (Text(say("judged.no" if rule.judged is None else "judged.yes")),))
        if rule.effect in _OMISSIONS:
            kind = "call" if self._calls(rule) else "mask" if rule.effect is Effect.MASK else rule.scope.unit
            yield Fact(say("extent"), (Text(say(f"extent.{kind}")),))
        if rule.within:
            yield Fact(say("when"), (Text(say("near", number=rule.within)),))
        if rule.kind is NoticeKind.DECLINED:
            yield Fact(say("extent"), (Text(say("extent.declined")),))
        if rule.effect in _ADDITIONS:
            yield Fact(say("occasion"), (Text(self._occasion(rule)),))
            if rule.effect is Effect.SAY:
                yield self._notice(rule)
        if calls := self._calls(rule):
            yield Fact(say("calls"), tuple(map(self.tell.text, calls)))
        if reason := getattr(shown.node.node, "reason", None):
            yield Fact(say("reason"), (self.tell.written(reason),))
        for law in rule.laws:
            yield from self._law(law, "bylaw" if self._in_house(shown) else "law")
        if shown.quotes:
            yield Fact(say("quote"), shown.quotes, quoted=True)
        if rule.condition != ALWAYS:
            yield Fact(say("when"), (Text(say.condition(rule.condition, self.plan)),))
        for exemption in rule.exemptions:
            yield self._exception(exemption)
        yield Fact(say("cite"), (Text(self.tell.sign(rule)),))
        if (count := self.published.objections.get(rule.id)) is not None:
            yield Fact(say("objections"), (Text(say("objections.counted", total=count.total, **count.outcomes)),))

    def _calls(self, rule: PlannedRule) -> list[str]:
        """Return the tools that a rule names, as its pack writes them."""
        named = (each for each in self.policy.detectors if each.kind == "named" and each.key in rule.detectors)
        return [name for each in named for name in each.declaration.arguments]

    def _law(self, law: Law, kind: str) -> Iterator[Fact]:
        say = self.say
        yield Fact(say(kind), (self.tell.cited(law),))
        times = [self._period(law.in_force)]
        times += [
            f"{say.condition(each.condition, self.plan)}: {self._period(each.period)}" for each in law.transitions
        ]
        yield Fact(say("from"), tuple(self.tell.text(time) for time in times))
        yield Fact(say("reaches"), (self.tell.text(say.condition(law.reaches, self.plan)),))
        if appeal := pick(law.shown.appeal, say.language) or law.appeal:
            yield Fact(say("group.appeal"), (self.tell.text(appeal, self.tell.tag(law.shown.appeal)),))
        if law.terms:
            yield Fact(say("terms"), (self.tell.text(law.terms, link=law.terms),))
        if law.source:
            seen = Text(say("source.seen", day=say.date(law.seen)))
            yield Fact(say("source"), (self.tell.text(law.source, link=law.source), seen))

    def _period(self, period: Period) -> str:
        if period.end:
            return self.say("from.between", start=self.say.date(period.start), end=self.say.date(period.end))
        return self.say("from.since", start=self.say.date(period.start))

    def _exception(self, exemption: Exemption) -> Fact:
        words = self.say.condition(exemption.condition, self.plan)
        cited = [self.tell.cited(exemption.law)] if exemption.law else []
        texts = (self.tell.text(words), *cited, Text(self.say("except.attested")))
        return Fact(self.say("except"), texts)

    def _notice(self, rule: PlannedRule) -> Fact:
        """Return the words of the notice, filled in as in an answer."""
        (notice,) = Discloser(self.plan, self.say.language).told([rule])
        return Fact(self.say("text"), (self.tell.text(notice.text, self.tell.tag(rule.notice.texts)),), quoted=True)

    def _occasion(self, rule: PlannedRule) -> str:
        if rule.effect is Effect.PROVIDE:
            return self.say("occasion.provide")
        if rule.effect is Effect.MARK or rule.occasion is None:
            return self.say("occasion.mark")
        if rule.spoken:
            names = ", ".join(map(self.say.spoken, rule.spoken))
            return f"{self.say('spoken.is', languages=names)}; {self._how_often(rule)}"
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
        trial = (
            self.say("status.trial_until", day=self.say.date(rule.trial_until))
            if rule.trial_until
            else self.say("status.trial")
        )
        notes = [trial] if rule.trial and not over else []
        periods = [law.in_force for law in rule.laws]
        if periods and all(each.start and self.on < each.start for each in periods):
            notes.append(self.say("status.future"))
        if periods and all(each.end and each.end <= self.on for each in periods):
            notes.append(self.say("status.past"))
        return " ".join(notes)
