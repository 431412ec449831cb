"""Where an answer is cut: what may be the beginning of what must not leave does not leave (semantics, rule 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import SPAN, PlannedRule, Scope
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Verdict
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import begin
from ordinance.runtime.redact.ends import LEAST, End
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate
from support.ends import CUT_TOLD, DETECTORS, FLAG, PHRASE, cut_short, letters
from support.oracle import MARKER, Cut, Rule, reference, refused
from support.plans import expressions, mask, plan, plan_of, refuse, sentences, session, withhold
from support.strategies import FORGED, PROTECTED, cuttings, endings, rules, texts

SENTENCE, PARAGRAPH = Scope("sentence", 400), Scope("paragraph", 400)


@contextmanager
def least(number: int) -> Iterator[None]:
    """Live starts of so many characters are long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ordinance.runtime.redact.ends.LEAST", number)
        yield


# against the oracle


def redactor(of: Sequence[Rule], protected: tuple[str, ...] = ()) -> Redactor:
    made = plan_of(of, protected)
    activation = activate(made, rules_in_force(made, situate(made, jurisdiction="DE")))
    return Redactor(activation, begin(activation))


def pieces(made: Redactor, cut: Sequence[str], end: End = End.CUT) -> list[str]:
    out = [*(made.feed(piece) for piece in cut), made.close(end)]
    assert made.ledger.balanced
    return out


@st.composite
def situations(draw: st.DrawFn, *, longest: int, refusing: bool = True) -> tuple[list[Rule], str]:
    """Rules, and a text that often ends within a phrase."""
    of = draw(st.lists(rules(bounds=st.sampled_from([3, 400]), refusing=refusing), min_size=1, max_size=3))
    begun = [phrase[:at] for rule in of for phrase in rule.phrases for at in range(1, len(phrase))]
    return of, draw(texts(of, longest)) + draw(st.sampled_from([*begun, ""]))


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@given(st.data(), situations(longest=9), st.integers(1, 4))
def test_what_leaves_of_a_cut_text_is_the_oracles_for_every_cutting(
    data: st.DataObject, case: tuple[list[Rule], str], number: int
) -> None:
    of, text = case
    protected = data.draw(st.sampled_from([(), *((each,) for each in PROTECTED)]))
    with least(number):
        made = redactor(of, protected)
        by_character = "".join(pieces(made, text))
        for cut in ([text], data.draw(cuttings(text))):
            other = redactor(of, protected)
            assert "".join(pieces(other, cut)) == by_character
            assert (other.omitted, other.cuts, other.refused) == (made.omitted, made.cuts, made.refused)
    assert bool(made.refused) == refused(text, of)
    if not made.refused:
        cut_short = Cut(endings(of, protected, 3), number)
        assert by_character == reference(text, [*of, FORGED], protected, cut_short)


# what a cut is


@pytest.mark.semantics(6)
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("make", "scope"), [
    (refuse, SPAN), *((make, scope) for make in (withhold, mask) for scope in (SPAN, SENTENCE, PARAGRAPH)),
])  # fmt: skip
def test_at_its_own_end_a_live_start_leaves_and_at_a_cut_only_a_short_one(
    make: Callable[..., PlannedRule], scope: Scope, whole: bool
) -> None:
    of = plan([make("DE/flags", "flag", scope=scope)], DETECTORS)
    for said in ("", "Well. ", "Look at the "):
        for at in range(1, len(PHRASE)):
            text = said + PHRASE[:at]
            assert cut_short(of, text, End.OWN, whole=whole)[0] == text
            out, opened = cut_short(of, text, whole=whole)
            if letters(PHRASE[:at]) < LEAST:
                assert out == text
                assert opened.outcome().verdict is Verdict.PASS
            else:
                assert out == said + MARKER + CUT_TOLD


@pytest.mark.semantics(16)
@pytest.mark.semantics(19)
def test_a_cut_is_told_once_and_names_nothing() -> None:
    opened = session(
        plan([FLAG, refuse("baseline/weapons", "bomb")], {**DETECTORS, "bomb": expressions(("opaque canary",))})
    )
    stream = opened.stream()
    reasoning = stream.text(Channel.REASONING)
    assert reasoning.feed("so, forbid") + reasoning.close(End.CUT) == f"so, {MARKER}"
    assert stream.feed("so, opaque can") + stream.close(End.CUT) == f"so, {MARKER}{CUT_TOLD}"
    outcome = opened.outcome()
    assert (outcome.verdict, outcome.rules) == (Verdict.WITHHOLD, ())
    (notice,) = outcome.notices
    assert (notice.kind, notice.causes, notice.text) == (NoticeKind.CUT, (), "[cut]")
    (told,) = opened.metadata()["notices"]
    assert (told["kind"], told["causes"]) == ("cut", [])
    assert opened.record()["notices"] == ["cut"]
    assert not stream.refused
    assert not stream.ended


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@given(
    st.sampled_from(["", "Well, ", "One. "]),
    st.integers(LEAST, 13),
    st.integers(LEAST, 12),
    st.sampled_from([End.OWN, End.CUT]),
)
def test_two_cut_answers_that_differ_in_what_is_withheld_are_one(said: str, one: int, other: int, end: End) -> None:
    """Whatever was begun, and however far: the text, the verdict and the notices are the same."""
    flag = withhold("DE/flags", "flag", scope=SENTENCE)
    of = plan([flag, refuse("baseline/x", "bomb")], {**DETECTORS, "bomb": expressions(("opaque canary",))})
    first, then = cut_short(of, said + PHRASE[:one]), cut_short(of, said + "opaque canary"[:other])
    assert (first[0], first[1].outcome(), first[1].metadata()) == (then[0], then[1].outcome(), then[1].metadata())
    within = [cut_short(of, f"{said}The {PHRASE} {more}", end) for more in ("forbid", "over there", "opaque can")]
    assert len({(out, opened.outcome()) for out, opened in within[:2]}) == 1
    assert MARKER in within[2][0]


@pytest.mark.semantics(6)
@pytest.mark.semantics(11)
def test_a_cut_beside_another_region_is_one_region_with_it_and_within_one_it_is_none() -> None:
    song = withhold("DE/songs", "song")
    of = plan([FLAG, song, mask("DE/codes", "code")], {**DETECTORS, "song": expressions(("song,",))})
    out, opened = cut_short(of, "a song,forbidden")
    assert out.startswith(f"a {MARKER}\n\n")
    assert [notice.kind for notice in opened.outcome().notices] == [NoticeKind.OMISSION, NoticeKind.CUT]
    assert opened.outcome().rules == ("DE/songs",)
    out, opened = cut_short(plan([withhold("DE/flags", "flag", scope=SENTENCE)], DETECTORS), f"A {PHRASE}, forbidden")
    assert out.startswith(f"{MARKER}\n\n")
    assert [notice.kind for notice in opened.outcome().notices] == [NoticeKind.OMISSION]
    out, opened = cut_short(of, "x 770001")
    assert [notice.kind for notice in opened.outcome().notices] == [NoticeKind.OMISSION]
    assert out.startswith("x [code]")


@pytest.mark.semantics(10)
def test_of_a_start_in_what_the_answer_continues_only_what_is_here_is_removed() -> None:
    opened = session(plan([FLAG], DETECTORS))
    opened.continue_from(["Look at the forbidden"], certain=True)
    stream = opened.stream()
    assert stream.close(End.CUT) == ""
    assert opened.outcome().notices == ()
    for here in ("n", " ", " f"):
        again = session(plan([FLAG], DETECTORS))
        again.continue_from(["Look at the forbidde" if here == "n" else "Look at the forbidden"], certain=True)
        stream = again.stream()
        assert stream.feed(here) + stream.close(End.CUT) == MARKER + CUT_TOLD


@pytest.mark.semantics(14)
def test_what_is_protected_reaches_into_a_cut_unless_a_red_line_or_a_mask_began_it() -> None:
    detectors = {"words": expressions(("call 112 now",)), "help": expressions((), (r"\b112\b",))}
    for make, shown in ((withhold, f"so: {MARKER}112{MARKER}"), (mask, f"so: {MARKER}"), (refuse, f"so: {MARKER}")):
        of = plan([make("DE/words", "words")], detectors, protected=("help",))
        assert cut_short(of, "so: call 112 n")[0] == shown + CUT_TOLD


@pytest.mark.semantics(6)
@pytest.mark.semantics(11)
@pytest.mark.parametrize("make", [withhold, mask, refuse])
def test_a_rule_on_trial_or_one_that_removes_nothing_is_cut_nowhere(make: Callable[..., PlannedRule]) -> None:
    provide = withhold("DE/help", "flag", effect=Effect.PROVIDE, kind=NoticeKind.CONTACT, contacts="crisis")
    for rule in (make("DE/tried", "flag", trial=True), provide):
        out, opened = cut_short(plan([rule], DETECTORS), "The forbidden fl")
        assert out == "The forbidden fl"
        assert opened.outcome().verdict is Verdict.PASS


@pytest.mark.semantics(6)
@pytest.mark.semantics(12)
def test_an_open_segment_is_judged_as_it_stands_at_either_end() -> None:
    seen: list[str] = []

    def find(sentence: str) -> list[tuple[int, int]]:
        seen.append(sentence)
        return [(0, 4)] if sentence.startswith("LOOK") else []

    of = plan([withhold("DE/shouting", "shouting")], {"shouting": sentences(find)})
    for end in (End.OWN, End.CUT):
        stream = session(of).stream()
        assert (stream.feed("One. LOOK he") + stream.close(end)).startswith(f"One. {MARKER} he\n\n")
    assert seen == ["One. ", "LOOK he"] * 2


@pytest.mark.semantics(6)
@pytest.mark.parametrize("left", ["\ufffd", "\ufffd\ufffd", "\u200b", "\u0301", " ", " — ", ". "])
def test_what_is_no_whole_character_ends_no_live_start(left: str) -> None:
    """A server cuts in the middle of a letter and writes U+FFFD; a red line's phrase goes on behind signs."""
    of = plan([refuse("baseline/weapons", "flag")], DETECTORS)
    out, opened = cut_short(of, f"Look: forbidden fl{left}")
    assert out == f"Look: {MARKER}{CUT_TOLD}"
    assert opened.outcome().verdict is Verdict.WITHHOLD


@pytest.mark.semantics(6)
def test_signs_behind_the_last_letter_make_nothing_longer() -> None:
    of = plan([refuse("baseline/weapons", "flag")], DETECTORS)
    for text in ("forb", "forb.", "forb. —\n\n- ", "| --- | --- |", "f" + "." * 40):
        assert cut_short(of, text)[0] == text


@pytest.mark.semantics(6)
@pytest.mark.parametrize("written", [
    "".join(chr(0xE0000 + ord(letter)) for letter in "coded odes"),
    "".join(chr(0x1F1E6 + ord(letter) - ord("a")) if letter != " " else letter for letter in "coded odes"),
    "c\u0366\u0369\u0364\u0369 \u0366\u0369\u0364s",
], ids=["tags", "flags", "letters above"])  # fmt: skip
def test_letters_that_are_hidden_or_flags_make_a_start_as_long_as_others_do(written: str) -> None:
    """Whoever decodes them reads them; at a cut all of them left but the last."""
    of = plan([refuse("baseline/words", "words")], {"words": expressions(("coded odes",))})
    for at in range(1, len(written)):
        out, _ = cut_short(of, f"So {written[:at]}")
        begun = at if written[at - 1] != " " else at - 1
        assert out == (f"So {written[:at]}" if begun < LEAST else f"So {MARKER}{CUT_TOLD}")


@pytest.mark.semantics(6)
def test_a_block_ends_as_it_is_said_to() -> None:
    for end, shown in ((End.OWN, "the forbidden"), (End.CUT, f"the {MARKER}")):
        opened = session(plan([FLAG], DETECTORS))
        stream = opened.stream()
        assert stream.feed("the forbidden") + stream.pause(end) == shown
        stream.resume(stream.after(Channel.CONTENT, stream.beginning(Channel.CONTENT), "the forbidden"))
        assert stream.feed(" x") + stream.close(End.OWN) == " x" + (CUT_TOLD if end is End.CUT else "")


def test_what_was_cut_out_is_listed_as_every_edit_is() -> None:
    made = redactor([Rule((PHRASE,))])
    assert pieces(made, ["a forbidden", " fl"]) == ["a ", "", MARKER]
    assert [(cut.start, cut.end, cut.instead) for cut in made.cuts] == [(2, 14, MARKER)]
    assert (made.ledger.received, made.ledger.released, made.ledger.deleted) == (14, 2, 12)
