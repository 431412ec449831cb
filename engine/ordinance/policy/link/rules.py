"""One rule and its examples, with their names resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.policy.conditions import ALWAYS, All, Condition
from ordinance.policy.ir import CitedBylaw, CitedLaw, Rule, Unit
from ordinance.policy.link.answer_language import spoken_test
from ordinance.policy.link.judged import judged_test
from ordinance.policy.link.names import Names, Report, check_name, whole
from ordinance.policy.link.notices import Catalogue
from ordinance.policy.link.situations import Reader, Situations
from ordinance.policy.plan import SPAN, UNTOLD, Dimension, Exemption, Law, Scope
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Occasion

#: A sentence that is cut may be as long as this, in characters.
LONGEST_BOUND = 10_000

#: No detectors: a judge is asked beside them, and a language is that of the whole.
_OTHERS = frozenset({"judged", "language"})

#: Two things near each other may be this far apart, in characters: all of that waits.
FURTHEST = 500

#: What is said again every so many hours is said at least once a year.
MOST_HOURS = 8760

_EFFECTS: Mapping[type[ast.Rule], tuple[Effect, NoticeKind]] = {
    ast.RedLine: (Effect.REFUSE, NoticeKind.RED_LINE),
    ast.Guarantee: (Effect.PROVIDE, NoticeKind.CONTACT),
    ast.Withhold: (Effect.WITHHOLD, NoticeKind.OMISSION),
    ast.Mask: (Effect.MASK, NoticeKind.OMISSION),
    ast.Limit: (Effect.WITHHOLD, NoticeKind.OMISSION),
    ast.Decline: (Effect.REFUSE, NoticeKind.DECLINED),
    ast.Provide: (Effect.PROVIDE, NoticeKind.CONTACT),
    ast.Say: (Effect.SAY, NoticeKind.ADDITION),
    ast.Mark: (Effect.MARK, NoticeKind.ADDITION),
}


@dataclass(frozen=True, slots=True)
class Scopes:
    """What the rules of one pack can name. ``shared`` are the charter's detectors, which every pack may use; ``added``
    are those that language packs bring for its topics and red lines."""

    unit: Unit
    dimensions: Names[Dimension]
    situations: Situations
    detectors: Mapping[str, Names[str]]
    shared: Mapping[str, Names[str]]
    added: Mapping[str, tuple[str, ...]]
    laws: Names[CitedLaw | CitedBylaw | ast.RecordedLaw]
    catalogue: Catalogue
    foreign: Callable[[ast.Use], str]
    report: Report

    @property
    def jurisdiction(self) -> str | None:
        return self.unit.name if self.unit.pack.kind == "jurisdiction" else None

    def law(self, word: ast.Word) -> Law | None:
        cited = self.laws.get(word)
        if isinstance(cited, ast.RecordedLaw):
            message = f"the law `{word}` is only recorded, and nothing can stand under it"
            self.report(diagnose("law-recorded", word.span, message))
            return None
        return cited.law if cited else None

    def under(self, words: Sequence[ast.Word]) -> tuple[Law, ...]:
        """Return the laws that a rule stands under; one that is named twice is a finding."""
        for number, word in enumerate(words):
            if any(word.text == other.text for other in words[:number]):
                self.report(diagnose("name-twice", word.span, f"the rule is already under `{word}`"))
        laws = (self.law(word) for word in words)
        return tuple(dict.fromkeys(law for law in laws if law is not None))

    def uses(self, uses: Iterable[ast.Use]) -> tuple[str, ...]:
        """Return the keys of the detectors that a rule names."""
        return tuple(dict.fromkeys(key for use in uses if use.kind not in _OTHERS for key in self._use(use)))

    def _use(self, use: ast.Use) -> Iterator[str]:
        if use.kind not in self.detectors:
            yield self.foreign(use)
            return
        name, own, shared = use.name.text, self.detectors[use.kind], self.shared[use.kind]
        of_charter = name in shared and (own is shared or name not in own)
        key = (shared if of_charter else own).get(use.name)
        if key is not None:
            yield key
        if of_charter and use.kind == "topic":
            yield from self.added.get(name, ())

    def protected(self) -> tuple[str, ...]:
        """Return the patterns that this pack's guarantees protect."""
        guarantees = (rule for rule in self.unit.pack.rules if isinstance(rule, ast.Guarantee))
        items = self.detectors["pattern"].items()
        return tuple(items[word.text] for rule in guarantees for word in rule.protects if word.text in items)

    def condition(self, nodes: Iterable[ast.ConditionNode], reader: Reader) -> Condition:
        """All of ``nodes``, as one condition."""
        parts = tuple(self.situations.condition(node, reader) for node in nodes)
        return All(parts) if len(parts) > 1 else parts[0] if parts else ALWAYS


def link_rule(scopes: Scopes, node: ast.Rule, report: Report) -> Rule:
    """Link a rule, as the policy contains it."""
    rule = _plain(scopes, node)
    for word in ast.laws_of(node):
        if _is_uncertain(scopes, word):
            rule = replace(rule, trial_until=None)
            if node.trial is None:
                message = f"the law `{word}` is uncertain, and `{node.name}` would enforce it"
                report(diagnose("law-uncertain", word.span, message))
    catalogue, pack = scopes.catalogue, scopes.unit.name
    match node:
        case ast.RedLine():
            exemptions = (
                Exemption(e.name.text, None, scopes.condition((e.when,), "exception")) for e in node.exceptions
            )
            rule = _looking(rule, scopes, node.when, report)
            more = scopes.added.get(node.name.text, ())
            return replace(
                rule,
                detectors=(*rule.detectors, *more),
                near=(*rule.near, *more) if rule.near else (),  # one of them is both things in a sentence, so enough
                exemptions=tuple(exemptions),
                notice=catalogue.notice(node.telling, pack, "type"),
                label=catalogue.label_texts(node.name.text, pack),
            )
        case ast.Guarantee():
            for word in node.protects:
                scopes.detectors["pattern"].get(word)
            if node.provide is None:
                return rule
            rule = replace(
                rule, contacts=node.provide.group.text, notice=catalogue.template("contacts", pack) or UNTOLD
            )
            return _looking(rule, scopes, node.provide.when, report)
        case ast.Say():
            return _say(_under(rule, scopes, node.laws), scopes, node, report)
        case ast.Mark():
            condition = scopes.condition((node.when,) if node.when else (), "say")
            rule = _under(rule, scopes, node.laws)
            return replace(rule, condition=condition, type="machine_readable", notice=UNTOLD)
        case _:
            return _watching(rule, scopes, node, report)


def _plain(scopes: Scopes, node: ast.Rule) -> Rule:
    effect, kind = _EFFECTS[type(node)]
    return Rule(
        id=f"{scopes.unit.name}/{node.name}",
        number=node.number.text,
        node=node,
        unit=scopes.unit,
        jurisdiction=scopes.jurisdiction,
        effect=effect,
        kind=kind,
        channels=frozenset(),
        detectors=(),
        condition=ALWAYS,
        exemptions=(),
        scope=SPAN,
        law=None,
        type=node.name.text,
        label={},
        notice=UNTOLD,
        trial=node.trial is not None,
        trial_until=node.trial.value if node.trial else None,
    )


def _under(rule: Rule, scopes: Scopes, words: Sequence[ast.Word]) -> Rule:
    laws = scopes.under(words)
    return replace(rule, law=next(iter(laws), None), beside=laws[1:])


def _is_uncertain(scopes: Scopes, law: ast.Word) -> bool:
    cited = scopes.laws.find(law.text)
    return isinstance(cited, CitedLaw) and cited.node.uncertain is not None


def _looking(rule: Rule, scopes: Scopes, when: ast.TextTest, report: Report) -> Rule:
    watched = {Channel.PROMPT: when.prompt, Channel.ANSWER: when.answer}
    channels = {channel for channel, is_watched in watched.items() if is_watched} | {Channel(p) for p in when.parts}
    first, second = (when.uses[:1], when.uses[1:]) if when.near else (when.uses, ())
    return replace(
        rule,
        channels=frozenset(channels),
        detectors=scopes.uses(first),
        near=scopes.uses(second),
        within=_within(when.near, report),
        asks=judged_test(rule.id, rule.node, when, report),
        spoken=spoken_test(rule.node, when, report),
    )


def _within(near: ast.Near | None, report: Report) -> int:
    """Return how near two things must stand, in characters; 0 where no rule says so."""
    if near is None or near.bound is None:
        return 0
    bound = whole(near.bound.text)
    if not bound or bound > FURTHEST:
        report(diagnose("near-invalid", near.bound.span, f"`within {near.bound} characters` is out of range"))
        return 1
    return bound


def _watching(
    rule: Rule, scopes: Scopes, node: ast.Withhold | ast.Mask | ast.Limit | ast.Decline | ast.Provide, report: Report
) -> Rule:
    catalogue, pack = scopes.catalogue, scopes.unit.name
    rule = replace(
        _looking(_under(rule, scopes, node.laws), scopes, node.when, report),
        condition=scopes.condition(node.situations, "rule"),
        disguised=node.disguised,
    )
    if isinstance(node, ast.Provide):
        return replace(rule, contacts=node.group.text, notice=catalogue.template("contacts", pack) or UNTOLD)
    rule = replace(rule, exemptions=tuple(_exemptions(scopes, node, report)))
    if isinstance(node, ast.Mask):
        shown = catalogue.label(node.label, pack)
        about = node.about or node.label
        told = catalogue.notice(node.telling, pack, "type", "law", laws=rule.laws) if node.telling else UNTOLD
        return replace(
            rule,
            type=about.text,
            label=catalogue.label(about, pack),
            notice=told,
            placeholders=shown,
            told=node.telling is not None,
        )
    return replace(
        rule,
        scope=SPAN if isinstance(node, ast.Decline) else _scope(node.scope, report),
        type=node.about.text,
        label=catalogue.label(node.about, pack),
        notice=catalogue.notice(node.telling, pack, "type", "law", laws=rule.laws),
    )


def _say(rule: Rule, scopes: Scopes, node: ast.Say, report: Report) -> Rule:
    catalogue, pack, when = scopes.catalogue, scopes.unit.name, node.occasions
    hours = whole(when.hours.text) if when.hours else 0
    if when.hours and (not hours or hours > MOST_HOURS):
        report(diagnose("hours-invalid", when.hours.span, f"every {when.hours} hours is out of range"))
        hours = 1
    occasion = Occasion.EVERY_ANSWER if when.every else Occasion.EVERY_HOURS
    if when.first:
        occasion = Occasion.FIRST_OF_DAY if when.first == "day" else Occasion.FIRST_ANSWER
    if node.test is not None:
        rule = replace(_looking(rule, scopes, node.test, report), disguised=node.disguised, by_text=True)
    return replace(
        rule,
        condition=scopes.condition(node.situations, "say"),
        type=node.about.text if node.about else rule.type,
        label=catalogue.label(node.about, pack) if node.about else {},
        notice=catalogue.notice(node.telling, pack, "law", laws=rule.laws, hours=hours or 0),
        occasion=occasion,
        hours=hours or 0,
    )


def _exemptions(
    scopes: Scopes, node: ast.Withhold | ast.Mask | ast.Limit | ast.Decline, report: Report
) -> Iterator[Exemption]:
    for item in node.exceptions:
        check_name(item.name, report)
        condition = scopes.condition((item.when,), "exception")
        if law := scopes.law(item.law):
            yield Exemption(item.name.text, law, condition)


def _scope(node: ast.ScopeNode, report: Report) -> Scope:
    if node.bound is None:
        return SPAN
    bound = whole(node.bound.text)
    if not bound or bound > LONGEST_BOUND:
        report(diagnose("bound-invalid", node.bound.span, f"a bound of {node.bound} characters is out of range"))
        return SPAN
    return Scope(node.unit, bound)
