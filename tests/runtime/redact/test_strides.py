"""Strides that are remembered give what exact steps give, whatever other streams have taught them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import SPAN, NoticeTemplate, Scope
from ordinance.runtime.redact.activation import Activation, activate
from ordinance.runtime.redact.continuation import begin
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate
from support.oracle import Rule
from support.plans import BRIEF, expressions, plan, plan_of, refuse, withhold
from support.strategies import PROTECTED, cuttings, rules, texts


class Exact(Redactor):
    """Never calm, so it takes every character by itself."""

    def _settle(self) -> None:
        pass


class Counting(Redactor):
    """Counts the deltas that it does not know."""

    steps = 0

    def _walk(self, text: str) -> str:
        self.steps += 1
        return super()._walk(text)


def activation_of(of: Sequence[Rule], protected: tuple[str, ...] = ()) -> Activation:
    plan = plan_of(of, protected)
    return activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE")))


def released(made: Redactor, cut: Sequence[str], end: End = End.OWN) -> list[str]:
    out = [*(made.feed(piece) for piece in cut), made.close(end)]
    assert made.ledger.balanced
    return out


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@given(st.data(), st.lists(rules(bounds=st.sampled_from([1, 3, 9, 400])), min_size=1, max_size=3))
def test_every_stream_leaves_as_if_it_were_the_only_one(data: st.DataObject, of: list[Rule]) -> None:
    protected = data.draw(st.sampled_from([(), *((each,) for each in PROTECTED)]))
    shared = activation_of(of, protected)
    said = data.draw(st.lists(texts(of, 25), min_size=1, max_size=3))
    for text in [*said, *said, "".join(said)]:
        cut = data.draw(cuttings(text))
        prefix = data.draw(st.sampled_from(["", "a", *said]))
        certain = data.draw(st.booleans())
        beginning = begin(shared, [prefix] if prefix else [], certain)
        alone, among = Exact(shared, beginning), Redactor(shared, beginning)
        end = data.draw(st.sampled_from([End.OWN, End.CUT]))
        assert released(among, cut, end) == released(alone, cut, end)
        assert (among.refused, among.omitted, among.observed) == (alone.refused, alone.omitted, alone.observed)


#: What marks, invisible characters, doubtful full stops, long spaces and paragraphs are made of.
PIECES = [
    *[
        "a",
        "b",
        "A",
        "1",
        ".",
        " ",
        "  " * 6,
        "(",
        ")",
        "e.g. (",
        ". ",
        ".) ",
        "!",
        '"',
        "?",
        "\t",
        "*",
        "ab",
        "a b",
        "l",
    ],
    *["\n", "\n\n", "\r\n", "\u2029", "\u200b", "\u0301", "🇩", "👩🏽\u200d🚀", "\u0600", "가", "क\u094d", "\u0e33"],
    *["One two", " three four", " five six seven", "one two three four five six a"],
]
NOTICE = NoticeTemplate("notice", {"en": "One two three four five six {type}"}, {})


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@given(st.data(), st.lists(rules(bounds=st.sampled_from([1, 2, 3, 7, 50])), min_size=1, max_size=3), st.booleans())
def test_what_is_hard_to_stride_over_leaves_the_same(data: st.DataObject, of: list[Rule], guarded: bool) -> None:
    plan = plan_of(of)
    if guarded:
        plan = replace(plan, rules=tuple(replace(rule, notice=NOTICE) for rule in plan.rules))
    shared = activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE")))
    some = data.draw(st.lists(st.sampled_from(PIECES), min_size=2, max_size=8))
    text = "".join(data.draw(st.lists(st.sampled_from(some), max_size=40)))
    for _ in range(2):
        size = data.draw(st.sampled_from([1, 2, 4, 16]))
        cut = [text[at : at + size] for at in range(0, len(text), size)]
        beginning = begin(shared, data.draw(st.sampled_from([(), ("".join(some),)])), data.draw(st.booleans()))
        alone, among = Exact(shared, beginning), Redactor(shared, beginning)
        assert released(among, cut) == released(alone, cut)
        assert (among.refused, among.omitted, among.observed) == (alone.refused, alone.omitted, alone.observed)


#: What a disguised phrase may be made of, and what folds to nothing and is no part of it.
HIDDEN = [
    *("secret word", "sec", "ret", " word", "s", "w", " ", "x", ".", "\u200b", "\u0301", "*", "🏴", "1"),
    *("secret word".translate({code: 0xE0000 + code for code in range(0x20, 0x7F)}), "\U000e0073", "\U000e0065"),
    *("\x1b[1m", "\x1b", "[0", "m", "\x1b[0ms", "\u0364", "\u0368", "s\u0364\u0368ret", "d\u0364"),
]


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@given(st.data(), st.sampled_from([SPAN, Scope("sentence", 9), Scope("sentence", 400)]), st.booleans())
def test_what_nobody_sees_is_strided_over_and_leaves_the_same(data: st.DataObject, scope: Scope, refuses: bool) -> None:
    words = [withhold("test/words", "words", disguised=True, scope=scope, notice=BRIEF)]
    made = plan(words, {"words": expressions(("secret word",)), "red": expressions(("x word ret",))})
    if refuses:
        made = replace(made, rules=(*made.rules, refuse("test/red", "red", notice=BRIEF)))
    shared = activate(made, made.rules)
    text = "".join(data.draw(st.lists(st.sampled_from(HIDDEN), max_size=25)))
    end = data.draw(st.sampled_from([End.OWN, End.CUT]))
    for _ in range(2):
        cut = data.draw(cuttings(text))
        alone, among, letters = Exact(shared), Redactor(shared), Redactor(shared)
        assert released(among, cut, end) == released(alone, cut, end)
        assert "".join(released(letters, text, end)) == "".join(released(Exact(shared), [text], end))
        assert (among.refused, among.omitted, among.cuts) == (alone.refused, alone.omitted, alone.cuts)


@pytest.mark.parametrize("piece", ["\U000e0061", "\U000e0073", "\x1b", "\x1b[1m", "d\u0364"])
def test_hidden_text_is_strided_over(piece: str) -> None:
    """Each character of it cost seventy times what one of prose does."""
    made = plan(
        [withhold("test/words", "words", disguised=True, notice=BRIEF)], {"words": expressions(("secret word",))}
    )
    text = (piece * 2000)[:2000]
    counting = Counting(activate(made, made.rules))
    released(counting, [text[at : at + 4] for at in range(0, len(text), 4)])
    assert counting.steps < 50


@pytest.mark.parametrize(
    "piece", ["no full stop ", " ", "*", "a", "\u200b", "e\u0301", "\u0301", "🚀", "🇩🇪", "e.g. (3) ", "12"]
)
def test_hostile_text_is_strided_over(piece: str) -> None:
    """Where there is nothing to be found, whatever it is made of."""
    shared = activation_of([Rule(("forbidden",)), Rule(("never",), sentence=True, bound=400)])
    text = (piece * 2000)[:2000]
    made = Counting(shared)
    released(made, [text[at : at + 4] for at in range(0, len(text), 4)])
    assert made.steps < 25


def test_ordinary_text_is_strided_over() -> None:
    shared = activation_of([Rule(("forbidden",)), Rule(("never",), sentence=True, bound=400)])
    text = "The river stood high. Nobody expected a decision before the end of the month. " * 20
    deltas = [text[at : at + 4] for at in range(0, len(text), 4)]
    first = released(Redactor(shared), deltas)
    again = Counting(shared)
    assert released(again, deltas) == first == released(Exact(shared), deltas)
    assert again.steps < len(deltas) / 10, "only the start and what cannot be remembered is stepped through"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ordinance.runtime.redact.strides.CAP", 50)
    shared = activation_of([Rule(("forbidden",))])
    text = "".join(chr(0x4E00 + at) for at in range(500)) + " forbidden."
    for _ in range(2):
        assert released(Redactor(shared), text) == released(Exact(shared), text)
    assert shared.strides is not None
    assert shared.strides._count <= 50
