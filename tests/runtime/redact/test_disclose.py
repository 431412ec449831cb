"""Notices: in the request's language, with every cause once, and with nothing left unfilled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.language.ast import TextIn, Word, Written
from ordinance.language.source import Source, Span
from ordinance.policy.link.written import law_texts
from ordinance.policy.plan import ANY_LANGUAGE, Contact, LanguageStyle, NoticeTemplate, PlannedRule
from ordinance.policy.vocabulary import NoticeKind
from ordinance.runtime.redact.disclose import Discloser, Notice, causes_of, parents
from support.plans import law, plan, refuse, withhold

TEXTS = {
    "en": "Omitted: {type}. {law}.",
    "de": "Ausgelassen: {type}. {law}.",
    "fr": "Omis : {type}.",
    "ar": "حذف: {type} {law}.",
}
STYLES = [LanguageStyle(tag, tag, "formal") for tag in ("en", "de", "fr", "fr-CA", "ar", "zh", "zh-Hant")]


def discloser(language: str, *, informal: bool = False) -> Discloser:
    styles = [LanguageStyle(language, language, "informal")] if informal else STYLES
    return Discloser(plan([], {}, languages=styles), language)


def rule(id: str = "DE/symbols", **more: Any) -> PlannedRule:
    return withhold(id, **{"notice": NoticeTemplate("omitted", TEXTS, {}), **more})


def told(language: str, *rules: PlannedRule) -> str:
    (notice,) = discloser(language).told(rules)
    return notice.text


@pytest.mark.requirement("TR-2")
@pytest.mark.requirement("TR-6")
@pytest.mark.semantics(2)
@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Omitted: symbols. StGB § 86a."),
        ("de", "Ausgelassen: Kennzeichen. StGB § 86a."),
        ("fr-CA", "Omitted: symbols. StGB § 86a."),
        ("zh", "Omitted: symbols. StGB § 86a."),
    ],
)
def test_a_notice_is_in_the_requests_language_or_the_nearest(language: str, expected: str) -> None:
    assert told(language, rule()) == expected


@pytest.mark.requirement("TR-6")
@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("de", ["de"]),
        ("de-AT", ["de-AT", "de"]),
        ("fr-CA", ["fr-CA", "fr"]),
        ("zh-Hant-TW", ["zh-Hant-TW", "zh-Hant"]),
        ("zh-Hant", ["zh-Hant"]),
        ("zh-Hans-CN", ["zh-Hans-CN", "zh-Hans", "zh"]),
        ("sr-Latn", ["sr-Latn"]),
        ("sr-Cyrl-RS", ["sr-Cyrl-RS", "sr-Cyrl", "sr"]),
        ("und", []),
    ],
)
def test_languages_fall_back_within_their_script(tag: str, expected: list[str]) -> None:
    assert parents(tag) == expected


@pytest.mark.requirement("TR-6")
def test_without_english_any_text_is_better_than_none_and_always_the_same_one() -> None:
    notice = NoticeTemplate("omitted", {"et": "Välja jäetud", "de": "Ausgelassen"}, {})
    assert told("fr", rule(notice=notice)) == "Ausgelassen"


@pytest.mark.requirement("TR-9")
@pytest.mark.semantics(19)
def test_several_causes_are_one_notice_with_each_cause_once() -> None:
    rules = [
        rule("DE/b", law=law("§ 130"), type="incitement", label={"en": "incitement"}),
        rule("DE/a"),
        rule("DE/c"),
    ]
    (notice,) = discloser("en").told(rules)
    assert notice.text == "Omitted: symbols; incitement. StGB § 86a; StGB § 130."
    assert [cause.rule for cause in notice.causes] == ["DE/a", "DE/b", "DE/c"]
    assert notice.causes[1].law == ("StGB", "§ 130", "DE")
    assert discloser("en").told(reversed(rules)) == [notice], "the order of the causes is not that of their finding"


def test_notices_of_different_kinds_stay_apart() -> None:
    found = discloser("en").told([rule(), refuse("baseline/weapons")])
    assert [notice.kind for notice in found] == [NoticeKind.OMISSION, NoticeKind.RED_LINE]
    assert found[1].causes[0].law is None


@pytest.mark.requirement("TR-6")
def test_what_is_filled_into_right_to_left_text_is_isolated() -> None:
    assert told("ar", rule(label={"ar": "symbols"})) == "حذف: \u2068symbols\u2069 \u2068StGB § 86a\u2069."
    assert "\u2068" not in told("en", rule())
    assert "\u2068\u2069" not in told("ar", rule(law=None))


def test_people_are_addressed_as_the_language_pack_says() -> None:
    notice = NoticeTemplate("omitted", {"de": "Ihnen fehlt: {type}."}, {"informal": {"de": "Dir fehlt: {type}."}})
    formal, informal = discloser("de"), discloser("de", informal=True)
    assert formal.told([rule(notice=notice)])[0].text == "Ihnen fehlt: Kennzeichen."
    assert informal.told([rule(notice=notice)])[0].text == "Dir fehlt: Kennzeichen."
    assert informal.told([rule()])[0].text == "Ausgelassen: Kennzeichen. StGB § 86a."


@given(
    st.lists(st.sampled_from(["{type}", "{law}", "{jurisdiction}", "x ", "\n"]), min_size=1, max_size=6).map("".join),
    st.sampled_from(["en", "de", "ar", "fr-CA", "zh-Hant"]),
    st.booleans(),
)
def test_no_variable_and_no_line_break_is_left_in_a_notice(text: str, language: str, lawless: bool) -> None:
    notice = NoticeTemplate("omitted", {"en": text}, {})
    shown = told(language, rule(notice=notice, law=None if lawless else law()))
    assert "{" not in shown
    assert "\n" not in shown


def contacts(*known: Contact) -> Notice:
    template = NoticeTemplate("contacts", {"en": "Call {contacts}."}, {})
    unknown = NoticeTemplate("contacts_unknown", {"en": "Call your local emergency number."}, {})
    return discloser("en").contacts(template, unknown, known, ())


@pytest.mark.requirement("SC-1")
@pytest.mark.requirement("SC-3")
def test_contacts_are_named_with_their_hours_and_never_invented() -> None:
    always = Contact("emergency", "Notruf", "112", "always", "DE")
    office = Contact("crisis", "Kriisiabi", "116 006", "10-24", "EE")
    assert contacts(always, office).text == "Call Notruf: 112 (00:00–24:00); Kriisiabi: 116 006 (10-24)."
    unknown = contacts()
    assert unknown.text == "Call your local emergency number."
    assert not any(char.isdigit() for char in unknown.text)
    assert unknown.kind is NoticeKind.CONTACT


def lines(language: str, *contacts: Contact, words: bool = True) -> str:
    labels = {"contacts_or": {"en": "or", "de": "oder"}, "contacts_always": {"en": "at any hour", "de": "immer"}}
    made = replace(plan([], {}, languages=STYLES), engine_labels=labels if words else {})
    known = NoticeTemplate("contacts", {"en": "Help: {contacts}.", "de": "Hilfe: {contacts}."}, {})
    return Discloser(made, language).contacts(known, known, contacts, ()).text


ONE = Contact("crisis", "TelefonSeelsorge", "0800 111 0 111", "always", "DE", spoken=("de",))
OTHER = Contact("crisis", "TelefonSeelsorge", "0800 111 0 222", "always", "DE", spoken=("de",))
LIGNE = Contact("crisis", "Ligne", "107", "10:00–24:00", "DE", spoken=("fr-CH", "en"))
SOMEBODY = Contact("emergency", "112", "112", "always", "EU")


@pytest.mark.requirement("SC-3")
def test_a_contact_is_named_once_and_says_when_it_answers() -> None:
    assert lines("de", ONE, OTHER) == "Hilfe: TelefonSeelsorge: 0800 111 0 111 oder 0800 111 0 222 (immer)."
    assert lines("en", replace(OTHER, hours="8–20"), ONE) == (
        "Help: TelefonSeelsorge: 0800 111 0 222 (8–20); TelefonSeelsorge: 0800 111 0 111 (at any hour)."
    )
    assert lines("de", ONE, replace(ONE, jurisdiction="EU")).count("0800") == 1
    # No word of another language where a language has none.
    assert lines("de", ONE, OTHER, words=False).endswith("0800 111 0 111 / 0800 111 0 222 (00:00–24:00).")
    assert lines("fr-CA", ONE, OTHER).endswith("0800 111 0 111 / 0800 111 0 222 (00:00–24:00).")


@pytest.mark.requirement("SC-3")
def test_contacts_that_speak_the_language_come_first_and_none_is_left_out() -> None:
    all_given = (ONE, SOMEBODY, LIGNE)
    found = [lines("fr-CA", *all_given).index(f": {each.value}") for each in (LIGNE, SOMEBODY, ONE)]
    assert found == sorted(found)
    assert lines("de", *all_given).startswith("Hilfe: TelefonSeelsorge")
    assert lines("zh", *all_given).startswith("Help: 112: 112")


@pytest.mark.requirement("SC-3")
def test_whoever_does_not_answer_now_comes_last() -> None:
    known = NoticeTemplate("contacts", {"de": "Hilfe. {contacts}."}, {})
    made = replace(plan([], {}, languages=STYLES), engine_labels={})
    told = Discloser(made, "de").contacts(known, known, (ONE, SOMEBODY, LIGNE), (), closed=[ONE]).text
    assert [told.index(each.value) for each in (SOMEBODY, LIGNE, ONE)] == sorted(
        told.index(each.value) for each in (SOMEBODY, LIGNE, ONE)
    )


AGAIN = NoticeTemplate(
    "desk",
    {"en": "This is the desk of the board. {law}.", "de": "Hier ist die Stelle des Amts. {law}."},
    {"informal": {"de": "Hier ist unsere Stelle vom Amt. {law}."}},
    {"en": "Still the desk.", "de": "Noch immer die Stelle."},
    {},
)


def desk(language: str, heard: set[str], **more: Any) -> str:
    speaking = rule("DE/desk", notice=AGAIN, label={})
    return " ".join(notice.text for notice in discloser(language, **more).told([speaking], heard))


def test_a_notice_is_shorter_for_whoever_heard_the_full_one() -> None:
    assert desk("en", set()) == desk("en", {"DE/other"}) == "This is the desk of the board. StGB § 86a."
    assert desk("en", {"DE/desk"}) == "Still the desk."
    # Rather the full text than another address, or another language.
    assert desk("de", {"DE/desk"}, informal=True) == "Hier ist unsere Stelle vom Amt. StGB § 86a."
    assert desk("de", {"DE/desk"}) == "Noch immer die Stelle."


def written(**texts: str) -> Written:
    """Texts by language, as a pack writes them."""
    place = Span(Source(Path("x.ord"), "x.ord", ""), 1, 1, 1, 1)
    each = tuple(TextIn(Word(tag, place), None, Word(text, place)) for tag, text in texts.items())
    return Written(each[0].text.text, place, each)


def test_a_law_is_cited_by_its_short_title_in_the_language() -> None:
    shown = law_texts(None, written(en="Act"), written(en="section 1", de="§ 1"), written(en="A 1", de="G 1"))
    assert shown.full == {ANY_LANGUAGE: "Act section 1", "en": "Act section 1", "de": "Act § 1"}
    cited = replace(law(), shown=shown)
    for language, expected in (("de", "Ausgelassen: Kennzeichen. G 1."), ("zh", "Omitted: symbols. A 1.")):
        assert told(language, rule(law=cited)) == expected
    placed = law_texts(written(en="Land", de="Das Land"), written(en="Act"), None, None)
    assert placed.short == {ANY_LANGUAGE: "Act (Land)", "en": "Act (Land)", "de": "Act (Das Land)"}
    (cause,) = causes_of(rule(law=cited))
    assert cause.law == (law().title, law().article, law().jurisdiction), "metadata does not change"
