"""One rule and its examples, with their names resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.conditions import ALWAYS, All, Condition, dimensions
from ordinance.policy.ir import CitedLaw, Example, Rule, Unit
from ordinance.policy.names import Names, Report, check_name, is_code, whole
from ordinance.policy.plan import SPAN, Dimension, Exemption, Law, Scope
from ordinance.policy.situations import NUMBERS, PLACES, Reader, Situations
from ordinance.policy.telling import Catalogue
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Occasion

#: A sentence that is cut may be as long as this, in characters.
LONGEST_BOUND = 10_000

#: The turn of an example that gives none; the first answer has been given by then.
EXAMPLE_TURN = 2


@dataclass(frozen=True, slots=True)
class Scopes:
    """What the rules of one pack can name."""

    unit: Unit
    dimensions: Names[Dimension]
    situations: Situations
    detectors: Mapping[str, Names[str]]
    laws: Names[CitedLaw]
    catalogue: Catalogue
    foreign: Callable[[ast.Word], str]

    @property
    def jurisdiction(self) -> str | None:
        return self.unit.name if self.unit.pack.kind == "jurisdiction" else None

    def law(self, word: ast.Word) -> Law | None:
        cited = self.laws.get(word)
        return cited.law if cited else None

    def uses(self, uses: Iterable[ast.Use]) -> tuple[str, ...]:
        """The keys of the detectors that a rule names."""
        keys = (
            self.foreign(use.name) if use.kind == "detector" else self.detectors[use.kind].get(use.name)
            for use in uses
            if use.kind == "detector" or use.kind in self.detectors
        )
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    def protected(self) -> tuple[str, ...]:
        """The patterns that this pack's guarantees protect."""
        guarantees = (rule for rule in self.unit.pack.rules if isinstance(rule, ast.Guarantee))
        items = self.detectors["pattern"].items()
        return tuple(items[word.text] for rule in guarantees for word in rule.protects if word.text in items)

    def condition(self, nodes: Iterable[ast.ConditionNode], reader: Reader) -> Condition:
        """All of ``nodes``, as one condition; the dimensions that they read count as used."""
        parts = tuple(self.situations.condition(node, reader) for node in nodes)
        for name in frozenset[str]().union(*(dimensions(part) for part in parts)):
            self.dimensions.find(name)
        return All(parts) if len(parts) > 1 else parts[0] if parts else ALWAYS


def link_rule(scopes: Scopes, node: ast.Rule, report: Report) -> Rule:
    """The rule as the policy holds it."""
    catalogue, pack = scopes.catalogue, scopes.unit.name
    match node:
        case ast.RedLine():
            rule = _plain(scopes, node, Effect.REFUSE, NoticeKind.RED_LINE)
            notice = catalogue.notice(node.telling, pack, "type")
            label = catalogue.label_texts(node.name.text, pack)
            return replace(_watching(rule, scopes, node.when), notice=notice, label=label)
        case ast.Guarantee():
            for word in node.protects:
                scopes.detectors["pattern"].get(word)
            rule = _plain(scopes, node, Effect.PROVIDE, NoticeKind.CONTACT)
            if node.provide is None:
                return rule
            rule = replace(rule, contacts=node.provide.group.text, notice=catalogue.template("contacts", pack))
            return _watching(rule, scopes, node.provide.when)
        case ast.Withhold():
            rule = _plain(scopes, node, Effect.WITHHOLD, NoticeKind.OMISSION)
            return replace(
                _watching(rule, scopes, node.when),
                condition=scopes.condition(node.situations, "rule"),
                exemptions=tuple(_exemptions(scopes, node, report)),
                scope=_scope(node.scope, report),
                law=scopes.law(node.law),
                type=node.about.text,
                label=catalogue.label(node.about, pack),
                notice=catalogue.notice(node.telling, pack, "type", "law"),
            )
        case ast.Say():
            rule = _plain(scopes, node, Effect.SAY, NoticeKind.ADDITION)
            return replace(
                rule,
                condition=scopes.condition((node.when,) if node.when else (), "say"),
                law=scopes.law(node.law),
                type=node.about.text if node.about else rule.type,
                label=catalogue.label(node.about, pack) if node.about else {},
                notice=catalogue.notice(node.telling, pack, "law"),
                occasion=Occasion.FIRST_ANSWER if node.occasions.first else Occasion.EVERY_ANSWER,
            )
        case _:  # what cannot run yet is a finding of its own, and never becomes part of a plan
            return _plain(scopes, node, Effect.WITHHOLD, NoticeKind.OMISSION)


def _plain(scopes: Scopes, node: ast.Rule, effect: Effect, kind: NoticeKind) -> Rule:
    return Rule(f"{scopes.unit.name}/{node.name}", node, scopes.unit, scopes.jurisdiction, effect, kind, node.name.text)


def _watching(rule: Rule, scopes: Scopes, when: ast.TextTest) -> Rule:
    channels = {Channel.PROMPT: when.prompt, Channel.ANSWER: when.answer}
    watched = frozenset(channel for channel, is_watched in channels.items() if is_watched)
    return replace(rule, channels=watched, detectors=scopes.uses(when.uses))


def _exemptions(scopes: Scopes, node: ast.Withhold, report: Report) -> Iterator[Exemption]:
    for item in node.exceptions:
        check_name(item.name, report)
        condition = scopes.condition((item.when,), "exception")
        if law := scopes.law(item.law):
            yield Exemption(item.name.text, law, condition)


def link_examples(scopes: Scopes, node: ast.Rule, report: Report) -> Iterator[Example]:
    """The rule's examples, with the facts that they give."""
    for item in node.examples:
        given: dict[str, str] = {}
        turn = EXAMPLE_TURN
        for name, value in item.given:
            if problem := _problem(scopes, name.text, value.text):
                report(diagnose("example-given", value.span, *problem))
            elif name.text == "turn":
                turn = int(value.text)
            else:
                given[name.text] = value.text
        prompt, answer = item.prompt.text if item.prompt else None, item.answer.text if item.answer else None
        rule = f"{scopes.unit.name}/{node.name}"
        yield Example(
            rule, scopes.jurisdiction, item.expects, prompt, answer, given, turn, scopes.unit.given, item.span
        )


def _problem(scopes: Scopes, name: str, value: str) -> tuple[str, str] | None:
    """Why an example cannot give this fact, and what to do; None where it can."""
    if name in NUMBERS:
        return None if whole(value) else (f"`{name}` is a whole number", "Write it in at most nine digits.")
    if name in PLACES:
        return None if is_code(value) else (f"`{value}` is not a jurisdiction's code", "Write it as in AT or DE-BY.")
    declared = scopes.situations.dimensions.get(name)
    if declared is None:
        known = scopes.situations.dimensions.keys() | PLACES | NUMBERS
        return f"no dimension is called `{name}`", did_you_mean(name, known)
    if not declared.attested:
        return f"`{name}` is claimed by requests, and no rule reads it", ""
    if value not in declared.values:
        values = ", ".join(sorted(declared.values))
        return f"`{name}` is never `{value}`", did_you_mean(value, declared.values) or f"Its values are {values}."
    return None


def _scope(node: ast.ScopeNode, report: Report) -> Scope:
    if node.bound is None:
        return SPAN
    bound = whole(node.bound.text)
    if not bound or bound > LONGEST_BOUND:
        report(diagnose("bound-invalid", node.bound.span, f"a region of {node.bound} characters makes no sense"))
        return SPAN
    return Scope("sentence", bound)
