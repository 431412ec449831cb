"""Which rules apply: the attested place, the law's reach, its dates in its zone, exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.errors import SituationError
from ordinance.policy.conditions import AnyOf, Below, Condition, Is, Within
from ordinance.policy.plan import Contact, Dimension, Exemption, LanguageStyle, Law, Plan, PlannedRule
from ordinance.runtime.opening import open_session
from ordinance.runtime.situation import chosen_locale, closed, contacts_at, notice_language, rules_in_force, situate
from support.plans import expressions, law, plan, refuse, withhold

PURPOSE = Dimension("purpose", frozenset({"general", "education"}), attested=True)
TASK = Dimension("task", frozenset({"answer", "translate"}), attested=False)
DETECTORS = {"phrase": expressions(("canary",))}


def one_rule(rule: PlannedRule) -> Plan:
    return plan([rule], DETECTORS, dimensions={"purpose": PURPOSE, "task": TASK})


def applies(rule: PlannedRule, *, jurisdiction: str | None = "DE", attested: Mapping[str, str] | None = None,
            now: datetime | None = None, on: date | None = None, turn: int = 2) -> bool:  # fmt: skip
    made = one_rule(rule)
    situation = situate(made, jurisdiction=jurisdiction, attested=attested or {}, now=now, on=on, turn=turn)
    return bool(rules_in_force(made, situation))


def under(stated: Law | None = None, **more: Any) -> PlannedRule:
    return withhold("DE/rule", "phrase", law=stated or law(), **more)


# rule 1


@pytest.mark.requirement("LAW-3")
@pytest.mark.semantics(1)
@pytest.mark.parametrize(
    ("jurisdiction", "expected"), [("DE", True), ("DE-BY", True), ("EU", False), ("EE", False), (None, False)]
)
def test_a_jurisdictions_rules_apply_in_it_and_in_what_lies_within_it(jurisdiction: str | None, expected: bool) -> None:
    assert (
        applies(
            under(law(reaches=Within("place", frozenset({"DE", "DE-BY", "EU", "EE"}), True))), jurisdiction=jurisdiction
        )
        is expected
    )


@pytest.mark.semantics(1)
def test_the_charter_applies_everywhere_and_where_nothing_is_known() -> None:
    assert applies(refuse("baseline/red", "phrase"), jurisdiction=None)
    assert applies(refuse("baseline/red", "phrase"), jurisdiction="EE")


@pytest.mark.requirement("CC-1")
@pytest.mark.semantics(1)
def test_the_jurisdiction_is_matched_exactly() -> None:
    for near in ("de", "DE-", "AT", "DEU", "lb", ""):
        with pytest.raises(SituationError, match="no pack for the jurisdiction") as caught:
            applies(under(), jurisdiction=near)
        assert "exactly" in caught.value.help
        assert ("Did you mean 'DE'?" in caught.value.help) is (near == "de")


@pytest.mark.requirement("LAW-3")
@pytest.mark.semantics(1)
def test_the_jurisdiction_stands_for_place_and_seat_unless_they_are_attested() -> None:
    placed, seated, sold = (under(law(reaches=Within(name, frozenset({"DE"})))) for name in ("place", "seat", "market"))
    assert applies(placed)
    assert applies(seated)
    assert not applies(sold), "the market stays unknown"
    assert not applies(placed, attested={"place": "AT"})
    assert applies(seated, attested={"place": "AT"})
    assert not applies(placed, attested={"place": "unknown"})
    assert applies(sold, attested={"market": "DE"})
    assert applies(placed, attested={"place": "DE-HH"}), "a subdivision lies within by its code"


@pytest.mark.requirement("LAW-3")
@pytest.mark.semantics(1)
def test_unknown_matches_nothing_unless_the_law_says_so() -> None:
    assert not applies(under(law(reaches=Within("place", frozenset({"DE"})))), attested={"place": "unknown"})
    assert applies(
        under(law(reaches=Within("place", frozenset({"DE"}), or_unknown=True))), attested={"place": "unknown"}
    )
    assert not applies(under(condition=Is("purpose", frozenset({"general"}))))
    assert applies(under(condition=Is("purpose", frozenset(), or_unknown=True)))
    assert not applies(under(condition=Below("age", 18)))
    assert applies(under(condition=Below("age", 18)), attested={"age": "17"})
    assert not applies(under(condition=Below("age", 18)), attested={"age": "18"})
    assert not applies(under(condition=Below("age", 18)), attested={"age": "9" * 5000})


# rule 3


@pytest.mark.requirement("LAW-2")
@pytest.mark.semantics(3)
@pytest.mark.parametrize(("zone", "noon"), [("Europe/Berlin", 11), ("Asia/Tokyo", 3), ("America/New_York", 17)])
@pytest.mark.parametrize(("day", "expected"), [(4, False), (5, True), (6, True), (7, True), (8, False), (9, False)])
def test_a_law_is_in_force_from_its_first_day_and_until_before_its_last(
    zone: str, noon: int, day: int, expected: bool
) -> None:
    rule = under(law(start=date(2026, 11, 5), end=date(2026, 11, 8), zone=zone))
    assert applies(rule, on=date(2026, 11, day)) is expected
    assert applies(rule, now=datetime(2026, 11, day, noon, tzinfo=UTC)) is expected


@pytest.mark.requirement("LAW-2")
@pytest.mark.semantics(3)
def test_the_day_is_that_of_the_laws_own_zone() -> None:
    """A law of 5 November begins at midnight in its zone, not in the server's and not in the user's."""
    for zone, hour_before in (("Europe/Berlin", (4, 22)), ("Asia/Tokyo", (4, 14)), ("America/New_York", (5, 4))):
        rule = under(law(start=date(2026, 11, 5), zone=zone))
        day, hour = hour_before
        assert not applies(rule, now=datetime(2026, 11, day, hour, 59, 59, tzinfo=UTC)), zone
        assert applies(rule, now=datetime(2026, 11, day + (hour + 1) // 24, (hour + 1) % 24, tzinfo=UTC)), zone


@pytest.mark.requirement("LAW-2")
def test_midnight_follows_the_clock_change() -> None:
    """In summer Berlin's day begins at 22:00 UTC, in winter at 23:00."""
    rule = under(law(start=date(2026, 7, 1)))
    assert not applies(rule, now=datetime(2026, 6, 30, 21, 59, tzinfo=UTC))
    assert applies(rule, now=datetime(2026, 6, 30, 22, 0, tzinfo=UTC))


def exempted(condition: Condition, of: Law | None = None) -> PlannedRule:
    return under(exemptions=(Exemption("civic", of or law("§ 86 (4)"), condition),))


@pytest.mark.requirement("OB-5")
@pytest.mark.semantics(3)
def test_an_exception_holds_where_its_purpose_is_attested() -> None:
    rule = exempted(Is("purpose", frozenset({"education"})))
    assert applies(rule)
    assert applies(rule, attested={"purpose": "general"})
    assert applies(rule, attested={"purpose": "unknown"})
    assert not applies(rule, attested={"purpose": "education"})


@pytest.mark.requirement("CC-1")
@pytest.mark.requirement("CC-3")
@pytest.mark.semantics(3)
def test_an_exception_never_reads_what_a_request_claims() -> None:
    rule = exempted(Below("turn", 2))
    assert applies(rule, turn=1)
    assert applies(exempted(AnyOf((Below("turn", 99), Is("task", frozenset({"translate"}))))), turn=1)


@pytest.mark.requirement("LAW-2")
def test_an_exception_ends_with_the_law_that_it_stands_under() -> None:
    rule = exempted(Is("purpose", frozenset({"education"})), law("§ 86 (4)", end=date(2026, 11, 5)))
    assert not applies(rule, attested={"purpose": "education"}, on=date(2026, 11, 4))
    assert applies(rule, attested={"purpose": "education"}, on=date(2026, 11, 5))


# what cannot be attested


@pytest.mark.parametrize(
    ("attested", "says"),
    [
        ({"purpos": "education"}, "Did you mean 'purpose'"),
        ({"purpose": "teaching"}, "education, general, unknown"),
        ({"age": "young"}, "whole number"),
        ({"age": "-3"}, "whole number"),
        ({"age": "١٧"}, "whole number"),
    ],
)
def test_a_dimension_or_value_that_nobody_declared_is_an_error(attested: dict[str, str], says: str) -> None:
    with pytest.raises(SituationError) as caught:
        applies(under(), attested=attested)
    assert says in str(caught.value)


def test_a_situation_does_not_change_with_what_it_was_made_from() -> None:
    given_by_key = {"purpose": "general"}
    made = one_rule(under())
    situation = situate(made, jurisdiction="DE", attested=given_by_key)
    given_by_key["purpose"] = "education"
    assert situation.attested["purpose"] == "general"
    with pytest.raises(TypeError):
        situation.attested["purpose"] = "education"  # type: ignore[index]  # that it cannot be written is the point


# rule 2


STYLES = [LanguageStyle(tag, tag, "formal") for tag in ("de", "en", "et", "fr-CA", "zh-Hant")]


@pytest.mark.requirement("TR-6")
@pytest.mark.semantics(2)
@pytest.mark.parametrize(
    ("wanted", "default", "expected"),
    [
        (["de-AT"], None, "de-AT"),
        (["en-US", "de"], "et", "en-US"),
        (["xx", "de"], None, "de"),
        (["*"], "et-EE", "et-EE"),
        ([], "et", "et"),
        (["ja", "sw"], "de-DE", "de-DE"),
        (["ja"], None, "en"),
        (["not a tag", "", "e", "-"], "de", "de"),
        (["x" * 4000], None, "en"),
        (["DE_de"], None, "de-DE"),
    ],
)
def test_the_locale_is_the_first_wanted_one_that_has_notices(
    wanted: list[str], default: str | None, expected: str
) -> None:
    assert (chosen_locale(plan([], {}, languages=STYLES), wanted, default) or "en") == expected


@pytest.mark.requirement("TR-6")
@pytest.mark.semantics(2)
@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("de-CH", "de"),
        ("en-GB", "en"),
        ("fr-CA", "fr-CA"),
        ("zh-TW", "zh-Hant"),
        ("ru", None),
        ("und", None),
        ("??", None),
    ],
)
def test_the_language_of_notices_is_the_nearest_and_none_if_none_is_near(tag: str, expected: str | None) -> None:
    assert notice_language(plan([], {}, languages=STYLES), tag) == expected


@given(st.lists(st.text(max_size=12), max_size=3), st.none() | st.text(max_size=6))
def test_any_header_gives_a_locale(wanted: list[str], default: str | None) -> None:
    made = plan([], {}, languages=STYLES)
    assert open_session(made, situate(made, jurisdiction="DE"), wanted, default).locale


@pytest.mark.requirement("SC-1")
@pytest.mark.requirement("SC-3")
def test_contacts_are_those_of_the_attested_place() -> None:
    made = plan([], {})

    def at(jurisdiction: str | None, **attested: str) -> set[str]:
        return {
            contact.value for contact in contacts_at(made, situate(made, jurisdiction=jurisdiction, attested=attested))
        }

    assert at("DE") == {"112", "0800 111 0 111"}
    assert at("DE-BY") == at("DE", place="DE-HH") == at("DE")
    assert at("EE") == at("DE", place="EE") == {"116 006"}
    assert at(None) == at("DE", place="unknown") == at("DE", place="XX") == set()


@pytest.mark.requirement("SC-3")
@pytest.mark.parametrize(
    ("hours", "there", "expected"),
    [
        ("10:00–24:00", "09:59", True),
        ("10:00–24:00", "10:00", False),
        ("10:00–24:00", "23:59", False),
        ("10:00–24:00", "00:00", True),
        ("18:00-02:00", "01:59", False),
        ("18:00-02:00", "02:00", True),
        ("always", "03:00", False),
        ("weekdays 9 to 17", "03:00", False),
    ],
)
def test_where_nobody_answers_now_is_known_by_the_hours_of_the_place(hours: str, there: str, expected: bool) -> None:
    made = replace(plan([], {}), zones={"EE": ZoneInfo("Europe/Tallinn")})
    now = datetime.fromisoformat(f"2026-07-01T{there}:00+03:00").astimezone(UTC)
    contact = Contact("crisis", "Line", "116 123", hours, "EE")
    assert closed(contact, made, situate(made, jurisdiction=None, now=now)) is expected
