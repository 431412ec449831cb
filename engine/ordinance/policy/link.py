"""Packs into one policy: every name finds what it stands for, or is a finding."""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.detection import Declaration
from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.policy.contacts import holds_value, pattern_of
from ordinance.policy.ir import CitedLaw, Detector, PatternCase, Policy, Unit
from ordinance.policy.names import Names, check_name, check_numbers
from ordinance.policy.pending import check_pending
from ordinance.policy.places import Places, link_places, zone
from ordinance.policy.plan import Contact, Dimension, LanguageStyle, Law, PackRef, Period
from ordinance.policy.rules import Scopes, link_examples, link_rule
from ordinance.policy.situations import Situations
from ordinance.policy.telling import Catalogue, check_texts
from ordinance.policy.vocabulary import BUILT_IN_DIMENSIONS, ENGINE_NOTICES

#: Names that the engine uses itself, so that a pack need not.
_TOLD_BY_ENGINE = ENGINE_NOTICES | {"red_line"}

#: The detector that finds the contacts of every loaded jurisdiction.


def link(units: Sequence[Unit], digest: str) -> Policy:
    """One policy of ``units``, of which exactly one is a charter. ``digest`` names their bytes."""
    return _Linker(units).link(digest)


class _Linker:
    def __init__(self, units: Sequence[Unit]) -> None:
        order = {"charter": 0, "jurisdiction": 1, "language": 2, "house": 3}
        self.units = tuple(sorted(units, key=lambda unit: (order[unit.pack.kind], unit.name)))
        self.found: list[Diagnostic] = []
        self.detectors: dict[str, Detector] = {}
        self.cases: list[PatternCase] = []
        self.laws: list[CitedLaw] = []
        charter = next(unit for unit in self.units if unit.pack.kind == "charter")
        self.shared = self._dimensions(charter)

    def report(self, diagnostic: Diagnostic) -> None:
        self.found.append(diagnostic)

    def link(self, digest: str) -> Policy:
        for unit in self.units:
            check_pending(unit, self.report)
        places = link_places(self.units, self.report)
        catalogue = self._catalogue()
        scopes = [self._scopes(unit, places, catalogue) for unit in self.units]
        rules = [link_rule(scope, rule, self.report) for scope in scopes for rule in scope.unit.pack.rules]
        examples = [
            example
            for scope in scopes
            for rule in scope.unit.pack.rules
            for example in link_examples(scope, rule, self.report)
        ]
        contacts = tuple(contact for scope in scopes for contact in self._contacts(scope))
        engine = {
            name: template
            for name in sorted(ENGINE_NOTICES)
            if (template := catalogue.template(name, catalogue.charter))
        }
        for scope in scopes:
            self._report_unused(scope)
        dimensions = self._all_dimensions(scopes)
        protected = [key for scope in scopes for key in scope.protected()]
        return Policy(
            digest=digest,
            units=self.units,
            packs=tuple(PackRef(unit.pack.kind, unit.name, unit.pack.version.text) for unit in self.units),
            parents=places.parents,
            zones=places.zones,
            dimensions=dimensions,
            detectors=tuple(self.detectors.values()),
            cases=tuple(self.cases),
            laws=tuple(self.laws),
            rules=tuple(rules),
            protected=tuple(protected),
            contacts=contacts,
            languages={unit.name: self._style(unit) for unit in self.units if unit.pack.kind == "language"},
            engine_notices=engine,
            examples=tuple(examples),
            findings=tuple(self.found),
        )

    def _dimensions(self, unit: Unit) -> Names[Dimension]:
        names: Names[Dimension] = Names("dimension", self.report)
        for item in unit.pack.each(ast.DimensionDecl):
            if item.name.text in BUILT_IN_DIMENSIONS:
                self.report(diagnose("name-twice", item.name.span, f"the dimension `{item.name}` is built in"))
                continue
            if unit.pack.kind == "jurisdiction" and item.name.text in self.shared.items():
                self.report(diagnose("name-twice", item.name.span, f"the charter already declares `{item.name}`"))
                continue
            if unit.pack.kind == "jurisdiction" and not item.attested:
                message = f"`{item.name}` is claimed; a pack below the charter declares attested dimensions only"
                self.report(diagnose("reads-claimed", item.name.span, message))
            values: set[str] = set()
            for word in item.values:
                if word.text in values:
                    self.report(diagnose("name-twice", word.span, f"`{item.name}` has the value `{word}` twice"))
                values.add(word.text)
            names.define(item.name, Dimension(item.name.text, frozenset(values), item.attested))
        return names

    def _all_dimensions(self, scopes: Sequence[Scopes]) -> dict[str, Dimension]:
        """Those of the charter and of every pack; operators attest them by name, so no two packs may share one."""
        found = dict(self.shared.items())
        owners: dict[str, str] = {}
        for scope in scopes[1:]:
            for item in scope.unit.pack.each(ast.DimensionDecl):
                name = item.name.text
                if (owner := owners.setdefault(name, scope.unit.name)) != scope.unit.name:
                    self.report(diagnose("name-twice", item.name.span, f"the pack {owner} already declares `{name}`"))
            found.update(scope.dimensions.items())
        return found

    def _catalogue(self) -> Catalogue:
        notices: dict[str, Names[ast.NoticeDecl]] = {}
        labels: dict[str, Names[ast.LabelDecl]] = {}
        for unit in self.units:
            notices[unit.name] = Names("notice", self.report)
            labels[unit.name] = Names("label", self.report)
            for notice in unit.pack.each(ast.NoticeDecl):
                notices[unit.name].define(notice.name, notice)
            for label in unit.pack.each(ast.LabelDecl):
                labels[unit.name].define(label.name, label)
            check_texts(unit, self.report)
        tags = tuple(unit.name for unit in self.units if unit.pack.kind == "language")
        charter = next(unit.name for unit in self.units if unit.pack.kind == "charter")
        return Catalogue(notices, labels, charter, tags, self.report)

    def _scopes(self, unit: Unit, places: Places, catalogue: Catalogue) -> Scopes:
        own = self.shared if unit.pack.kind == "charter" else self._dimensions(unit)
        situations = Situations({**self.shared.items(), **own.items()}, places, self.report)
        detectors: dict[str, Names[str]] = {kind: Names(kind, self.report) for kind in ("lexicon", "pattern", "topic")}
        for lexicon in unit.pack.each(ast.LexiconDecl):
            detectors["lexicon"].define(lexicon.name, self._lexicon(unit, lexicon))
        for pattern in unit.pack.each(ast.PatternDecl):
            detectors["pattern"].define(pattern.name, self._pattern(unit, pattern))
        for topic in unit.pack.each(ast.TopicDecl):
            by = topic.by
            key = self._foreign(by.name) if by.kind == "detector" else detectors["lexicon"].get(by.name)
            if key is not None:
                detectors["topic"].define(topic.name, key)
        laws: Names[CitedLaw] = Names("law", self.report)
        for node in unit.pack.each(ast.LawDecl):
            cited = self._law(unit, node, situations, places)
            laws.define(node.name, cited)
            self.laws.append(cited)
        for section in unit.pack.sections:
            for quote in section.quotes:
                laws.get(quote.law)
        self._check_numbers(unit)
        return Scopes(unit, own, situations, detectors, laws, catalogue, self._foreign)

    def _lexicon(self, unit: Unit, item: ast.LexiconDecl) -> str:
        key = f"{unit.name}/lexicon {item.name}"
        source = unit.lexicons.get(item.path.text)
        phrases = list(source.phrases()) if source else []
        lines, places = tuple(text for text, _ in phrases), tuple(span for _, span in phrases)
        self.detectors[key] = Detector(key, "lexicon", Declaration(item.name.text, lines), places, item.path.span)
        return key

    def _pattern(self, unit: Unit, item: ast.PatternDecl) -> str:
        key = f"{unit.name}/pattern {item.name}"
        declaration = Declaration(item.name.text, (item.source.text,), item.any_case)
        self.detectors[key] = Detector(key, "pattern", declaration, (item.source.span,), item.source.span)
        for matches in (True, False):
            if not any(example.matches is matches for example in item.examples):
                word, code = ("matches", "example-fires") if matches else ("skips", "example-quiet")
                message = f"the pattern `{item.name}` has no example that it {word}"
                self.report(diagnose(code, item.name.span, message, f'Write `example {word} "…"`.'))
        for example in item.examples:
            self.cases.append(PatternCase(key, example.matches, example.text.text, example.text.span))
        return key

    def _foreign(self, name: ast.Word) -> str:
        """The key of a detector that a plugin registers; whether one does, ``check`` asks."""
        key = f"detector {name}"
        self.detectors.setdefault(key, Detector(key, name.text, Declaration(name.text), (), name.span))
        return key

    def _law(self, unit: Unit, node: ast.LawDecl, situations: Situations, places: Places) -> CitedLaw:
        reaches = situations.reach(node)
        own_zone = zone(node.zone, self.report) if node.zone else places.zones[unit.name]
        force, seen = node.in_force[0], node.seen.value
        start, end = force.start.value, force.end.value if force.end else None
        if start is None or seen is None or (force.end and end is None):
            return CitedLaw(None, node, unit.name)
        period = Period(start, end, own_zone)
        law = Law(node.title.text, node.article.text, unit.name, reaches, period, node.source.text, seen)
        return CitedLaw(law, node, unit.name)

    def _contacts(self, scope: Scopes) -> list[Contact]:
        names: Names[ast.ContactDecl] = Names("contact", self.report)
        items = scope.unit.pack.each(ast.ContactDecl)
        for item in items:
            names.define(item.name, item)
        protects = self._protects_contacts()
        return [self._contact(scope.unit, item, protects) for item in items]

    def _contact(self, unit: Unit, item: ast.ContactDecl, protects: bool) -> Contact:
        """A contact; where the charter protects contacts, with a detector of its own for the value."""
        value, key = item.value, ""
        if protects and holds_value(item.form, value.text):
            key = f"{unit.name}/contact {item.name}"
            declaration = Declaration(key, (pattern_of(item.form, value.text),))
            self.detectors[key] = Detector(key, "pattern", declaration, (value.span,), value.span)
        return Contact(item.group.text, item.title.text, value.text, item.hours, item.places[0].text, key)

    def _protects_contacts(self) -> bool:
        rules = (rule for unit in self.units for rule in unit.pack.rules)
        return any(isinstance(rule, ast.Guarantee) and rule.contacts for rule in rules)

    def _style(self, unit: Unit) -> LanguageStyle:
        speak = next(iter(unit.pack.each(ast.SpeakDecl)), None)
        address = speak.find("address") if speak else None
        informal = address is not None and address.value.word is not None and address.value.word.text == "informal"
        return LanguageStyle(unit.name, unit.name, "informal" if informal else "formal")

    def _check_numbers(self, unit: Unit) -> None:
        sections = unit.pack.sections
        check_numbers(((section.number, "") for section in sections), self.report)
        check_numbers(((rule.number, s.number.text) for s in sections for rule in s.rules), self.report)
        rules: Names[ast.Rule] = Names("rule", self.report)
        for rule in unit.pack.rules:
            rules.define(rule.name, rule)
        for section in sections:
            if not section.rules:
                self.report(diagnose("section-empty", section.heading.span, f"section {section.number} has no rule"))
        for group in {item.group.text: item.group for item in unit.pack.each(ast.ContactDecl)}.values():
            check_name(group, self.report)

    def _report_unused(self, scope: Scopes) -> None:
        kind = scope.unit.pack.kind
        for detectors in scope.detectors.values():
            detectors.report_unused()
        scope.laws.report_unused()
        if kind == "jurisdiction":
            scope.dimensions.report_unused()
        if kind != "language":
            notices = scope.catalogue.notices[scope.unit.name]
            for name in _TOLD_BY_ENGINE if kind == "charter" else ():
                notices.find(name)
            notices.report_unused()
            scope.catalogue.labels[scope.unit.name].report_unused()
