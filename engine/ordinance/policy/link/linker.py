"""Packs into one policy: every name finds what it stands for, or is a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.policy.ir import CitedBylaw, CitedLaw, Policy, Unit
from ordinance.policy.link.added_words import link_added_words
from ordinance.policy.link.contacts import check_replaced, check_superseded
from ordinance.policy.link.detectors import Detectors
from ordinance.policy.link.examples import link_examples
from ordinance.policy.link.laws import link_bylaw, link_law
from ordinance.policy.link.names import Names, check_name, check_numbers
from ordinance.policy.link.notices import Catalogue, check_texts
from ordinance.policy.link.places import UTC, Places, link_places, zone
from ordinance.policy.link.rules import Scopes, link_rule
from ordinance.policy.link.situations import Situations
from ordinance.policy.link.slot_lines import link_rewrites, link_slots, link_without
from ordinance.policy.link.unbuilt import check_pending
from ordinance.policy.link.written import names_of, titles_of
from ordinance.policy.plan import Contact, Dimension, LanguageStyle, PackRef, SlotLine
from ordinance.policy.slots import PROMPT, USUAL_ADDRESS
from ordinance.policy.vocabulary import BUILT_IN_DIMENSIONS, ENGINE_LABELS, ENGINE_NOTICES, Rank

#: Names that the engine uses itself, so that a pack need not.
_TOLD_BY_ENGINE = ENGINE_NOTICES | {"red_line"}

_ORDER = {"charter": 0, "jurisdiction": 1, "language": 2, "house": 3}


def link(units: Sequence[Unit], digest: str) -> Policy:
    """One policy of ``units``, of which exactly one is a charter. ``digest`` names their bytes."""
    return _Linker(units).link(digest)


class _Linker:
    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = tuple(sorted(units, key=lambda unit: (_ORDER[unit.pack.kind], unit.name)))
        self.found: list[Diagnostic] = []
        self.detectors = Detectors(self.report)
        self.laws: list[CitedLaw] = []
        charter = self.units[0]
        self.shared = self._dimensions(charter)
        self.conditions = self._conditions(charter)
        self.shared_detectors = self.detectors.declared(charter)
        self.added = link_added_words(self.units, charter, self.detectors, self.report)

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
        slots = tuple(slot for scope in scopes for slot in link_slots(scope, self.report))
        without = tuple(each for scope in scopes for each in link_without(scope, self.report))
        rewrites = tuple(each for scope in scopes for each in link_rewrites(scope, self.report))
        contacts = tuple(contact for scope in scopes for contact in self._contacts(scope))
        check_superseded(self.units, self.report)
        engine = {
            name: template
            for name in sorted(ENGINE_NOTICES)
            if (template := catalogue.template(name, catalogue.charter))
        }
        words = {name: catalogue.label_texts(name, catalogue.charter) for name in sorted(ENGINE_LABELS)}
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
            detectors=tuple(self.detectors.found.values()),
            cases=tuple(self.detectors.cases),
            laws=tuple(self.laws),
            rules=tuple(rules),
            protected=tuple(protected),
            contacts=contacts,
            languages={unit.name: _style(unit, slots) for unit in self.units if unit.pack.kind == "language"},
            engine_notices=engine,
            engine_labels=words,
            titles=titles_of(self.units),
            examples=tuple(examples),
            slots=slots,
            without=without,
            rewrites=rewrites,
            findings=tuple(self.found),
        )

    def _dimensions(self, unit: Unit) -> Names[Dimension]:
        names: Names[Dimension] = Names("dimension", self.report)
        below = unit.pack.kind != "charter"
        for item in unit.pack.each(ast.DimensionDecl):
            if item.name.text in BUILT_IN_DIMENSIONS:
                self.report(diagnose("name-twice", item.name.span, f"the dimension `{item.name}` is built in"))
                continue
            if below and item.name.text in self.shared:
                self.report(diagnose("name-twice", item.name.span, f"the charter already declares `{item.name}`"))
                continue
            if below and not item.attested:
                message = f"`{item.name}` is claimed; a pack below the charter declares attested dimensions only"
                self.report(diagnose("reads-claimed", item.name.span, message))
            values: set[str] = set()
            for word in item.values:
                if word.text in values:
                    self.report(diagnose("name-twice", word.span, f"`{item.name}` has the value `{word}` twice"))
                values.add(word.text)
            dimension = Dimension(item.name.text, frozenset(values), item.attested, item.is_date)
            names.define(item.name, dimension)
        return names

    def _conditions(self, unit: Unit) -> Names[ast.ConditionNode]:
        names: Names[ast.ConditionNode] = Names("condition", self.report)
        for item in unit.pack.each(ast.ConditionDecl):
            names.define(item.name, item.when)
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
        spoken = {unit.name: unit.spoken for unit in self.units}
        return Catalogue(notices, labels, self.units[0].name, tags, spoken, self.report)

    def _scopes(self, unit: Unit, places: Places, catalogue: Catalogue) -> Scopes:
        is_charter = unit.pack.kind == "charter"
        own = self.shared if is_charter else self._dimensions(unit)
        named = self.conditions if is_charter else self._conditions(unit)
        dimensions = {**self.shared.items(), **own.items()}
        situations = Situations(dimensions, own, places, self.report, named, self.conditions, unit.name)
        detectors = self.shared_detectors if is_charter else self.detectors.declared(unit)
        laws: Names[CitedLaw | CitedBylaw | ast.RecordedLaw] = Names(
            "bylaw" if unit.pack.kind == "house" else "law", self.report
        )
        for node in unit.pack.each(ast.LawDecl):
            cited = link_law(unit, node, situations, places, self.report)
            laws.define(node.name, cited)
            self.laws.append(cited)
        for recorded in unit.pack.each(ast.RecordedLaw):
            laws.define(recorded.name, recorded)
            laws.find(recorded.name.text)  # it needs no rule
        own_zone = zone(unit.pack.zone, self.report) if unit.pack.kind == "house" else UTC
        for bylaw in unit.pack.each(ast.BylawDecl):
            laws.define(bylaw.name, link_bylaw(unit, bylaw, own_zone, self.report))
        for section in unit.pack.sections:
            for quote in section.quotes:
                laws.get(quote.law)
        self._check_numbers(unit)
        return Scopes(
            unit,
            own,
            situations,
            detectors,
            self.shared_detectors,
            self.added,
            laws,
            catalogue,
            self.detectors.foreign,
            self.report,
        )

    def _contacts(self, scope: Scopes) -> Iterator[Contact]:
        """Yield the contacts of a pack, one for each place; with a detector each if the charter protects contacts."""
        names: Names[ast.ContactDecl] = Names("contact", self.report)
        items = scope.unit.pack.each(ast.ContactDecl)
        for item in items:
            names.define(item.name, item)
        check_replaced(scope.unit, self.report)
        protects = any(isinstance(rule, ast.Guarantee) and rule.contacts for u in self.units for rule in u.pack.rules)
        for item in items:
            key = self.detectors.contact(scope.unit, item) if protects and item.places else ""
            replaced = frozenset(f"{scope.unit.name}/{word}" for word in item.replaces if names.get(word))
            shown, times = names_of(item)
            for place in item.places:
                own = f"{scope.unit.name}/{item.name}"
                yield Contact(
                    group=item.group.text,
                    name=item.title.text,
                    value=item.value.text,
                    hours=item.hours.text if item.hours else "always",
                    jurisdiction=place.text,
                    detector=key,
                    id=own,
                    replaces=replaced,
                    spoken=tuple(word.text for word in item.spoken),
                    names=shown,
                    times=times,
                )

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
        self.detectors.endings(scope.unit).report_unused()
        scope.laws.report_unused()
        if kind != "charter":
            scope.dimensions.report_unused()
            scope.situations.named.report_unused()
        if kind != "language":
            notices = scope.catalogue.notices[scope.unit.name]
            for name in _TOLD_BY_ENGINE if kind == "charter" else ():
                notices.find(name)
            notices.report_unused()
            scope.catalogue.labels[scope.unit.name].report_unused()


def _style(unit: Unit, slots: Sequence[SlotLine]) -> LanguageStyle:
    """How notices in the language of ``unit`` address people: what a house says in every situation, else the pack."""
    said = {
        (line.rank, line.pack): line.values[0][1] for line in slots if line.slot == "address" and len(line.values) == 1
    }
    house = next((value for (rank, _), value in sorted(said.items()) if rank is Rank.HOUSE), None)
    address = house or said.get((Rank.DEFAULT, unit.name)) or USUAL_ADDRESS
    return LanguageStyle(unit.name, unit.name, USUAL_ADDRESS if address == PROMPT else address)
