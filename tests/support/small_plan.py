"""A plan made by hand, for tests of the doors that should not depend on what the shipped packs say.

The charter refuses "opaque red line"; Germany withholds the sentence around "forbidden flag" under an invented law,
and tells people at the first answer whom they talk to.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from ordinance.detection import Expressions
from ordinance.policy.conditions import Always
from ordinance.policy.plan import (
    SPAN,
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
from ordinance.policy.vocabulary import ENGINE_NOTICES, Channel, Effect, NoticeKind, Occasion

RED_LINE = "opaque red line"
FORBIDDEN = "forbidden flag"
SENTENCE = f"Look at the {FORBIDDEN} over there."
OMITTED = {"en": "Left out by law: flags. Basis: § 1.", "de": "Gesetzlich ausgelassen: Fahnen. Grundlage: § 1."}
MACHINE = {"en": "You are talking to a machine.", "de": "Sie sprechen mit einer Maschine."}
REFUSED = {"en": "This is refused.", "de": "Das wird abgelehnt."}

_BERLIN = ZoneInfo("Europe/Berlin")
_LAW = Law(
    title="Flag Act",
    article="§ 1",
    jurisdiction="DE",
    reaches=Always(),
    in_force=Period(date(2020, 1, 1), None, _BERLIN),
    source="https://example.org/",
    seen=date(2026, 11, 1),
)


def small_plan(scope: Scope = SPAN) -> Plan:
    """The plan; ``scope`` is that of the German rule."""
    return Plan(
        digest="0123456789abcdef" * 4,
        packs=(
            PackRef("charter", "small", "1.0.0"),
            PackRef("jurisdiction", "DE", "2026.11.0"),
            PackRef("language", "de", "1.0.0"),
            PackRef("language", "en", "1.0.0"),
        ),
        parents={"DE": None},
        zones={"DE": _BERLIN},
        dimensions={"purpose": Dimension("purpose", frozenset({"general", "education"}), attested=True)},
        rules=(
            _rule("small/red", Effect.REFUSE, NoticeKind.RED_LINE, REFUSED, detector="red"),
            _rule("DE/flags", Effect.WITHHOLD, NoticeKind.OMISSION, OMITTED, detector="flag", scope=scope),
            _rule("DE/machine", Effect.SAY, NoticeKind.ADDITION, MACHINE, occasion=Occasion.FIRST_ANSWER),
        ),
        detectors={"red": Expressions(phrases=(RED_LINE,)), "flag": Expressions(phrases=(FORBIDDEN,))},
        protected=(),
        contacts=(),
        languages={tag: LanguageStyle(tag, tag, "formal") for tag in ("de", "en")},
        engine_notices={
            name: _notice(name, {"en": f"Notice {name}.", "de": f"Hinweis {name}."}) for name in ENGINE_NOTICES
        },
    )


def _notice(name: str, texts: dict[str, str]) -> NoticeTemplate:
    return NoticeTemplate(name, texts, {})


def _rule(
    name: str,
    effect: Effect,
    kind: NoticeKind,
    texts: dict[str, str],
    *,
    detector: str = "",
    scope: Scope = SPAN,
    occasion: Occasion | None = None,
) -> PlannedRule:
    jurisdiction = "DE" if name.startswith("DE/") else None
    channels = {Channel.PROMPT, Channel.ANSWER} if effect is Effect.REFUSE else {Channel.ANSWER}
    return PlannedRule(
        id=name,
        number="1.1",
        jurisdiction=jurisdiction,
        effect=effect,
        kind=kind,
        channels=frozenset(channels),
        detectors=(detector,) if detector else (),
        condition=Always(),
        exemptions=(),
        scope=scope,
        law=_LAW if jurisdiction else None,
        type=name.partition("/")[2],
        label={"en": "flags", "de": "Fahnen"},
        notice=_notice(name, texts),
        occasion=occasion,
    )
