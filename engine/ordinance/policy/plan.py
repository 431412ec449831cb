"""The plan: what a server runs. Frozen, complete, and free of anything that the language is made of.

A plan is made by ``compile`` from a ``CheckedPolicy`` and by nothing else. The runtime reads it and asks
nobody anything more: every notice is resolved to its texts, every detector is prepared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from ordinance.detection import Expressions, Form, Judge, Judged, Prepared
from ordinance.policy.catalogue import Catalogue
from ordinance.policy.conditions import Condition
from ordinance.policy.taking_part import Instructions, TakesPart, form_key
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Occasion, Rank

#: A text by language tag ("de", "fr-CA"); the runtime picks by the request's language along CLDR parents. A text for
#: every language that has none of its own stands under ``ANY_LANGUAGE``.
Texts = Mapping[str, str]

ANY_LANGUAGE = ""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` (included) until ``end`` (excluded), as days in ``zone``; None is open."""

    start: date | None
    end: date | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Transition:
    """Where ``condition`` holds, ``period`` is when the law is in force, and not what holds otherwise."""

    condition: Condition
    period: Period


@dataclass(frozen=True, slots=True)
class LawTexts:
    """What people read of a law: its citation in ``full`` and as notices have it (``short``), who sees to it, and whom
    to turn to."""

    full: Texts = field(default_factory=dict)
    short: Texts = field(default_factory=dict)
    authority: Texts = field(default_factory=dict)
    appeal: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Law:
    """A law as notices cite it, with its reach and its time in force.

    The first of ``transitions`` whose condition holds stands for ``in_force``. ``authority``, ``appeal`` (whom to turn
    to) and ``terms`` (where a house's terms of use are) may be empty. A house's bylaw is one too: ``jurisdiction`` is
    the house, and ``source`` is empty. ``shown`` has what people read of it in languages; title, article, authority and
    appeal are what does not change.
    """

    title: str
    article: str
    jurisdiction: str
    reaches: Condition
    in_force: Period
    source: str
    seen: date
    transitions: tuple[Transition, ...] = ()
    authority: str = ""
    appeal: str = ""
    terms: str = ""
    shown: LawTexts = field(default_factory=lambda: LawTexts(), hash=False)


@dataclass(frozen=True, slots=True)
class Exemption:
    """A named exception of a rule, under a law of its own; ``condition`` reads attested dimensions only.

    ``law`` is None where the charter itself excepts something from one of its red lines.
    """

    name: str
    law: Law | None
    condition: Condition


@dataclass(frozen=True, slots=True)
class Scope:
    """What a match removes: itself, or each sentence or paragraph it touches, cut every ``bound`` characters."""

    unit: Literal["span", "sentence", "paragraph"] = "span"
    bound: int = 0


SPAN = Scope()


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """A notice's texts by language: ``texts`` for whoever is addressed formally, or in no other way that the notice
    has; ``addressed`` are those of the other ways of address, by their names.

    Texts may hold ``{type}``, ``{law}``, ``{jurisdiction}``, ``{authority}``, ``{appeal}``, ``{terms}`` and
    ``{contacts}``; nothing else, and never what was matched. ``again`` and ``again_addressed`` are shorter, for a
    conversation that had the full text before.
    """

    name: str
    texts: Texts
    addressed: Mapping[str, Texts]
    again: Texts = field(default_factory=dict)
    again_addressed: Mapping[str, Texts] = field(default_factory=dict)

    @property
    def forms(self) -> Iterator[tuple[str, Texts]]:
        """Yield the texts of each form, with its name as packs write it; the first has none."""
        yield "", self.texts
        yield from self.addressed.items()
        yield "again", self.again
        yield from ((f"{address} again", texts) for address, texts in self.again_addressed.items())


#: The notice of what needs none.
UNTOLD = NoticeTemplate("", {}, {})


@dataclass(frozen=True, slots=True, eq=False)
class PlannedRule:
    """One rule, ready to run. Compared by identity; ``id`` is unique in a plan.

    ``id`` is ``pack/name``. ``jurisdiction`` is None for the charter's rules, which always apply. ``detectors``
    are keys into ``Plan.detectors``; empty for a ``say``, which has an ``occasion`` instead. ``type`` is the
    label's id (for a red line the rule's own name). ``disguised`` adds the second lane, which red lines always have.
    A rule on ``trial`` is recorded and not applied; from the day ``trial_until`` on, ``after_trial`` stands in its
    place (None: it stays on trial). ``placeholders`` stand in the place of what a mask removes, by language; ``told``
    is False where the pack says that they need no notice. A ``say`` with ``hours`` also speaks when so many have passed
    since it last did, whatever its occasion; one ``by_text`` speaks only if it finds something. Where ``near`` names
    detectors too, one of them must find something in the same sentence, or ``within`` so many characters where that is
    not 0. Where it is ``judged``, a judge is asked too.
    A ``say`` that is ``by_text`` also speaks if an answer is in one of the languages ``spoken``.
    ``beside`` are further laws that it stands under, each enough for it to apply; a rule that is in force has only
    those that apply.
    """

    id: str
    number: str
    jurisdiction: str | None
    effect: Effect
    kind: NoticeKind
    channels: frozenset[Channel]
    detectors: tuple[str, ...]
    condition: Condition
    exemptions: tuple[Exemption, ...]
    scope: Scope
    law: Law | None
    type: str
    label: Texts
    notice: NoticeTemplate
    occasion: Occasion | None = None
    contacts: str = ""
    disguised: bool = False
    trial: bool = False
    trial_until: date | None = None
    after_trial: PlannedRule | None = None
    placeholders: Texts = field(default_factory=dict)
    told: bool = True
    hours: int = 0
    near: tuple[str, ...] = ()
    within: int = 0
    judged: Judged | None = None
    beside: tuple[Law, ...] = ()
    by_text: bool = False
    spoken: tuple[str, ...] = ()

    @property
    def laws(self) -> tuple[Law, ...]:
        """Return the laws that it stands under; the zone of the first counts for its days."""
        return (() if self.law is None else (self.law,)) + self.beside

    @property
    def looks(self) -> bool:
        """Return whether it looks for anything in a text."""
        return bool(self.detectors or self.spoken) or self.judged is not None

    @property
    def removes(self) -> bool:
        """Return whether text may have to wait for this rule, and may not leave because of it."""
        return self.effect.removes and not self.trial

    @property
    def tells(self) -> bool:
        """Return whether people are told when it acts: a mark is for machines, and a mask may say that it needs no
        notice."""
        return self.told and not self.trial and self.effect is not Effect.MARK

    @property
    def sees_disguise(self) -> bool:
        """Return whether disguised phrases count (semantics, rule 25): for red lines always, else where the pack says
        so."""
        return self.disguised or self.effect is Effect.REFUSE

    def seen(self, prepared: Prepared) -> Prepared:
        """Return what the rule looks for of ``prepared``: in disguise too, if it sees that."""
        return replace(prepared, disguised=self.sees_disguise) if isinstance(prepared, Expressions) else prepared


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call. ``group`` is ``emergency``, ``crisis`` or ``appeal``; ``hours`` is ``always`` or in words.

    ``jurisdiction`` is the place that it is for. ``id`` is ``pack/name``; where the contact is given, those whose ids
    it ``replaces`` are not. ``detector`` is the key of what finds the value in text, where contacts are protected.
    ``spoken`` are the languages spoken there, as tags; empty where the pack does not say. ``names`` and ``times`` are
    name and hours as people read them in languages.
    """

    group: str
    name: str
    value: str
    hours: str
    jurisdiction: str
    detector: str = ""
    id: str = ""
    replaces: frozenset[str] = frozenset()
    spoken: tuple[str, ...] = ()
    names: Texts = field(default_factory=dict, hash=False)
    times: Texts = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A closed set of values, or a date, attested by the operator's keys or claimed by the request."""

    name: str
    values: frozenset[str]
    attested: bool
    is_date: bool = False


@dataclass(frozen=True, slots=True)
class PackRef:
    """A pack as answers name it: ``name`` is the charter's or the house's, a jurisdiction's code or a language tag."""

    kind: Literal["charter", "jurisdiction", "language", "house"]
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class LanguageStyle:
    """What a language pack sets: the language its notices are in and how people are addressed."""

    tag: str
    language: str
    address: str


@dataclass(frozen=True, slots=True)
class SlotLine:
    """One line of ``speak``. The first of ``values`` whose condition holds is what the line says; it says nothing where
    none does, or where that value is empty. ``same as prompt`` is the value ``prompt``.

    ``language`` is the pack's where a language pack says it, else empty. ``law`` is the law that makes it bind.
    ``asks``: a whole answer that missed what the line says is asked for once more.
    """

    slot: str
    values: tuple[tuple[Condition, str], ...]
    rank: Rank
    pack: str
    language: str = ""
    law: Law | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class WithoutAdapter:
    """What a pack says for the case that the language to be spoken has no adapter: whether there is no answer then, and
    the notice that tells people. ``language`` is the pack's where a language pack says it, else empty."""

    pack: str
    rank: Rank
    declines: bool
    notice: NoticeTemplate
    language: str = ""

    @property
    def id(self) -> str:
        """What answers and records cite."""
        return f"{self.pack}/{NoticeKind.ADAPTER.value}"


@dataclass(frozen=True, slots=True)
class RewriteLine:
    """A line of ``speak`` that has answers rewritten in the form of ``slots``: by the engine, or ``by`` the form of a
    plugin, a key into ``Plan.forms``. Where something was rewritten, ``notice`` tells it, if there is one.

    ``language`` is the pack's where a language pack says it, else empty. ``law`` is the law that makes it bind.
    """

    pack: str
    rank: Rank
    slots: tuple[str, ...]
    by: str = ""
    notice: NoticeTemplate | None = None
    language: str = ""
    law: Law | None = None

    @property
    def id(self) -> str:
        """What answers and records cite."""
        return f"{self.pack}/rewrite"


@dataclass(frozen=True, slots=True)
class Struck:
    """A test that is struck out of the sentence of ``rule``, because nothing is configured that could make it."""

    rule: str
    test: str


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Plan:
    """Everything a session needs, and nothing that changes. Compared by identity.

    ``parents`` maps each loaded jurisdiction to the one it lies within, or None. ``protected`` are detector
    keys whose matches are cut out of withheld regions everywhere; contacts are where the situation has them.
    ``languages`` are the loaded language packs by tag. ``slots`` are how to speak, ``rewrites`` which of them answers
    are rewritten for, ``forms`` those of plugins, by the names that packs write, ``without`` what follows where no
    adapter can, ``struck`` what is not looked for. ``engine_labels`` are words that the engine writes between
    contacts, by the names in ``ENGINE_LABELS``; it has signs for what no pack says. ``titles`` are those of
    jurisdictions and houses.
    ``plugins`` are those that answer for detectors, by each one's key, and for forms, by ``form_key``; ``instructions``
    are those of plugins, by language, beside the engine's own. ``judge`` is who is asked about the meaning of texts,
    None where nobody is or no rule asks.
    ``digest`` is 64 hexadecimal digits over the canonical bytes of every source and the files and settings of plugins.
    """

    digest: str
    packs: tuple[PackRef, ...]
    parents: Mapping[str, str | None]
    zones: Mapping[str, ZoneInfo]
    dimensions: Mapping[str, Dimension]
    rules: tuple[PlannedRule, ...]
    detectors: Mapping[str, Prepared]
    protected: tuple[str, ...]
    contacts: tuple[Contact, ...]
    languages: Mapping[str, LanguageStyle]
    engine_notices: Mapping[str, NoticeTemplate]
    slots: tuple[SlotLine, ...] = ()
    struck: tuple[Struck, ...] = ()
    without: tuple[WithoutAdapter, ...] = ()
    rewrites: tuple[RewriteLine, ...] = ()
    forms: Mapping[str, Form] = field(default_factory=dict)
    engine_labels: Mapping[str, Texts] = field(default_factory=dict)
    titles: Mapping[str, Texts] = field(default_factory=dict)
    plugins: Mapping[str, TakesPart] = field(default_factory=dict)
    judge: Judge | None = None
    instructions: Mapping[str, Instructions] = field(default_factory=dict)

    @property
    def attached(self) -> tuple[TakesPart, ...]:
        """Return the plugins that take part, each once."""
        taking_part = (*(each.plugin for each in self.instructions.values()), *self.plugins.values())
        return tuple({each.name: each for each in taking_part}.values())

    @property
    def catalogues(self) -> Mapping[str, Catalogue]:
        """Return the sentences of plugins, by language."""
        return {language: each.catalogue for language, each in self.instructions.items()}

    def plugins_of(self, rules: Iterable[PlannedRule], forms: Iterable[str] = ()) -> tuple[str, ...]:
        """Return name and version of the plugins that these rules ask, and of those of ``forms``."""
        keys = [*(key for rule in rules for key in (*rule.detectors, *rule.near)), *map(form_key, forms)]
        asked = (self.plugins[key] for key in keys if key in self.plugins)
        return tuple(sorted({f"{each.name} {each.version}" for each in asked}))

    @property
    def charter(self) -> PackRef:
        return next(pack for pack in self.packs if pack.kind == "charter")

    def lineage(self, jurisdiction: str | None) -> tuple[str, ...]:
        """Return the jurisdiction and all that contain it, nearest first; empty for None."""
        found: list[str] = []
        while jurisdiction is not None:
            found.append(jurisdiction)
            jurisdiction = self.parents[jurisdiction]
        return tuple(found)

    def place_codes(self, code: str) -> frozenset[str]:
        """Return ``code`` and every loaded jurisdiction that lies within it."""
        return frozenset(name for name in self.parents if code in self.lineage(name)) | {code}
