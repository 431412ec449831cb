"""Small plans made by hand, so that the runtime is tested without the language and the packs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from ordinance.detection import Expressions, Passage, Pattern, Prepared, Segments
from ordinance.policy.conditions import Always, Condition, Within
from ordinance.policy.plan import (
    SPAN,
    Contact,
    Dimension,
    LanguageStyle,
    Law,
    NoticeTemplate,
    PackRef,
    Period,
    Plan,
    PlannedRule,
    Scope,
)
from ordinance.policy.vocabulary import ENGINE_NOTICES, Channel, Effect, NoticeKind
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.oracle import Rule

ANSWER = frozenset({Channel.ANSWER})
OMITTED = NoticeTemplate(
    "omitted",
    {"en": "Omitted: {type}. {law}. {jurisdiction}.", "de": "Ausgelassen: {type}. {law}. {jurisdiction}."},
    {},
)
#: Too short for the engine to guard it, of which the oracle knows nothing.
BRIEF = NoticeTemplate("brief", {"en": "Omitted.", "de": "Ausgelassen."}, {})
RED_LINE = NoticeTemplate("red_line", {"en": "We do not help with this.", "de": "Dabei helfen wir nicht."}, {})
SAYING = NoticeTemplate("saying", {"en": "You are talking to a machine.", "de": "Sie sprechen mit einer Maschine."}, {})
ENGINE = {
    name: NoticeTemplate(name, {"en": f"[{name}]" + (" {contacts}" if name == "contacts" else "")}, {})
    for name in ENGINE_NOTICES
}
PACKS = (PackRef("charter", "baseline", "1.2.3"), PackRef("jurisdiction", "DE", "2026.11.0"))
CONTACTS = (
    Contact("emergency", "Notruf", "112", "always", "DE"),
    Contact("crisis", "Telefonseelsorge", "0800 111 0 111", "always", "DE"),
    Contact("crisis", "Kriisiabi", "116 006", "10-24", "EE"),
)


def law(
    article: str = "§ 86a",
    *,
    reaches: Condition | None = None,
    start: date | None = None,
    end: date | None = None,
    zone: str = "Europe/Berlin",
    jurisdiction: str = "DE",
) -> Law:
    """A law of ``jurisdiction``, in force in Germany at all times unless said otherwise."""
    reach = Within("place", frozenset({"DE"})) if reaches is None else reaches
    period = Period(start, end, ZoneInfo(zone))
    return Law("StGB", article, jurisdiction, reach, period, "https://example.test/", date(2026, 11, 1))


def withhold(id: str, *detectors: str, scope: Scope = SPAN, **more: Any) -> PlannedRule:
    """A rule of DE that withholds what ``detectors`` find."""
    fields: dict[str, Any] = {
        "id": id,
        "number": "1.1",
        "jurisdiction": "DE",
        "effect": Effect.WITHHOLD,
        "kind": NoticeKind.OMISSION,
        "channels": ANSWER,
        "detectors": detectors,
        "condition": Always(),
        "exemptions": (),
        "scope": scope,
        "law": law(),
        "type": "symbols",
        "label": {"en": "symbols", "de": "Kennzeichen"},
        "notice": OMITTED,
    }
    return PlannedRule(**{**fields, **more})


def mask(id: str, *detectors: str, **more: Any) -> PlannedRule:
    """A rule of DE that masks what ``detectors`` find as ``[type]``."""
    return withhold(id, *detectors, **{"effect": Effect.MASK, "type": "code", "label": {"en": "code"}, **more})


def refuse(id: str, *detectors: str, **more: Any) -> PlannedRule:
    """A red line of the charter; it looks at prompt and answer."""
    fields: dict[str, Any] = {
        "jurisdiction": None,
        "effect": Effect.REFUSE,
        "kind": NoticeKind.RED_LINE,
        "channels": frozenset(Channel),
        "law": None,
        "type": id.rpartition("/")[2],
        "label": {"en": "red line"},
        "notice": RED_LINE,
    }
    return withhold(id, *detectors, **{**fields, **more})


def plan(
    rules: Iterable[PlannedRule],
    detectors: Mapping[str, Prepared],
    *,
    protected: tuple[str, ...] = (),
    contacts: tuple[Contact, ...] = CONTACTS,
    parents: Mapping[str, str | None] | None = None,
    dimensions: Mapping[str, Dimension] | None = None,
    languages: Iterable[LanguageStyle] = (LanguageStyle("de", "de", "formal"), LanguageStyle("en", "en", "formal")),
    engine_notices: Mapping[str, NoticeTemplate] | None = None,
) -> Plan:
    """A plan with a charter and the jurisdictions EU, DE within it, DE-BY within that, and EE."""
    return Plan(
        digest="0" * 64,
        packs=PACKS,
        parents={"EU": None, "DE": "EU", "DE-BY": "DE", "EE": "EU"} if parents is None else parents,
        zones={},
        dimensions=dimensions or {},
        rules=tuple(rules),
        detectors=detectors,
        protected=protected,
        contacts=contacts,
        languages={style.tag: style for style in languages},
        engine_notices=engine_notices or ENGINE,
    )


def plan_of(rules: Iterable[Rule], protected: tuple[str, ...] = ()) -> Plan:
    """The plan that does what the oracle's ``rules`` say, with notices of one word."""
    planned: list[PlannedRule] = []
    detectors: dict[str, Prepared] = {"protected": expressions((), protected)}
    for number, rule in enumerate(rules):
        name = f"detector_{number}"
        detectors[name] = expressions(rule.phrases, rule.patterns)
        detectors[f"{name}_beside"] = expressions(rule.beside)
        make = refuse if rule.refuses else mask if rule.mask else withhold
        more: dict[str, Any] = {"notice": BRIEF, **({"type": rule.mask} if rule.mask else {})}
        if rule.within:
            more |= {"near": (f"{name}_beside",), "within": rule.within}
        planned.append(make(f"test/rule_{number}", name, scope=_scope(rule), **more))
    return plan(planned, detectors, protected=("protected",) if protected else ())


def _scope(rule: Rule) -> Scope:
    if rule.sentence:
        return Scope("sentence", rule.bound)
    return Scope("paragraph", rule.bound) if rule.paragraph else SPAN


def expressions(phrases: Iterable[str] = (), patterns: Iterable[str] = ()) -> Expressions:
    """Phrases, and patterns that keep case."""
    return Expressions(tuple(phrases), tuple(Pattern(source) for source in patterns))


def session(made: Plan, *, whole: bool = False, locale: str = "en", jurisdiction: str | None = "DE", turn: int = 2,
            **more: Any) -> Session:  # fmt: skip
    """A session in Germany, in English, unless said otherwise."""
    return Session(made, situate(made, jurisdiction=jurisdiction, turn=turn, **more), locale, whole=whole)


def sentences(find: Callable[[str], Iterable[tuple[int, int]]]) -> Segments:
    """A detector that looks at each sentence as it was written."""

    def look(passage: Passage) -> Iterable[tuple[int, int]]:
        return find(passage.text)

    return Segments(look)
