"""The engine's own words are taken out of what a client sends back as the model's (semantics, rule 28)."""

from __future__ import annotations

import textwrap
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER, NoticeKind
from ordinance.runtime.redact import own_words as cutting
from ordinance.runtime.redact.disclose import Discloser
from ordinance.runtime.redact.own_words import GAP, OwnWords, Returned, own_words
from ordinance.runtime.redact.wordings import State, Wordings, letters, wordings_of
from support.checkout import RULES
from support.packs import all_that_ships

pytestmark = [pytest.mark.semantics(28)]

#: By the files, because to load the packs takes long, and every worker that collects these tests would.
LANGUAGES = sorted(path.stem for path in (RULES / "languages").rglob("*.ord"))
SAID = "The capital of Germany is Berlin."


@cache
def plan() -> Plan:
    return all_that_ships().plan


def words() -> OwnWords:
    return own_words(plan())


@cache
def written(tag: str) -> tuple[str, ...]:
    """Every notice that can be written, with each rule and with several, in a language."""
    found = []
    say = Discloser(plan(), tag)
    for heard in (set[str](), {rule.id for rule in plan().rules}):
        found += [notice.text for rule in plan().rules for notice in say.told([rule], heard)]
        found += [notice.text for notice in say.told(plan().rules, heard)]
    for name, template in plan().engine_notices.items():
        found.append(say.engine(NoticeKind.FAULT, template, ()).text if name != "contacts" else "")
        contacts = [(plan().contacts[:n], again) for n in (1, 3) for again in (False, True)]
        found += [say.contacts(template, template, some, (), again=again).text for some, again in contacts]
    return tuple(text for text in dict.fromkeys(found) if text and "{" not in text)


@cache
def written_anywhere() -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for tag in LANGUAGES for text in written(tag)))


def reflowed(text: str) -> dict[str, str]:
    """What clients make of a text."""
    return {
        "as it was": text,
        "wrapped": textwrap.fill(text, 40),
        "one space": " ".join(text.split()),
        "quoted": textwrap.indent(text, "> "),
        "emphasised": "\n\n".join(f"**{each}**" for each in text.split("\n\n")),
        "no blank lines": text.replace("\n\n", "\n"),
        "windows": text.replace("\n", "\r\n"),
    }


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_notice_is_cut_before_and_behind_what_was_said(tag: str) -> None:
    assert len(written(tag)) > 10
    for notice in written(tag):
        assert words().cut(f"{notice}\n\n{SAID}") == words().cut(f"{SAID}\n\n{notice}")
        found = words().cut(f"{notice}\n\n{SAID}\n\n{notice}")
        assert (found.text, found.changed) == (SAID, True), notice
        assert words().cut(notice).text == "", notice


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_notice_is_cut_however_the_client_sets_it(tag: str) -> None:
    for notice in written(tag):
        for name, text in reflowed(f"{notice}\n\n{SAID}").items():
            left = words().cut(text).text
            assert letters(left) == letters(SAID), (name, left)


def test_every_language_has_its_notices_looked_at() -> None:
    assert set(plan().languages) == set(LANGUAGES)


def test_a_notice_that_a_client_cut_off_is_cut_too() -> None:
    notice = (
        "This service does not answer that: terrorism. No setting changes this. You can go on with another question."
    )
    assert words().cut(f"{SAID}\n\n{notice[:60]}").text == SAID
    assert words().cut(f"{SAID} {notice[:60]}").text == SAID
    assert words().cut(f"{SAID}\n\n{notice[:60]} that").text != SAID, "which is no notice"


def test_a_marker_becomes_a_gap() -> None:
    assert words().cut(f"Before {MARKER} after.").text == f"Before {GAP} after."
    assert words().cut("Before ⟦ ... ⟧ after, ⟦⟧.").text == f"Before {GAP} after, {GAP}."
    assert words().cut("The value ⟦x⟧ of it.") == Returned("The value ⟦x⟧ of it.")


def test_what_a_notice_said_is_known() -> None:
    say = Discloser(plan(), "de")
    known, unknown = plan().engine_notices["contacts"], plan().engine_notices["contacts_unknown"]
    for contacts in ((), plan().contacts[:2]):
        found = words().cut(f"{SAID}\n\n{say.contacts(known, unknown, contacts, ()).text}")
        assert (found.contacts, found.history) == (True, False)
    found = words().cut(f"{SAID}\n\n{say.engine(NoticeKind.HISTORY, plan().engine_notices['history'], ()).text}")
    assert (found.contacts, found.history) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        "",
        "  \n\n",
        "Help is available: at the desk, on weekdays.",
        "You are interacting with an AI system, said the teacher.",
        "Type: prose. Legal basis: none.",
        "a\n\n\n  b  \n",
        "* * * * * *",
        "- - - - - - -",
        "| | | | | | |",
        "😀 😀 😀 😀 😀 😀",
        f"{SAID}\n\n* * * * * * *\n\n{SAID}",
        "Help * * * * * *",
        "This | | | | | | |",
    ],
)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert words().cut(text) == Returned(text)


PIECES = st.deferred(
    lambda: st.sampled_from(
        [
            *written_anywhere()[::7], MARKER, SAID, "Sie interagieren", "mit einem", "KI-System.",
            "\n\n", "\n", " ", "**", "> ",
        ]
    )
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_is_left_has_nothing_to_cut(text: str) -> None:
    left = words().cut(text).text
    assert not words().cut(left).changed
    assert MARKER not in left


def test_a_notice_in_a_notice_in_a_notice_is_a_gap() -> None:
    notice = "Sie interagieren mit einem KI-System. Rechtsgrundlage: KI-Verordnung, Artikel 50 Absatz 1."
    halves = notice.split(" KI-System")
    nested = notice
    for _ in range(50):
        nested = f"{halves[0]} {nested} KI-System{halves[1]}"
    assert words().cut(nested).text in ("", GAP)


@given(st.data())
def test_where_a_text_leads_is_found_letter_by_letter(data: st.DataObject) -> None:
    """However it is cut, and whatever signs stand between the letters."""
    notice = data.draw(st.sampled_from(written_anywhere()))
    said = data.draw(st.sampled_from(["", "x", " - ", "**", "ä", "\u0301", "１", "ﬁ", "…"]))
    at = data.draw(st.integers(0, len(notice)))
    text = notice[:at] + said + notice[at : data.draw(st.integers(0, len(notice)))]
    wordings = wordings_of(plan())
    state = wordings.start
    for letter in letters(text):
        state = None if state is None else wordings.step(state, letter)
    assert wordings.reached(text) is state


@pytest.mark.parametrize(
    "piece",
    ["Help is available: ", "terrorism; ", "terrorism;", "Type: terrorism. ", "-", "> ", "⟦", "Sie interagieren mit "],
)
def test_steps_grow_with_the_text_and_not_faster(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step, count = Wordings.step, 0

    def counted(self: Wordings, state: State, letter: str) -> State | None:
        nonlocal count
        count += 1
        return step(self, state, letter)

    monkeypatch.setattr(Wordings, "step", counted)

    def steps(size: int) -> int:
        nonlocal count
        count = 0
        words().cut(piece * (size // len(piece)) + " end")
        return count

    assert steps(80_000) <= 9 * steps(10_000) + 100, "eight times the text"


def test_memory_does_not_grow_with_a_text_that_nearly_is_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    search, most = cutting._longest, 0

    def watched(wordings: Wordings, text: str, start: int, last: bool, failed: set[tuple[int, State]]) -> int:
        nonlocal most
        end = search(wordings, text, start, last, failed)
        most = max(most, len(failed))
        return end

    monkeypatch.setattr(cutting, "_longest", watched)
    nearly = "You are interacting with an AI system. Legal basis: AI Act "
    assert not words().cut(nearly * (300_000 // len(nearly)) + "end").changed
    assert 0 < most < 100_000
    endless = "This service does not answer that: " + "terrorism, " * 20_000
    assert words().cut(endless).text == ""
    assert not words().cut(endless + "end").changed
    assert most < 100_000
