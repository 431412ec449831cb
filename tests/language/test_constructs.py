"""What the language can say beyond its first cut: each construct runs, and each has its errors."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path

import pytest

from ordinance.loading.example_runs import run_example
from ordinance.loading.load import Loaded
from ordinance.policy.conditions import ALWAYS, All, AnyOf, Below, Is, holds
from ordinance.policy.plan import Plan, SlotLine
from ordinance.policy.vocabulary import Channel, Effect, Occasion, Rank
from ordinance.runtime.session import Session
from ordinance.runtime.situation import contacts_at, rules_in_force, situate
from support.packs import CHARTER, TODAY, all_that_ships, load_on, write_charter
from support.statute import HOUSE, STATUTE, write_house, write_statute

WRITE = {"statute": write_statute, "house": write_house, "charter": write_charter}
TEXT = {"statute": STATUTE, "house": HOUSE, "charter": CHARTER}

S, H, C = "statute", "house", "charter"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("packs")
    return load_on(write_statute(folder), write_house(folder))


@pytest.fixture(scope="module")
def plan(loaded: Loaded) -> Plan:
    return loaded.plan


def test_a_pack_of_every_construct_holds(loaded: Loaded) -> None:
    assert {item.code for item in loaded.diagnostics} == {"judge-missing", "judged-examples"}
    assert len(loaded.examples) == 27
    assert {(str(each.span.line), run_example(loaded.plan, each, TODAY).problem) for each in loaded.examples} == {
        (str(each.span.line), "") for each in loaded.examples
    }


#: kind of pack, what is replaced, by what, the code, a part of the message or of the advice
SPOILED = [
    # names and conditions
    (S, "and condition minors", "and condition miners", "name-undefined", "Did you mean `minors`?"),
    (S, "condition minors when age below 18 or", "condition minors when condition minors or", "condition-nested",
     "names another"),
    (S, "condition minors when", "condition spare when age below 3\ncondition minors when", "name-unused", "`spare`"),
    (S, "age below 18 or", "age below 18 hours or", "test-unfit", "elapsed below N hours"),
    (S, "age below 18 or", "age before 2020-01-01 or", "test-unfit", "`age` is not a date"),
    (S, "age below 18 or", "placed_on_market is tomorrow or", "test-unfit", "before 2026-08-02"),
    (S, "age below 18 or", "deployment before 2020-01-01 or", "test-unfit", "attested date"),
    (S, "before 2026-08-02", "before 2026-02-30", "date-invalid", "2026-02-30"),
    (S, "age below 18 or", "elapsed below 3 hours or", "reads-claimed", "merely claims"),
    (S, "has topic self_harm", "has topic self_ham", "name-undefined", "no topic"),
    (S, "reaches place within XZ", "reaches place within KOR", "code-invalid", "Did you mean `KR`?"),
    (S, "reaches place within XZ", "reaches place within UK", "value-unknown", "Did you mean `GB`?"),
    # law
    (S, "in force from 2025-01-01\n", "in force from 2024-12-31\n", "dates-overlap", "already in force"),
    (S, "in force from 2025-01-01\n", "in force from 2025-01-02\n", "dates-gap", "from 2025-01-01 until 2025-01-02"),
    (S, "in force from 2024-01-01\n", "in force from 2024-01-01 when age below 3\n", "dates-gap", "otherwise"),
    (S, "appeal  ombud", "appeal  ombudd", "name-undefined", "contact appeal ombudd"),
    (S, "appeal  ombud", "appeal  line", "contact-group", "contact appeal"),
    (S, "telling omitted about words\n    on trial until 2026-12-01", "telling omitted about words", "law-uncertain",
     "would enforce it"),
    (H, "on 2026-09-01", "on 2026-09-01 until 2026-01-01", "dates-inverted", "the bylaw `conduct`"),
    (H, "under   conduct\n    telling omitted", "under   conductt\n    telling omitted", "name-undefined", "no bylaw"),
    # telling
    (S, "  authority", "  # authority", "notice-unresolved", "{authority}"),
    (S, "  appeal  ombud", "  # appeal  ombud", "notice-unresolved", "{appeal}"),
    (S, " every 3 hours", "", "notice-unresolved", "{hours}"),
    (S, "every 3 hours", "every 0 hours", "hours-invalid", "every 0 hours"),
    (S, "de one", "de few", "plural-form", "de has no plural form `few`"),
    (S, 'et one "Masin, iga tund. {law}." ', "", "plural-form", "`one` of et is missing"),
    (S, 'et one "Masin', 'et "Masin', "plural-form", "some have none"),
    (S, 'en one "A', 'tlh one "A', "plural-form", "does not know the plural forms"),
    (S, 'label code  { en "code"', 'label code  { en one "code"', "plural-form", "a label has one text"),
    (S, "or {appeal}.", "or {appeals}.", "notice-variable", "Did you mean `appeal`?"),
    (S, "answer has any of", "prompt or answer has any of", "prompt-withheld", "`words`"),
    (H, "answer has topic", "prompt or answer has topic", "prompt-withheld", "`ready_answers`"),
    (S, "has pattern code", "has topic self_harm", "topic-alone", "`codes`"),
    (S, "in the same sentence", "within 0 characters", "near-invalid", "from 1 to 500"),
    (S, "in the same sentence", "within 501 characters", "near-invalid", "from 1 to 500"),
    (S, "in the same sentence", "within 1.5 characters", "near-invalid", "`within 1.5 characters`"),
    (S, "and pattern code in the same sentence", "and script is Cyrl within 9 characters", "near-sentences",
     "`in the same sentence`"),
    (S, "judged at least 0.8", "judged at least 1.8", "bound-invalid", "is never true"),
    (S, "judged at least 0.8", "judged at least 0.8.1", "bound-invalid", "Write from 0.01"),
    # slots
    (S, "same as prompt under act", "same as prompt", "syntax", "`under`"),
    (S, "reading level B1", "reading level B7", "slot-value", "A1, A2, B1"),
    (S, "reading level B1", "reading level same as prompt", "slot-value", "cannot follow"),
    (H, "address  informal", "address  polyte", "slot-value", "Did you mean `polite`?"),
    (H, "address  informal", "address  informal address formal", "name-twice", "`address` is set twice"),
    (H, "pedagogy guided", "script latin", "slot-value", "Latn"),
    (H, "pedagogy guided", "script Zxqr", "slot-value", "Latn"),
    (H, "pedagogy guided", "numbers de_DE", "slot-value", "language tag"),
    (H, "lesson is language_lesson", "lesson is language_leson", "value-unknown", "Did you mean"),
    (H, "section 1", "speak { }\nsection 1", "name-twice", "has two `speak`"),
    (H, "  without adapter answer telling poorer\n", "  without adapter answer telling poorer\n" * 2, "name-twice",
     "says `without adapter` twice"),
    (H, "  on miss ask once more\n", "  on miss ask once more\n" * 2, "name-twice", "says `on miss` twice"),
    (H, "ask once more", "ask twice", "unknown-word", "`twice`"),
    (S, "speak {", "speak { on miss ask once more ", "syntax", "`on miss ask once more`"),
    (H, "answer telling poorer", "answer telling poorest", "name-undefined", "Did you mean `poorer`?"),
    (H, "answer telling poorer", "answer telling welcome", "notice-unresolved", "{law}"),
    (H, ' et "Kehvem."', "", "notice-text", "no text in et"),
    (H, "without adapter answer", "without adapter maybe", "unknown-word", "`maybe`"),
    (H, "welcome {", "adapter {", "name-keyword", "adapter"),
    (S, "speak {", "speak { without adapter answer telling omitted ", "syntax", "elsewhere also `without adapter"),
    # kinds of pack
    (H, "limit 1.1", "withhold 1.1", "wrong-kind", "a house writes `limit`"),
    (H, "bylaw conduct", "law conduct", "wrong-kind", "Only a jurisdiction"),
    (H, "house example_school", "jurisdiction XH", "wrong-kind", "a jurisdiction pack where a house"),
    (H, "house example_school", "house example-school", "name-invalid", "`example_school`"),
    (H, 'reason  "Pupils learn by solving."', "", "syntax", "reason under"),
    (H, "dimension lesson attested", "dimension lesson claimed", "reads-claimed", "attested dimensions only"),
    # examples
    (S, "given elapsed 3", "given elapsed three", "example-given", "whole number"),
    (S, "date 2026-12-02", "date yesterday", "example-given", "is a date"),
    (S, 'number   "0800 111"', 'number   "0900-111"', "contact-superseded", "`line`"),
    (S, "replaces line", "replaces lines", "name-undefined", "no contact"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "old", "new", "code", "said"), SPOILED)
def test_one_thing_wrong(kind: str, old: str, new: str, code: str, said: str, tmp_path: Path) -> None:
    assert old in TEXT[kind]
    loaded = load_on(WRITE[kind](tmp_path, TEXT[kind].replace(old, new, 1)))
    assert loaded.compiled is None
    found = [item for item in loaded.diagnostics if item.code == code]
    assert found, [(item.code, item.message) for item in loaded.diagnostics]
    assert any(said in f"{item.message} {item.help}" for item in found), found


@pytest.mark.semantics(24)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lexicon words and pattern code in", "lexicon words and judged at least 0.8 in", "`judged`"),
    ],
)
def test_what_cannot_run_yet_is_a_load_error_that_says_so(old: str, new: str, said: str, tmp_path: Path) -> None:
    found = load_on(write_statute(tmp_path, STATUTE.replace(old, new, 1))).diagnostics
    assert [said in item.message and bool(item.help) for item in found if item.code == "not-yet"] == [True]


BASE64 = base64.b64encode(b"One badge secret.").decode()


@pytest.mark.requirement("RL-7")
@pytest.mark.semantics(25)
@pytest.mark.parametrize("disguise", ["b a d g e  s e c r e t", BASE64])
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("XZ/words", "lexicon words, judged at least 0.8"),
        ("XZ/codes", "prompt or answer has any of lexicon words, pattern code"),
    ],
)
def test_a_rule_sees_through_disguise_where_it_says_so(name: str, found: str, disguise: str, tmp_path: Path) -> None:
    """Withheld and masked, and for a mask also in what is asked; the same rule without the words lets it pass."""
    text = STATUTE.replace("has pattern code", "has any of lexicon words, pattern code")
    text = text.replace("paragraph at most 1000", "span")
    for written, seen in ((text, False), (text.replace(found, f"{found} even disguised"), True)):
        plan = load_on(write_statute(tmp_path, written)).plan
        attested = {"deployment": "school"} if name == "XZ/words" else {"deployment": "office"}
        session = Session(plan, situate(plan, jurisdiction="XZ", attested=attested, on=TODAY), "en")
        assert session.screen([disguise]) is False
        assert (disguise in session.mask(f"It is {disguise}, no?")) is not (seen and name == "XZ/codes")
        stream = session.stream()
        said = "".join(map(stream.feed, f"It is {disguise}, no?")) + stream.close()
        assert (disguise in said) is not seen
        assert (name in session.outcome().rules) is seen


def rule(plan: Plan, name: str) -> object:
    return next(rule for rule in plan.rules if rule.id == name)


def test_every_effect_reaches_the_plan(plan: Plan) -> None:
    rules = {rule.id.partition("/")[2]: rule for rule in plan.rules if rule.id.startswith(("XZ/", "example_school/"))}
    effects = {name: rule.effect for name, rule in rules.items()}
    assert effects == {
        "words": Effect.WITHHOLD,
        "personal_code": Effect.MASK,
        "cyrillic": Effect.WITHHOLD,
        "pairs": Effect.WITHHOLD,
        "codes": Effect.MASK,
        "often": Effect.SAY,
        "marked": Effect.MARK,
        "thinking": Effect.WITHHOLD,
        "help": Effect.PROVIDE,
        "ready_answers": Effect.WITHHOLD,
        "welcome": Effect.SAY,
    }
    assert (rules["words"].scope.unit, rules["words"].scope.bound) == ("paragraph", 1000)
    assert rules["codes"].placeholders == {"en": "code", "de": "Code", "et": "kood"}
    assert not rules["codes"].told
    assert rules["codes"].channels == {Channel.PROMPT, Channel.ANSWER}
    assert (rules["often"].occasion, rules["often"].hours) == (Occasion.FIRST_OF_DAY, 3)
    assert rules["thinking"].channels == {Channel.REASONING}
    assert rules["help"].contacts == "crisis"


@pytest.mark.requirement("LAW-4")
def test_hours_take_the_plural_form_of_each_language(tmp_path: Path) -> None:
    for hours, said in (("3", "every 3 hours"), ("1", "every hour")):
        folder = tmp_path / hours
        text = STATUTE.replace("every 3 hours", f"every {hours} hours").replace("given elapsed 2", "given place AT")
        plan = load_on(write_statute(folder, text)).plan
        notice = next(rule.notice for rule in plan.rules if rule.id == "XZ/often")
        assert said in notice.texts["en"]


@pytest.mark.requirement("LAW-2")
@pytest.mark.parametrize(
    ("placed", "on", "applies"),
    [
        (None, date(2023, 12, 31), False),
        (None, date(2024, 1, 1), True),
        (None, date(2025, 1, 1), True),
        ("2026-08-01", date(2026, 12, 1), False),
        ("2026-08-01", date(2026, 12, 2), True),
        ("2026-08-02", date(2026, 12, 1), True),
    ],
)
def test_a_transition_stands_for_the_date_that_holds_otherwise(
    plan: Plan, placed: str | None, on: date, applies: bool
) -> None:
    attested = {"placed_on_market": placed} if placed else {}
    situation = situate(plan, jurisdiction="XZ", attested=attested, on=on)
    assert ("XZ/codes" in {rule.id for rule in rules_in_force(plan, situation)}) is applies


def test_a_rule_acts_from_the_day_on_which_its_trial_ends(plan: Plan) -> None:
    def trials(on: date) -> dict[str, bool]:
        return {rule.id: rule.trial for rule in rules_in_force(plan, situate(plan, jurisdiction="XZ", on=on))}

    assert trials(date(2026, 11, 30))["XZ/marked"]
    assert not trials(date(2026, 12, 1))["XZ/marked"]
    assert trials(date(2026, 12, 1))["XZ/thinking"], "an uncertain law enforces on no day"


def test_a_test_without_a_judge_is_struck_out(plan: Plan, tmp_path: Path) -> None:
    own = [(each.rule, each.test) for each in plan.struck if each.rule.startswith("XZ/")]
    assert own == [("XZ/words", "judged at least 0.8")]
    text = STATUTE.replace("has any of lexicon words, judged", "judged").replace('Only one secondary source."', '-"')
    alone = load_on(write_statute(tmp_path, text))
    rule = next(rule for rule in alone.plan.rules if rule.id == "XZ/words")
    assert (rule.detectors, rule.trial, rule.after_trial) == ((), True, None)
    assert all(
        run_example(alone.plan, each).off
        for each in alone.examples
        if each.rule == "XZ/words" and each.expects == "fires"
    )


@pytest.mark.requirement("SC-1")
@pytest.mark.parametrize(
    ("place", "names"), [("XZ", ["Line"]), ("XZ-A", ["Local line"]), ("XZ-B", ["Local line"]), ("XZ-C", ["Line"])]
)
def test_a_local_contact_stands_instead_of_the_one_it_replaces(plan: Plan, place: str, names: list[str]) -> None:
    found = contacts_at(plan, situate(plan, jurisdiction="XZ", attested={"place": place}))
    assert [each.name for each in found if each.group == "crisis"] == names


def test_notices_say_who_sees_to_a_law_and_whom_to_turn_to(plan: Plan) -> None:
    situation = situate(plan, jurisdiction="XZ", attested={"deployment": "school"}, on=TODAY)
    session = Session(plan, situation, "en")
    stream = session.stream()
    said = stream.feed("A badge secret.") + stream.close()
    assert "Left out: words. Act section 1 (Zedland). Ask Zed Authority, or Ombudsman: https://ombud.example." in said


# Houses


def test_a_house_limits_a_topic_under_its_bylaw_everywhere(plan: Plan) -> None:
    for jurisdiction in (None, "XZ"):
        session = Session(plan, situate(plan, jurisdiction=jurisdiction, on=TODAY), "en")
        stream = session.stream()
        said = stream.feed("The badge secret is 42.") + stream.close()
        assert "42" not in said
        assert said.endswith("Legal basis: Kodukord.")


def test_a_house_applies_only_where_it_is_named() -> None:
    assert not [unit for unit in all_that_ships().plan.packs if unit.kind == "house"]


def test_a_house_sets_how_notices_address_people(plan: Plan) -> None:
    assert {style.address for style in plan.languages.values()} == {"informal"}


# Slots


def value(line: SlotLine, **situation: str) -> str:
    return next((said for condition, said in line.values if holds(condition, situation.get)), "")


@pytest.mark.semantics(15)
def test_slots_keep_their_conditions_and_their_rank(plan: Plan) -> None:
    lines = {(line.pack, line.slot): line for line in plan.slots}
    house, law = lines["example_school", "language"], lines["XZ", "language"]
    assert (house.rank, law.rank, lines["de", "address"].rank) == (Rank.HOUSE, Rank.LAW, Rank.DEFAULT)
    assert law.law is not None
    assert (value(house), value(house, lesson="language_lesson"), value(house, lesson="other")) == (
        "et",
        "prompt",
        "et",
    )
    assert (value(law, place="XZ-B"), value(law, place="XZ"), value(law)) == ("de", "prompt", "prompt")
    level = lines["XZ", "reading level"]
    assert (value(level, age="12"), value(level, age="40"), value(level)) == ("B1", "", "")


REFINED = [
    ("language et", [(ALWAYS, "et")]),
    ("language et when age below 9 otherwise de", [(Below("age", 9), "et"), (ALWAYS, "de")]),
    ("language et unless age below 9", [(Below("age", 9), ""), (ALWAYS, "et")]),
    (
        "language et when age below 9 otherwise de when age below 12 otherwise fr",
        [(Below("age", 9), "et"), (Below("age", 12), "de"), (ALWAYS, "fr")],
    ),
    (
        "language et unless age below 12 otherwise de when age below 9 otherwise fr",
        [(All((Below("age", 12), Below("age", 9))), "de"), (Below("age", 12), "fr"), (ALWAYS, "et")],
    ),
]


@pytest.mark.parametrize(("line", "values"), REFINED)
def test_refinements_read_from_left_to_right(line: str, values: list[object], tmp_path: Path) -> None:
    text = HOUSE.replace("language et unless lesson is language_lesson otherwise same as prompt", line)
    text = text.replace("dimension lesson attested one of language_lesson, other\n", "")
    plan = load_on(write_house(tmp_path, text)).plan
    found = next(each for each in plan.slots if each.slot == "language" and each.rank is Rank.HOUSE)
    assert list(found.values) == values


def test_a_line_is_refined_no_more_than_a_reader_can_follow(tmp_path: Path) -> None:
    line = "language et" + " when age below 9 otherwise de" * 21
    text = HOUSE.replace("language et unless lesson is language_lesson otherwise same as prompt", line)
    assert "too-deep" in {item.code for item in load_on(write_house(tmp_path, text)).diagnostics}


# The charter's own exceptions


def test_the_charter_alone_excepts_from_a_red_line_by_what_is_attested(tmp_path: Path) -> None:
    text = CHARTER.replace(
        "when    prompt or answer has lexicon persecution\n",
        "when    prompt or answer has lexicon persecution\n    except  courts when purpose is research\n",
    )
    plan = load_on(write_charter(tmp_path, text.replace("charter baseline 1.0.0", "charter own 1.0.0"))).plan
    persecution = next(rule for rule in plan.rules if rule.id == "own/persecution")
    assert [(each.name, each.law, each.condition) for each in persecution.exemptions] == [
        ("courts", None, Is("purpose", frozenset({"research"})))
    ]
    for purpose, applies in (("research", False), ("general", True)):
        situation = situate(plan, jurisdiction=None, attested={"purpose": purpose})
        assert (persecution in rules_in_force(plan, situation)) is applies


def test_a_law_that_was_amended_since_it_was_seen_is_a_warning(tmp_path: Path) -> None:
    text = STATUTE.replace('"Act 7 of 2025" on 2025-01-01', '"Act 8 of 2026" on 2026-11-02')
    loaded = load_on(write_statute(tmp_path, text))
    assert loaded.plan
    assert ["before it was amended" in item.message for item in loaded.diagnostics if item.code == "date-stale"] == [
        True
    ]


def test_an_empty_speak_is_an_error(tmp_path: Path) -> None:
    head, _, rest = HOUSE.partition("speak {")
    text = f"{head}speak {{\n}}{rest.partition('}')[2]}".replace("dimension lesson", "# dimension lesson")
    text = text.replace("notice poorer", "# notice poorer")
    codes = [item.code for item in load_on(write_house(tmp_path, text)).diagnostics]
    assert codes == ["speak-empty"]


@pytest.mark.parametrize("name", ["слова", "言葉とカタカナ", "단어", "λέξεις", "शब्द", "መዝገብ"])
def test_names_are_written_in_any_one_script(name: str, tmp_path: Path) -> None:
    assert load_on(write_house(tmp_path, HOUSE.replace("ready_answers", name))).plan


def test_a_condition_that_is_not_there_matches_nothing() -> None:
    assert not holds(AnyOf(()), lambda _: None)
