"""A notice in each way of address that its language has: which text people read, and what is written wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.authoring.comparison import diff
from ordinance.authoring.translation.wanted_texts import wanted
from ordinance.language.format import format_source
from ordinance.language.source import Source
from ordinance.loading.load import Loaded
from ordinance.policy.slots import CLOSED, PROMPT, nearest_addresses
from ordinance.policy.vocabulary import MARKER, NoticeKind
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.packs import TODAY, load_on

FORMS = {
    "plain": "ここで答えるのは機械だ。{law}。",
    "polite": "ここで答えるのは機械です。{law}。",
    "honorific": "お客様にお答えするのは機械でございます。{law}。",
}
AGAIN = 'ja polite again "引き続き、ここで答えるのは機械です。" '
PACK = """jurisdiction XJ 1.0.0 under charter baseline 1
title "Land of several ways"
law machines_1 {
  title "Machines Act" article "section 1" reaches place within XJ, not unknown in force from 2024-01-01
  source "https://law.example/machines" seen 2026-01-01
}
notice desk { en "A machine answers here ({law})." NOTICE }
section 1 "Machines" {
  say 1.1 desk { means "People are told that a machine answers." at every answer under machines_1 telling desk
    example fires answer "x" example quiet answer "x" given place DE }
}
"""
WHOLE = "".join(f'ja {way} "{text}" ' for way, text in FORMS.items())
HOUSE = 'house desk 1.0.0 under charter baseline 1\ntitle "A desk"\nspeak { address WAY }\n'


def loaded(folder: Path, notice: str = WHOLE + AGAIN, way: str = "") -> Loaded:
    folder.mkdir(exist_ok=True)
    pack, house = folder / "XJ.ord", folder / "desk.ord"
    pack.write_text(PACK.replace("NOTICE", notice), "utf-8")
    house.write_text(HOUSE.replace("WAY", way or "polite"), "utf-8")
    return load_on(pack, house) if way else load_on(pack)


def told(loaded: Loaded, answer: str = "はい。", locale: str = "ja", *pieces: str) -> str:
    session = Session(loaded.plan, situate(loaded.plan, jurisdiction="XJ", turn=9, on=TODAY), locale)
    stream = session.stream()
    said = "".join(map(stream.feed, pieces or [answer])) + stream.close()
    notices = [each.text for each in session.outcome().notices if each.kind is NoticeKind.ADDITION]
    assert all(text in said for text in notices)
    return "\n".join(notices) if not pieces else said


def form(way: str) -> str:
    return FORMS[way].replace("{law}", "Machines Act section 1 (Land of several ways)")


@pytest.mark.semantics(15)
@pytest.mark.parametrize(
    ("way", "read"),
    [
        ("", "polite"),  # as the Japanese pack that ships has it
        ("plain", "plain"),
        ("polite", "polite"),
        ("honorific", "honorific"),
        ("humble", "polite"),
        ("formal", "polite"),
        ("informal", "plain"),
        ("same as prompt", "polite"),
    ],
)
def test_people_read_the_text_of_their_address_or_the_nearest(way: str, read: str, tmp_path: Path) -> None:
    made = loaded(tmp_path, way=way)
    assert [item.code for item in made.diagnostics if item.severity == "error"] == []
    assert told(made) == form(read)
    assert told(made, locale="en") == "A machine answers here (Machines Act section 1 (Land of several ways))."


def test_every_way_of_address_has_an_order_of_all() -> None:
    ways = CLOSED["address"] - {PROMPT}
    for way in ways:
        assert nearest_addresses(way)[0] == way
        assert sorted(nearest_addresses(way)) == sorted(ways)


@pytest.mark.semantics(17)
@pytest.mark.parametrize("way", FORMS)
def test_a_model_that_writes_a_notice_in_any_way_of_address_is_found_at_every_cut(way: str, tmp_path: Path) -> None:
    made, text = loaded(tmp_path), f"はい。\n\n{form(way)}\n\nまた。"
    whole = told(made, text, "ja", text)
    assert MARKER in whole
    assert {told(made, text, "ja", text[:at], text[at:]) for at in range(1, len(text), 5)} == {whole}
    assert told(made, text, "ja", *text) == whole


@pytest.mark.parametrize(
    ("notice", "code", "message", "help"),
    [
        ('de honorific "x {law}"', "slot-value", "de has no way of address `honorific`", "It has formal, informal."),
        ('ko humble "x {law}"', "slot-value", "ko has no way of address `humble`", "deferential"),
        ('ja polite "x {law}" ja polite "y {law}"', "name-twice", "two texts in ja", ""),
        ('ja kind "x {law}"', "unknown-word", "the word `kind` is unknown", ""),
        ('ja honorific "x"', "notice-silent", "lacks {law} in ja", ""),
    ],
)
def test_a_mistake_says_what_to_write(notice: str, code: str, message: str, help: str, tmp_path: Path) -> None:
    found = [item for item in loaded(tmp_path, notice).diagnostics if item.code == code]
    assert found
    assert message in found[0].message
    assert help in found[0].help


def test_it_is_formatted_compared_and_sent_to_translators(tmp_path: Path) -> None:
    one, two = loaded(tmp_path / "1"), loaded(tmp_path / "2", WHOLE.replace("だ。", "である。") + AGAIN)
    assert one.policy is not None
    assert two.policy is not None
    assert [each.what for each in diff(one.policy, two.policy).changes] == ["the text of its notice has changed"]
    text = format_source(Source(Path("XJ.ord"), "XJ.ord", PACK.replace("NOTICE", WHOLE + AGAIN)), "pack")
    assert text is not None
    assert '  ja polite again "' in text
    ways = [each.head for each in wanted(one.policy, ["ko"]) if each.id.startswith("XJ/notice desk")]
    assert ways == ["ko"]


def test_a_translation_has_the_ways_of_address_that_its_language_has(tmp_path: Path) -> None:
    notice = WHOLE + AGAIN
    made = loaded(tmp_path)
    assert made.policy is not None
    pack = PACK.replace('en "A machine answers here ({law})."', "").replace("NOTICE", notice)
    (tmp_path / "XJ.ord").write_text(pack, "utf-8")
    only = load_on(tmp_path / "XJ.ord")
    assert only.policy is not None
    ways = [each.head for each in wanted(only.policy, ["ko", "de"]) if each.id.startswith("XJ/notice desk")]
    assert ways == ["ko plain", "de", "ko polite", "ko polite again", "de again"]
