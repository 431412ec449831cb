"""How to speak: of what packs, the request and the law say, each slot has one value in force (semantics, rule 15)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.policy.plan import Plan
from ordinance.runtime.manners import Manner, manner
from ordinance.runtime.situation import chosen_locale, situate
from support.manners import house, language, loaded, plan_of, state, with_notice
from support.packs import TODAY, errors


def speak(
    plan: Plan,
    locale: str | None = None,
    jurisdiction: str | None = None,
    on: date = TODAY,
    asked: Mapping[str, str] | None = None,
    **attested: str,
) -> Manner:
    return manner(plan, situate(plan, jurisdiction=jurisdiction, attested=attested, on=on), locale, asked or {})


@pytest.mark.semantics(15)
@pytest.mark.requirement("CC-1")
def test_a_house_replaces_a_default_a_request_a_house_and_nothing_a_law(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        language("fr", "language fr", "address formal", "units metric", "register neutral"),
        house("address informal", "units uk", "register casual"),
        state("register official"),
    )
    asked = {"units": "us", "register": "casual", "pedagogy": "guided"}
    assert speak(plan, "fr").slots == {
        "address": "informal", "language": "fr", "register": "casual", "units": "uk",
    }  # fmt: skip
    assert speak(plan, "fr", "XA", asked=asked).slots == {
        "address": "informal", "language": "fr", "pedagogy": "guided", "register": "official", "units": "us",
    }  # fmt: skip


@pytest.mark.semantics(15)
@pytest.mark.parametrize(
    ("locale", "slots"),
    [
        ("fr-CA", {"address": "informal", "language": "fr-CA", "numbers": "fr-CA", "units": "metric"}),
        ("fr", {"address": "formal", "language": "fr", "units": "metric"}),
        ("fr-BE", {"address": "formal", "language": "fr", "units": "metric"}),
        ("de", {"language": "de"}),
        ("ja", {}),
        (None, {}),
    ],
)
def test_defaults_are_those_of_the_language_that_fits_and_of_its_parents(
    locale: str | None, slots: dict[str, str], tmp_path: Path
) -> None:
    plan = plan_of(
        tmp_path,
        language("fr", "language fr", "address formal", "units metric"),
        language("fr-CA", "language fr-CA", "address informal", "numbers fr-CA"),
        language("de", "language de"),
    )
    assert speak(plan, locale).slots == slots


@pytest.mark.semantics(2)
@pytest.mark.semantics(15)
def test_a_locale_that_nobody_chose_sets_nothing(tmp_path: Path) -> None:
    """Notices are in some language always; nobody is answered in English because he asked for nothing."""
    plan = plan_of(tmp_path, language("en", "language en"), language("de", "language de"))
    assert chosen_locale(plan, ["ja"], None) is None
    assert chosen_locale(plan, ["ja"], "de-AT") == "de-AT"
    assert chosen_locale(plan, ["ja", "en-GB"], "de-AT") == "en-GB"
    assert speak(plan, "de-AT").language == "de"


@pytest.mark.semantics(15)
@pytest.mark.requirement("LAW-2")
@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize(
    ("jurisdiction", "place", "on", "bound"),
    [
        ("XA", "XA", date(2020, 1, 1), True),
        ("XA", "XA", date(2019, 12, 31), False),
        ("XA", "XA", date(2090, 1, 1), False),
        ("XA", "unknown", TODAY, False),
        ("XA", "DE", TODAY, False),
        ("XA-B", "XA-B", TODAY, True),
        (None, "XA", TODAY, False),
    ],
)
def test_a_law_binds_where_it_decides_while_it_is_in_force_and_where_it_reaches(
    jurisdiction: str | None, place: str, on: date, bound: bool, tmp_path: Path
) -> None:
    inner = state("units metric", name="XA-B", within="within XA")
    plan = plan_of(tmp_path, state("reading level B1"), inner)
    assert ("reading level" in speak(plan, None, jurisdiction, on, place=place).slots) is bound


@pytest.mark.semantics(15)
def test_refinements_read_the_situation_and_the_language(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        language("fr", "language fr"),
        language("de", "language de"),
        house(
            "address formal when age below 18 otherwise informal when purpose is research otherwise same as prompt",
            "reading level B1 when language is fr",
        ),
    )
    assert speak(plan, "de", age="12").slots["address"] == "formal"
    assert speak(plan, "de", age="40", purpose="research").slots["address"] == "informal"
    assert speak(plan, "de").slots["address"] == "prompt"
    assert "reading level" in speak(plan, "fr-CA").slots
    assert "reading level" not in speak(plan, "de").slots
    assert "reading level" not in speak(plan, None).slots


def test_the_language_of_the_prompt_is_no_language_that_is_known(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, house("language et unless purpose is research otherwise same as prompt"))
    assert (speak(plan).language, speak(plan, purpose="research").language) == ("et", None)
    assert speak(plan_of(tmp_path, house("units metric"))).language is None


VALUES = {"address": ["formal", "informal"], "units": ["metric", "us"], "language": ["et", "de", "same as prompt"]}
CONDITIONS = ["purpose is art", "purpose is one of art, education", "age below 18", "place within XA", "language is fr"]


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    slots = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, min_size=1))
    written = []
    for slot in slots:
        values = st.sampled_from(VALUES[slot])
        line = f"{slot} {draw(values)}"
        for _ in range(draw(st.integers(0, 2))):
            word, condition = draw(st.sampled_from(["when", "unless"])), draw(st.sampled_from(CONDITIONS))
            line += f" {word} {condition} otherwise {draw(values)}"
        if draw(st.booleans()):
            line += f" when {draw(st.sampled_from(CONDITIONS))}"
        written.append(line)
    return written


#: Every situation that the conditions above can tell apart.
SITUATIONS = [
    (jurisdiction, locale, {k: v for k, v in (("purpose", purpose), ("age", age), ("place", place)) if v})
    for jurisdiction, locale, purpose, age, place in itertools.product(
        (None, "XA", "XA-B"), (None, "fr", "de"), (None, "art", "education", "general"), (None, "12", "40"),
        ("unknown", "XA", "XA-B", "DE"),
    )
]  # fmt: skip


LANGUAGES = [language("fr"), language("de")]
PLACES = {"XA": "", "XA-B": "within XA"}


def bare(place: str) -> str:
    return f'jurisdiction {place} 1.0.0 under charter baseline 1\ntitle "A state"\n{PLACES[place]}\n'


def in_each_situation(plan: Plan) -> list[dict[str, str]]:
    return [dict(speak(plan, locale, place, TODAY, None, **facts).slots) for place, locale, facts in SITUATIONS]


@pytest.mark.semantics(15)
@pytest.mark.requirement("OB-1")
@settings(max_examples=20)
@given(both=st.tuples(lines(), lines()), laws=st.booleans())
def test_a_policy_loads_where_packs_of_one_rank_agree_and_then_says_what_they_say(
    both: tuple[list[str], list[str]], laws: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """``check`` proves it of all situations at once; here each is looked at by itself."""
    if laws:
        packs = [state(*said, name=name, within=PLACES[name]) for said, name in zip(both, PLACES, strict=True)]
        beside = [[bare("XA-B")], [bare("XA")]]
    else:
        packs = [house(*said, name=name) for said, name in zip(both, ("office", "school"), strict=True)]
        beside = [[bare("XA"), bare("XA-B")]] * 2
    one, two = (
        in_each_situation(plan_of(tmp_path_factory.mktemp("one"), pack, *LANGUAGES, *others))
        for pack, others in zip(packs, beside, strict=True)
    )
    agree = all(here[slot] == there[slot] for here, there in zip(one, two, strict=True) for slot in here.keys() & there)
    together = loaded(tmp_path_factory.mktemp("both"), *packs, *LANGUAGES, *([] if laws else beside[0]))
    assert ("slots-conflict" not in errors(together)) is agree
    if agree:
        joined = [here | there for here, there in zip(one, two, strict=True)]
        assert in_each_situation(together.plan) == joined


# What follows without an adapter


@pytest.mark.semantics(15)
def test_what_a_house_says_of_a_missing_adapter_goes_before_what_a_language_says(tmp_path: Path) -> None:
    fr = with_notice(language("fr", "language fr", "without adapter answer telling none"), "fr")
    de = language("de", "language de")
    said = speak(plan_of(tmp_path, fr, de), "fr-CA").without
    assert said is not None
    assert (said.id, said.declines, said.notice.texts) == ("fr/adapter", False, {"fr": "No adapter (fr)."})
    assert speak(plan_of(tmp_path, fr, de), "de").without is None
    assert speak(plan_of(tmp_path, fr, de), None).without is None
    desk = with_notice(house("without adapter decline telling none", name="desk"), "de", "fr")
    for locale in ("fr", "de", None):
        said = speak(plan_of(tmp_path, fr, de, desk), locale).without
        assert said is not None
        assert (said.id, said.declines) == ("desk/adapter", True)


def test_what_follows_without_an_adapter_is_enough_for_a_speak(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, with_notice(house("without adapter answer telling none"), "de", "en", "et"))
    assert [each.id for each in plan.without] == ["school/adapter"]


def test_a_notice_of_a_missing_adapter_may_not_hold_what_a_rule_leaves_out(tmp_path: Path) -> None:
    pack = with_notice(house("without adapter answer telling none"), "de", "en", "et").replace("(et)", "zebra")
    limit = (
        'lexicon words from "lexicons/words.txt"\nbylaw b { title "B" adopted by "C" on 2026-09-01 }\n'
        'label l { en "a word" de "ein Wort" et "sõna" }\n'
        'section 1 "S" { limit 1.1 l { when answer has lexicon words scope span\n'
        'reason "R" under b telling omitted about l example fires answer "zebra" example quiet answer "no" } }\n'
    )
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "lexicons" / "words.txt").write_text("zebra\n", "utf-8")
    found = loaded(tmp_path, pack + limit).diagnostics
    assert [(item.code, "of `without adapter` contains what `l`" in item.message) for item in found] == [
        ("notice-reveals", True)
    ]


@pytest.mark.semantics(46)
def test_the_pack_that_sets_a_slot_says_whether_to_ask_once_more(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        language("fr", "language fr", "address formal", "units metric", "on miss ask once more"),
        house("address informal"),
        state("units metric"),
    )
    assert speak(plan, "fr").asks == {"language", "units"}, "the house sets the address, and does not ask"
    assert speak(plan, "fr", "XA").asks == {"language"}, "a law does not ask"
    assert speak(plan, "fr", asked={"units": "us"}).asks == {"language"}, "nor does a request"
    assert speak(plan, "de").asks == frozenset()


@pytest.mark.semantics(46)
def test_of_two_houses_that_agree_one_is_enough(tmp_path: Path) -> None:
    one, two = house("address formal"), house("address formal", "on miss ask once more", name="club")
    assert speak(plan_of(tmp_path, one, two), None).asks == {"address"}
