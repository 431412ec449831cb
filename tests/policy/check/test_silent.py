"""The lemma never silent: what is omitted or added is told, in every language, in whole words, or nothing loads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ordinance.language.diagnostics import Diagnostic
from ordinance.policy.check.silent import check_silent
from ordinance.policy.ir import Policy, Rule
from ordinance.policy.link.linker import link
from ordinance.policy.plan import UNTOLD, NoticeTemplate, WithoutAdapter
from ordinance.policy.vocabulary import Rank
from support.packs import LANGUAGE, errors, load_on, write_language
from support.worlds import LawOf, RuleOf, World, units

LAW = LawOf(("within", "place", "EE"), "not", date(2026, 1, 1), None)
WORLD = World(
    {
        "EU": (),
        "EE": (
            RuleOf("r1", ("alpha",), False, None, (), 0, LAW),
            RuleOf("r2", (), False, None, (), 0, LAW, "every"),
        ),
    },
    languages=("de", "en"),
)


def found(policy: Policy) -> list[Diagnostic]:
    findings: list[Diagnostic] = []
    check_silent(policy, findings.append)
    return findings


def spoiled(name: str, notice: NoticeTemplate, **other: object) -> list[tuple[str, str]]:
    policy = link(units(WORLD), "")

    def spoil(rule: Rule) -> Rule:
        return replace(rule, notice=notice, **other) if rule.id == name else rule  # type: ignore[arg-type]

    return [(item.code, item.message) for item in found(replace(policy, rules=tuple(map(spoil, policy.rules))))]


@pytest.mark.requirement("TR-1")
def test_what_is_told_in_every_language_is_not_silent() -> None:
    assert found(link(units(WORLD), "")) == []


@pytest.mark.requirement("TR-2")
@pytest.mark.parametrize(
    ("texts", "informal", "code", "said"),
    [
        ({"en": "{type} {law}", "de": " "}, {}, "notice-text", "has no text in de"),
        ({"en": "{type}", "de": "{type} {law}"}, {}, "notice-silent", "lacks {law} in en"),
        ({"en": "{type} {law}", "de": "{type} {law}"}, {"de": "{law}"}, "notice-silent", "lacks {type} in de"),
        ({"en": "{type} {law}", "de": "{type} {law} {appeal}"}, {}, "notice-unresolved", "{appeal} in de, which"),
        ({"en": "{type} {law} {match}", "de": "{type} {law}"}, {}, "notice-unresolved", "{match} in en, which is"),
    ],
)  # fmt: skip
def test_a_finding_names_rule_language_and_situation(
    texts: dict[str, str], informal: dict[str, str], code: str, said: str
) -> None:
    [(given, message)] = spoiled("EE/r1", NoticeTemplate("omitted", texts, {"informal": informal}))
    assert given == code
    assert "the notice of `r1` " in message
    assert said in message
    assert "as an operator in EE, place EE" in message


def test_an_omission_without_notice_or_label_is_silent() -> None:
    assert {code for code, _ in spoiled("EE/r1", UNTOLD)} == {"notice-text"}
    assert {code for code, _ in spoiled("EE/r1", NoticeTemplate("omitted", {"et": "{type} {law}"}, {}))} == {
        "notice-text"
    }
    whole = NoticeTemplate("omitted", {"en": "{type} {law}", "de": "{type} {law}"}, {})
    assert {code for code, _ in spoiled("EE/r1", whole, label={"et": "liik"})} == {"label-text"}
    assert spoiled("EE/r1", UNTOLD, told=False) == []


@pytest.mark.requirement("TR-6")
def test_who_reads_a_language_that_a_pack_does_not_speak_is_told_in_another_whole() -> None:
    english = NoticeTemplate("omitted", {"en": "{type} {law}"}, {})
    assert spoiled("EE/r1", english) == []
    assert spoiled("EE/r1", english, label={"en": "a kind", "de": "eine Art"}) == []
    assert spoiled("EE/r1", english, label={"de": "eine Art"}) != []


def test_an_addition_names_its_law() -> None:
    assert {code for code, _ in spoiled("EE/r2", NoticeTemplate("m", {"en": "Hi.", "de": "Hallo."}, {}))} == {
        "notice-silent"
    }


@pytest.mark.requirement("SC-2")
@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        (" : {contacts}", "", "notice-silent", "the notice `contacts` lacks {contacts} in fr: any situation"),
        ("appelez", "{law} appelez", "notice-unresolved", "the notice `contacts_unknown` contains {law} in fr"),
    ],
)
def test_a_notice_of_the_engine_says_whom_to_call(old: str, new: str, code: str, said: str, tmp_path: Path) -> None:
    assert old in LANGUAGE
    loaded = load_on(write_language(tmp_path, LANGUAGE.replace(old, new, 1)))
    assert errors(loaded) == [code]
    assert any(said in item.message for item in loaded.diagnostics)


@pytest.mark.requirement("TR-1")
@pytest.mark.parametrize(
    ("texts", "language", "code"),
    [
        ({"en": "None.", "de": "Keiner."}, "", None),
        ({"en": "None."}, "", None),
        ({}, "", "notice-text"),
        ({"de": "Keiner."}, "de", None),
        ({"en": "None."}, "de", "notice-text"),
        ({"en": "None.", "de": "{type}."}, "", "notice-unresolved"),
    ],
)
def test_a_missing_adapter_is_told_in_every_language_in_which_it_can_be(
    texts: dict[str, str], language: str, code: str | None
) -> None:
    policy = link(units(WORLD), "")
    rank = Rank.DEFAULT if language else Rank.HOUSE
    without = WithoutAdapter(language or "desk", rank, False, NoticeTemplate("none", texts, {}), language)
    findings = found(replace(policy, without=(without,)))
    assert list(dict.fromkeys(item.code for item in findings)) == ([code] if code else [])
    assert all("/adapter` " in item.message for item in findings)
