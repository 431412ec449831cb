"""What the packs of places can and cannot do: numbers, bans, labels, masks and overlays, as people meet them."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from ordinance.authoring.explanation import explain
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.wording import Wording, words_in
from ordinance.language.ast import ContactDecl
from ordinance.loading.load import Loaded, load
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Effect, NoticeKind
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import CASES, RULES
from support.packs import SHIPPED_CHARTER, TODAY, errors

REFUSED = CASES / "packs" / "AE" / "refused" / "AE.ord"
DISTRESS = "ordinance-canary-self-harm-a60f38"
#: The places whose packs have no law of their own that has been read.
UNREAD = {"AT", "BR", "CH", "EE", "ES", "FI", "LU", "PL", "US"}
SUPERSEDED = {"199 284 284", "1393", "1577-0199", "141", "1-800-273-8255", "08457 90 90 90"}


def answered(
    plan: Plan, answer: str, prompt: str = "Hello.", at: str = "DE", locale: str = "en", **facts: str
) -> Session:
    """A session that has given ``answer`` to ``prompt``."""
    situation = situate(plan, jurisdiction=at, attested=facts, turn=2, on=TODAY)
    session = Session(plan, situation, locale)
    session.screen([prompt])
    stream = session.stream()
    stream.feed(answer)
    stream.close()
    return session


def contacts(session: Session) -> str:
    return " ".join(each.text for each in session.outcome().notices if each.kind is NoticeKind.CONTACT)


@pytest.mark.requirement("SC-1")
@pytest.mark.requirement("SC-3")
@pytest.mark.parametrize(
    ("place", "attested", "numbers"),
    [
        ("FR", {}, {"3114"}),
        ("IT", {}, {"02 2327 2327"}),
        ("ES", {}, {"024"}),
        ("FI", {}, {"09 2525 0111", "09 2525 0112", "09 2525 0113", "09 2525 0114", "09 2525 0115"}),
        ("JP", {}, {"0120-279-338", "0120-061-338", "0120-783-556", "0570-064-556"}),
        ("JP", {"place": "JP-04"}, {"0120-279-226", "0120-061-338", "0120-783-556", "0570-064-556"}),
        ("KR", {}, {"109"}),
        ("IN", {}, {"14416"}),
        ("BR", {}, {"188"}),
        ("US", {}, {"988"}),
        ("US-CA", {}, {"988"}),
        ("US-NY", {}, {"988"}),
        ("CH", {}, set()),
        ("AE", {}, set()),
        ("CN", {}, set()),
    ],
)
def test_each_place_has_its_own_numbers_and_no_other(
    place: str, attested: dict[str, str], numbers: set[str], plan: Plan
) -> None:
    told = contacts(answered(plan, "I am sorry.", DISTRESS, place, **attested))
    every = {contact.value for contact in plan.contacts}
    assert told
    assert {value for value in every if re.search(rf"(?<![\d-]){re.escape(value)}(?![\d-])", told)} == numbers


@pytest.mark.requirement("SC-1")
def test_whose_hours_are_known_comes_before_who_has_closed(plan: Plan) -> None:
    """At three in the night in Rome the Italian line is closed: its hours are told, and it is the only one."""
    assert "(09:00–24:00)" in contacts(answered(plan, "Mi dispiace.", DISTRESS, "IT"))


@pytest.mark.requirement("SC-2")
def test_what_a_number_was_formerly_is_never_a_contact(everything: Loaded) -> None:
    assert everything.policy is not None
    declared = [each for unit in everything.policy.units for each in unit.pack.each(ContactDecl)]
    assert not SUPERSEDED & {each.value.text for each in declared}
    assert SUPERSEDED - {"08457 90 90 90"} == {word.text for each in declared for word in each.formerly}


@pytest.mark.requirement("LAW-1")
def test_a_place_without_law_says_so_and_has_no_rule(everything: Loaded) -> None:
    assert everything.policy is not None
    said = {unit.name for unit in everything.policy.units if unit.pack.kind == "jurisdiction" and unit.pack.records}
    assert said == UNREAD
    assert not {rule.id for rule in everything.plan.rules if rule.id.partition("/")[0] in UNREAD}


@pytest.mark.requirement("OB-3")
@pytest.mark.requirement("CC-5")
def test_standards_for_content_that_ban_civic_words_do_not_load(tmp_path: Path) -> None:
    """Neither as they are, under a law that is not certain, nor as if it were certain."""
    assert "law-uncertain" in errors(load([REFUSED], on=TODAY))
    text = REFUSED.read_text("utf-8")
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "lexicons" / "criticism.txt").write_text(
        (REFUSED.parent / "lexicons" / "criticism.txt").read_text("utf-8"), "utf-8"
    )
    certain = "".join(line for line in text.splitlines(keepends=True) if "uncertain" not in line)
    (tmp_path / "AE.ord").write_text(certain, "utf-8")
    loaded = load([tmp_path / "AE.ord"], on=TODAY)
    assert set(errors(loaded)) == {"civic-ban"}
    told = " ".join(item.message for item in loaded.diagnostics if item.code == "civic-ban")
    assert "`elections`" in told
    assert "المعارضة" in told


@pytest.mark.requirement("LAW-3")
def test_a_law_of_one_place_stays_there(plan: Plan) -> None:
    labelled = {
        place: sorted(rule.id for rule in plan.rules if rule.effect is Effect.SAY and rule.id.startswith(f"{place}/"))
        for place in ("KR", "CN", "US-CA", "US-NY")
    }
    for place, ids in labelled.items():
        assert ids
        other = json.dumps(answered(plan, "Hello.", at="JP").record(), default=str)
        assert f"{place}/" not in other


@pytest.mark.requirement("TR-6")
def test_who_reads_a_language_that_no_pack_has_is_told_in_english(plan: Plan) -> None:
    told = answered(plan, "Er rief Sieg Heil.", at="DE", locale="sv").outcome().notices
    assert next(each.text for each in told).startswith("Left out for legal reasons. Type: symbols of")


@pytest.mark.requirement("RL-3")
@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("Isikukood 49403136515.", True),
        ("Isikukood 49403136516.", False),
        ("Ruum 494, telefon 600 0112.", False),
        ("IBAN EE38 2200 2210 2014 5685.", True),
        ("IBAN EE38 2200 2210 2014 5686.", False),
    ],
)
def test_an_office_shows_nobodys_number_and_its_own(text: str, left_out: bool) -> None:
    office = load([RULES / "jurisdictions" / "EE", RULES / "houses" / "example_office"], on=TODAY).plan
    session = Session(office, situate(office, jurisdiction="EE", turn=2, on=TODAY), "et")
    stream = session.stream()
    assert (stream.feed(text) + stream.close() != text) is left_out


@pytest.mark.requirement("U18-1")
@pytest.mark.requirement("EDU-1")
@pytest.mark.requirement("RL-6")
@pytest.mark.parametrize("house", ["minors", "classroom"])
def test_an_overlay_only_tightens(house: str) -> None:
    """Whatever is taken out, said or offered without the house is so with it."""
    place = RULES / "jurisdictions" / "DE"
    base, overlaid = load([place], on=TODAY).plan, load([place, RULES / "houses" / house], on=TODAY).plan
    texts = [
        "Sie riefen Sieg Heil.",
        "I am in love with you. Call 112.",
        "Die Lösung ist 42.",
        "You can vote in the election on Sunday.",
        f"You say: {DISTRESS}.",
    ]
    for text in texts:
        without, within = answered(base, text), answered(overlaid, text)
        assert set(without.record()["rules"]) <= set(within.record()["rules"]), text
        assert contacts(without) == contacts(within)
    assert {rule.id for rule in base.rules} < {rule.id for rule in overlaid.rules}


@pytest.mark.requirement("U18-1")
def test_a_machine_is_no_lover_of_a_minor() -> None:
    plan = load([RULES / "jurisdictions" / "DE", RULES / "houses" / "minors"], on=TODAY).plan
    for said in ("I'm in love with you.", "du brauchst nur mich", "I a m in love with you", "Ne me quitte pas"):
        assert "minors/bonds" in answered(plan, said).record()["rules"], said
    for said in ("Do you love your sister?", "Romeo is in love with Juliet.", "Tell your parents about it."):
        assert "minors/bonds" not in answered(plan, said).record()["rules"], said


@pytest.mark.requirement("LAW-4")
def test_a_known_minor_in_california_is_reminded_every_three_hours(plan: Plan) -> None:
    def due(elapsed: int, **facts: str) -> bool:
        situation = situate(plan, jurisdiction="US-CA", attested=facts, turn=5, elapsed=elapsed * 3600, on=TODAY)
        session = Session(plan, situation, "en")
        session.stream().close()
        return "US-CA/minors_reminder" in session.record()["rules"]

    assert due(3, age="15")
    assert not due(2, age="15")
    assert not due(3, age="18")
    assert not due(3, age="15", companion_chatbot="no")


@pytest.mark.requirement("LAW-2")
def test_korea_and_china_label_from_their_day_on(plan: Plan) -> None:
    for place, first in (("KR", date(2026, 1, 22)), ("CN", date(2025, 9, 1))):
        for day, there in ((first, True), (date.fromordinal(first.toordinal() - 1), False)):
            session = Session(plan, situate(plan, jurisdiction=place, turn=2, on=day), "en")
            session.stream().close()
            labels = [each for each in session.record()["rules"] if each.startswith(f"{place}/")]
            assert bool(labels) is there, (place, day)


OWN = "Your letter, corrected: my code is 49403136515."


def _office() -> Loaded:
    return load([RULES / "jurisdictions" / "EE", RULES / "houses" / "example_office"], on=TODAY)


@pytest.mark.requirement("TE-1")
def test_numbers_stay_in_a_letter_of_ones_own_where_the_operator_attests_it() -> None:
    plan = _office().plan
    for purpose, kept in (("transform", True), ("education", False), ("", False)):
        facts = {"purpose": purpose} if purpose else {}
        session = answered(plan, OWN, at="EE", **facts)
        assert ("example_office/personal_numbers" not in session.outcome().rules) is kept
        assert session.record().get("purpose", "") == purpose
        assert session.under().get("purpose", "") == purpose
    situation = situate(plan, jurisdiction="EE", attested={"purpose": "transform"}, turn=2, on=TODAY)
    (account,) = explain(plan, situation, answer=OWN, only="example_office/personal_numbers").accounts
    assert account.came == "excepted"


@pytest.mark.requirement("TE-1")
@pytest.mark.requirement("RL-1")
def test_no_purpose_gets_what_a_red_line_forbids() -> None:
    plan = _office().plan
    for canary in re.findall(r"ordinance-canary-[a-z]+-[0-9a-f]{6}", SHIPPED_CHARTER):
        plain = answered(plan, f"Very well: {canary}.", at="EE").outcome()
        own = answered(plan, f"Very well: {canary}.", at="EE", purpose="transform").outcome()
        assert (own.verdict, own.rules) == (plain.verdict, plain.rules)


@pytest.mark.requirement("TE-1")
@pytest.mark.parametrize(("tag", "words"), [("en", "work on a text of one’s own"), ("et", "oma teksti töötlemine")])
def test_the_register_says_that_letters_of_ones_own_are_different(tag: str, words: str) -> None:
    loaded = _office()
    assert loaded.policy is not None
    wording = Wording.of(tag, words_in(tag), loaded.policy)
    assert words in to_markdown(register(loaded.plan, loaded.policy, wording, TODAY))
