"""What is looked at, slot by slot: the same for every cutting, with bounded memory, and never a guess."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.slots import SLOTS
from ordinance.runtime.adherence import own_prose
from ordinance.runtime.adherence.looking import Look, Wanted, adapters
from ordinance.runtime.adherence.own_prose import Piece, Prose
from ordinance.runtime.adherence.spoken import Spoken
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.small_plan import small_plan

pytestmark = pytest.mark.semantics(33)

POLITE = "Die Bücherei ist von neun bis achtzehn Uhr für alle offen. Bitte bringen Sie Ihren Ausweis mit."
ASKED = {
    "language": "de", "script": "Latn", "address": "formal", "numbers": "de", "dates": "de", "units": "metric",
}  # fmt: skip

PARTS = st.sampled_from([
    POLITE, "Hast du Zeit?", "The library is open to all of you from nine to six, but not at night.", "```", "`du`",
    "„du“", '"', "\n", "\n\n", "> ", "- ", "⟦…⟧", "3,5 km", "24.12.2026", "本図書館は九時から開いています。", " ",
    "x" * 900, "а",
])  # fmt: skip


def looked(text: str, asked: Mapping[str, str] = MappingProxyType(ASKED), cuts: Sequence[int] = ()) -> Look:
    look = Look(Wanted(asked, "de-DE", ("⟦…⟧",)))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        look.take(text[start:end])
    look.close()
    return look


def pieces(text: str, cuts: Sequence[int]) -> Iterator[Piece]:
    prose = Prose(("⟦…⟧",))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        yield from prose.take(text[start:end])
    yield from prose.close()


@given(st.data())
def test_every_cutting_shows_the_same(data: st.DataObject) -> None:
    text = "".join(data.draw(st.lists(PARTS, max_size=12)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    assert list(pieces(text, cuts)) == list(pieces(text, ()))
    assert looked(text, cuts=cuts).states() == looked(text).states()
    assert list(pieces(text, range(1, len(text)))) == list(pieces(text, ()))


def test_a_long_text_takes_no_more_memory_than_a_short_one() -> None:
    look = Look(Wanted(ASKED, "de"))
    look.take(POLITE)
    tracemalloc.start()
    for number in range(1_500):
        look.take((POLITE if number % 2 else "x" * 97) + ("\n" if number % 300 == 0 else " "))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000


@pytest.mark.parametrize("hostile", ["„", '"', "`", "<a", "[a](", "a@", "1,", "1.", "(", "ا", "Pan ", "だ。"])
def test_no_text_takes_more_than_its_share(hostile: str) -> None:
    """A text that is searched again and again would not end in the time of a test."""
    text = hostile * (50_000 // len(hostile))
    assert set(looked(text).states().values()) <= {"kept", "missed", "cannot_tell"}


def test_code_that_ends_in_its_line_leaves_the_rest_of_the_text_to_be_looked_at() -> None:
    assert looked("```du```\nBitte rufen Sie an.").states()["address"] == "kept"
    assert looked("```x = 1``` ist Code.\nHast du Zeit?").states()["address"] == "missed"
    assert looked("```py\ndu\n```\nBitte rufen Sie an.").states()["address"] == "kept"
    assert looked("```\n`du`\n```x`\ndu\n```\nBitte rufen Sie an.").states()["address"] == "kept"


def test_what_nothing_closed_is_known_of_is_never_decided() -> None:
    asked = {
        "spelling": "de", "honorific": "none", "register": "official", "reading level": "B1", "pedagogy": "guided",
        "language": "sw", "address": "prompt", "script": "prompt",
    }  # fmt: skip
    assert set(looked(POLITE, asked).states().values()) == {"cannot_tell"}


def test_the_address_is_that_of_the_language_in_which_the_text_is() -> None:
    english = "You can return the books at night too, and the library is open to all of us from nine to six."
    asked = {"language": "de", "address": "formal"}
    assert looked(english, asked).states() == {"language": "missed", "address": "cannot_tell"}
    assert looked("Hast du Zeit?", asked).states()["address"] == "missed"
    assert looked("Hast du Zeit?", {"address": "formal"}).states()["address"] == "missed"  # the locale's language


def test_the_worst_of_several_choices_counts_and_silence_counts_for_nothing() -> None:
    wanted = Wanted({"address": "formal"}, "de")

    def states(*texts: str) -> list[str]:
        told = adapters(wanted, [[looked(text, wanted.slots)] for text in texts])
        return [each["state"] for each in told["adapters"]]

    assert states("Bitte rufen Sie an.", "Hast du Zeit?") == ["missed"]
    assert states("Bitte rufen Sie an.", "Es regnet.") == ["cannot_tell"]
    assert states("Bitte rufen Sie an.", "  ") == ["kept"]
    assert states() == ["cannot_tell"]
    assert adapters(None, []) == {}


SAID = st.sampled_from([POLITE, "Hast du Zeit?", "The library is open to all of you.", " ", "\n"])


@given(st.lists(SAID, max_size=9))
def test_all_that_a_stream_lets_out_is_looked_at(parts: list[str]) -> None:
    """Most of it leaves by the shortest way, four characters at a time."""
    plan = small_plan()
    session = Session(plan, situate(plan, jurisdiction="DE"), "de", asked={"language": "de", "address": "formal"})
    text, stream = "".join(parts), session.stream()
    left = [stream.feed(text[at : at + 4]) for at in range(0, len(text), 4)]
    stream.close()
    seen = {each["slot"]: each["state"] for each in session.metadata().get("adapters", ())}
    assert "".join(left) == text
    assert seen == looked(text, {"language": "de", "address": "formal"}).states()


@given(st.text(st.sampled_from('`$<a/]@"„“”«»‘’‚「」『』《》w.: ('), max_size=30))
def test_where_nothing_opens_nothing_is_left_out(text: str) -> None:
    assert own_prose._MAY_OPEN.search(text) or own_prose._LEFT_OUT.sub("", text) == text


def test_where_no_slot_is_in_force_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Look, "__init__", lambda *_: pytest.fail("a text is looked at"))
    plan = small_plan()
    stream = Session(plan, situate(plan, jurisdiction="DE"), "en", speaks=False).stream()
    assert stream.feed("Good day.") + stream.close()
    assert not stream.looks


def test_words_are_not_looked_at_for_slots_that_they_do_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spoken, "take", lambda *_: pytest.fail("words are looked at"))
    asked = {"language": "prompt", "address": "prompt", "register": "official", "numbers": "de"}
    assert looked(f"{POLITE} 3,5 km", asked).states() == {**dict.fromkeys(asked, "cannot_tell"), "numbers": "kept"}


def test_each_slot_that_there_is_has_a_state() -> None:
    assert set(looked("", dict.fromkeys(SLOTS, "de")).states()) == set(SLOTS)


@pytest.mark.parametrize(
    "word",
    [
        "d\u00adein",
        "d\u200bein",
        "d\u2060e\ufe0fin",
        "ｄｅｉｎ",
        "d**ein**",
        "d&#101;in",
        "d&shy;ein",
        "d<b>ein</b>",
        "\U0001d41d\U0001d41e\U0001d422\U0001d427",
    ],
)
def test_a_word_of_another_address_is_seen_however_it_is_dressed(word: str) -> None:
    assert looked(f"{POLITE} Das ist {word} Ausweis.").states()["address"] == "missed"


@pytest.mark.parametrize("dressed", ["hidden", "full width", "mathematical"])
def test_another_language_is_seen_however_its_letters_are_dressed(dressed: str) -> None:
    english = "The library is open to all of you from nine to six, but not at night, and this is what they say."
    if dressed == "hidden":
        english = "\u00ad".join(english)
    else:
        first, capital = (0xFF41, 0xFF21) if dressed == "full width" else (0x1D41A, 0x1D400)
        letters = {ord("a") + at: first + at for at in range(26)} | {ord("A") + at: capital + at for at in range(26)}
        english = english.translate(letters)
    assert looked(f"{POLITE}\n{english}").states()["language"] == "missed"


@pytest.mark.parametrize("sign", ["*", "~~", "<b", "<b>", "&", "a***"])
def test_a_line_of_nothing_but_emphasis_comes_to_an_end(sign: str) -> None:
    assert looked("a" + sign * 2000).states()["language"] == "cannot_tell"
