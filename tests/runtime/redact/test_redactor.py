"""What leaves, and when: the engine against an oracle that tries every span and every continuation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Effect
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import begin
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.redact.regions import UnitRemoval
from ordinance.runtime.redact.strides import SLICE
from ordinance.runtime.situation import rules_in_force, situate
from support.oracle import FOLDS, MARK_RUN, MARKER, Rule, matches, reference, refused, removed, trace, unsigned
from support.plans import plan_of
from support.strategies import FORGED, PROTECTED, cuttings, endings, rules, texts

Rules = Sequence[Rule]


class Recording(Redactor):
    """Notes which characters it shows."""

    def __init__(self, *arguments: object) -> None:
        self.shown: list[int] = []
        super().__init__(*arguments)  # type: ignore[arg-type]  # what Redactor takes

    def _emit(self, start: int, end: int, out: list[str]) -> None:
        self.shown.extend(range(start, end))
        super()._emit(start, end, out)

    def feed(self, text: str) -> str:
        return "".join([self._take(text[at : at + SLICE]) for at in range(0, len(text), SLICE)])

    def _take(self, text: str) -> str:
        flow = self._flow
        left = flow.at - len(flow.held) if flow else 0
        out = super()._take(text)
        if flow:
            self.shown.extend(range(left, flow.at - len(flow.held)))
        return out


def rules_of(plan: Plan) -> tuple[PlannedRule, ...]:
    return rules_in_force(plan, situate(plan, jurisdiction="DE"))


def redactor(of: Rules, protected: tuple[str, ...] = (), prefix: str = "", certain: bool = False) -> Recording:
    plan = plan_of(of, protected)
    in_force = rules_in_force(plan, situate(plan, jurisdiction="DE"))
    activation = activate(plan, in_force)
    return Recording(activation, begin(activation, [prefix] if prefix else [], certain))


def pieces(made: Redactor, cut: Sequence[str]) -> list[str]:
    """What leaves after each piece, and at the close. The ledger balances."""
    out = [*(made.feed(piece) for piece in cut), made.close()]
    assert made.ledger.balanced
    assert made.ledger.received == len("".join(cut))
    return out


def is_ahead(one: Sequence[str], other: Sequence[str], of: Rules) -> bool:
    """Whether at some time more of the text has left in ``one`` than in ``other``."""
    so_far, others = ([len(unsigned(out, of)) for out in accumulate(each)] for each in (one, other))
    return any(left > right for left, right in zip(so_far, others, strict=True))


@st.composite
def situations(draw: st.DrawFn, *, longest: int, bounds: st.SearchStrategy[int] | None = None,
               refusing: bool = True) -> tuple[list[Rule], str]:  # fmt: skip
    of = draw(st.lists(rules(bounds=bounds, refusing=refusing), min_size=1, max_size=3))
    return of, draw(texts(of, longest))


def assert_exact(of: list[Rule], text: str) -> None:
    """Piece by piece what the oracle says. Where the engine keeps more, longer continuations must give the reason."""
    got = pieces(redactor(of), text)
    for length in (2, 3, 4) if settings().max_examples < 1000 else (3, 4):
        expected = trace(text, [*of, FORGED], (), endings(of, (), length))
        assert not is_ahead(got, expected, of)
        if got == expected:
            return
    assert got == expected


@pytest.mark.slow
@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@given(situations(longest=7))
@example(([Rule(patterns=(r"\B[^a]",))], "1!"))  # a match may begin at a mark behind a mark
@example(([Rule(("x",))], "x"))
@example(([Rule(("a a", "aA"), sentence=True)], "(!ab1"))
@example(([Rule(("b",), refuses=True)], "ab "))
def test_nothing_is_held_but_what_some_continuation_could_remove(case: tuple[list[Rule], str]) -> None:
    assert_exact(*case)


@pytest.mark.semantics(14)
@given(situations(longest=7, refusing=False), st.sampled_from(PROTECTED))
def test_what_is_protected_is_cut_out_of_a_region_and_no_sooner_than_it_is_certain(
    case: tuple[list[Rule], str], protected: str
) -> None:
    of, text = case
    got = pieces(redactor(of, (protected,)), text)
    assert "".join(got) == reference(text, [*of, FORGED], (protected,))
    assert not is_ahead(got, trace(text, [*of, FORGED], (protected,), endings(of, (protected,), 2)), of)


@pytest.mark.slow
@pytest.mark.semantics(5)
@given(situations(longest=9, bounds=st.integers(1, 5), refusing=False))
def test_a_sentence_cut_into_pieces_is_never_released_too_early(case: tuple[list[Rule], str]) -> None:
    of, text = case
    got = pieces(redactor(of), text)
    assert "".join(got) == reference(text, [*of, FORGED])
    assert not is_ahead(got, trace(text, [*of, FORGED], (), endings(of, (), 2)), of)


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(5)
@pytest.mark.semantics(6)
@given(st.data(), situations(longest=40, bounds=st.sampled_from([1, 2, 3, 7, 20, 400])))
def test_what_comes_out_is_the_oracles_for_every_cutting(data: st.DataObject, case: tuple[list[Rule], str]) -> None:
    of, text = case
    protected = data.draw(st.sampled_from([(), *((each,) for each in PROTECTED)]))
    by_character = pieces(redactor(of, protected), text)
    cut = data.draw(cuttings(text))
    assert "".join(pieces(redactor(of, protected), cut)) == "".join(by_character)
    assert "".join(pieces(redactor(of, protected), [text])) == "".join(by_character)
    if not refused(text, of):
        assert "".join(by_character) == reference(text, [*of, FORGED], protected)


@pytest.mark.semantics(7)
@given(situations(longest=30))
@example(([Rule(patterns=("[^a]^",), refuses=True)], "\na"))  # certain with the line's end already
def test_a_refusal_comes_with_the_character_that_completes_the_match(case: tuple[list[Rule], str]) -> None:
    of, text = case
    made = redactor(of)
    done = False
    for at, char in enumerate(text):
        out = made.feed(char)
        if made.refused and not done:
            done = True
            assert not refused(text[:at], of, ["", "x", " ", "a"])
        assert not (done and out), "nothing held leaves with a refusal, nor anything after it"
    made.close()
    assert bool(made.refused) == refused(text, of)


@pytest.mark.requirement("RL-6")
@pytest.mark.semantics(11)
@given(situations(longest=30, bounds=st.sampled_from([3, 400])), rules(bounds=st.sampled_from([2, 400])))
def test_adding_a_rule_never_gives_a_character_back(case: tuple[list[Rule], str], more: Rule) -> None:
    of, text = case
    fewer, all_of_them = redactor(of), redactor([*of, more])
    pieces(fewer, text)
    pieces(all_of_them, text)
    assert set(all_of_them.shown) <= set(fewer.shown)
    assert fewer.refused <= all_of_them.refused or all_of_them.refused


@pytest.mark.requirement("TR-4")
@pytest.mark.semantics(17)
@given(situations(longest=40, bounds=st.sampled_from([3, 400]), refusing=False))
def test_without_the_markers_it_is_the_text_with_each_region_deleted(case: tuple[list[Rule], str]) -> None:
    of, text = case
    made = redactor(of)
    out = "".join(pieces(made, text))
    gone = removed(text, [*of, FORGED])
    assert set(made.shown) == set(range(len(text))) - gone
    assert unsigned(out, of) == "".join(char for at, char in enumerate(text) if at not in gone)
    assert made.ledger.deleted == len(gone)


# continuation


@pytest.mark.semantics(10)
@given(st.data(), situations(longest=12, refusing=False), st.booleans())
def test_a_match_that_begins_in_what_the_answer_continues_counts(
    data: st.DataObject, case: tuple[list[Rule], str], by_sentence: bool
) -> None:
    of = [Rule(rule.phrases, rule.patterns, sentence=by_sentence) for rule in case[0]]
    text = case[1]
    at = data.draw(st.integers(0, len(text)))
    prefix, answer = text[:at], text[at:]
    made = redactor(of, prefix=prefix, certain=True)
    pieces(made, answer)
    gone: set[int] = set()
    for rule in [*of, FORGED]:
        ending = {span for span in matches(text, rule.phrases, rule.patterns) if span[1] > at}
        gone |= {place for start, end in ending for place in range(start, end)}
    assert not gone & {place + at for place in made.shown}
    assert set(made.shown) >= set(range(len(answer))) - {place - at for place in removed(text, [*of, FORGED])}


@pytest.mark.semantics(10)
@given(st.data(), situations(longest=12, refusing=False))
def test_where_an_answer_may_continue_or_begin_anew_both_are_guarded(
    data: st.DataObject, case: tuple[list[Rule], str]
) -> None:
    of = [Rule(rule.phrases, rule.patterns) for rule in case[0]]
    text = case[1]
    at = data.draw(st.integers(0, len(text)))
    unsure, sure, fresh = redactor(of, prefix=text[:at]), redactor(of, (), text[:at], True), redactor(of)
    for made in (unsure, sure, fresh):
        pieces(made, text[at:])
    readable = {place for place, char in enumerate(text[at:]) if FOLDS.get(char, char)}
    assert readable & set(unsure.shown) <= set(sure.shown) & set(fresh.shown)


@pytest.mark.semantics(10)
@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_phrase_asked_for_in_two_halves_does_not_come_out(at: int, certain: bool) -> None:
    phrase = "foo bar"
    made = redactor([Rule((phrase,))], (), "Say " + phrase[:at], certain)
    assert "".join(pieces(made, phrase[at:] + ", so.")) == MARKER + ", so."


@pytest.mark.semantics(10)
def test_an_answer_that_begins_with_a_phrase_is_guarded_whatever_stood_before() -> None:
    unsure = redactor([Rule(("foo bar",))], (), "An unrelated word", False)
    assert "".join(pieces(unsure, "foo bar.")) == MARKER + "."
    continued = redactor([Rule(("foo bar",))], (), "An unrelated word", True)
    assert "".join(pieces(continued, "foo bar.")) == "foo bar."


@pytest.mark.semantics(10)
@pytest.mark.parametrize("certain", [True, False])
def test_what_has_matched_before_the_answer_removes_nothing_from_it(certain: bool) -> None:
    of = [Rule(("foo",), sentence=True), Rule(("bar",)), Rule(("baz",), refuses=True)]
    for prefix in ("foo", "bar", "baz", "foo bar baz", "foo bar baz, "):
        assert "".join(pieces(redactor(of, (), prefix, certain), " goes on.")) == " goes on."


# what is special about some characters


@pytest.mark.semantics(17)
@pytest.mark.parametrize("text", [f"a {MARKER} b", f"a{MARKER}b", "a ⟦\u200b…⟧ b"])
def test_a_marker_that_the_model_writes_is_a_region(text: str) -> None:
    plan = plan_of([Rule(("x",))])
    activation = activate(plan, plan.rules)
    made = Redactor(activation)
    assert "".join(pieces(made, text)) in (f"a {MARKER} b", f"a{MARKER}b")
    assert made.omitted == {activation.forged}
    assert made.ledger.deleted >= len(MARKER)


@pytest.mark.semantics(6)
@pytest.mark.parametrize("mark", ["\u0301", "\u200b", "\u200d", "\ufe0f"])
@pytest.mark.parametrize("count", [1, 29, 30, 31, 50])
def test_marks_behind_a_match_go_with_it_up_to_the_thirtieth(mark: str, count: int) -> None:
    out = pieces(redactor([Rule(("1(",))]), "1(" + mark * count + "z")
    assert "".join(out) == MARKER + mark * max(0, count - MARK_RUN) + "z"


@pytest.mark.semantics(6)
@pytest.mark.parametrize("count", [1, 29, 30, 31, 50])
def test_invisible_characters_before_a_match_go_with_it_up_to_the_thirtieth(count: int) -> None:
    out = pieces(redactor([Rule(("1(",))]), "z" + "\u200b" * count + "1(")
    assert "".join(out) == "z" + "\u200b" * max(0, count - MARK_RUN) + MARKER


@pytest.mark.semantics(6)
def test_what_is_removed_grows_to_whole_characters() -> None:
    family = "👩\u200d🚀"
    made = redactor([Rule((), ("🚀",))])
    assert pieces(made, f"x{family}y") == ["x", "", "", "", MARKER + "y", ""]
    assert "".join(pieces(redactor([Rule(patterns=("\u1161",))]), "가나")) == MARKER


@pytest.mark.requirement("RL-4")
@pytest.mark.semantics(14)
def test_a_protected_number_survives_in_a_withheld_sentence() -> None:
    of = [Rule(("canary",), sentence=True)]
    out = "".join(pieces(redactor(of, (r"\b112\b",)), "Hello. The canary sings, call 112 now! Bye."))
    assert out == f"Hello. {MARKER}112{MARKER} Bye."


@pytest.mark.semantics(14)
def test_a_region_waits_where_it_may_yet_turn_out_to_be_protected() -> None:
    of = [Rule(("1(",))]
    assert pieces(redactor(of, (r"1\(x",)), "a1(x b") == ["a", "", "", "1(x", " ", "b", ""]
    assert pieces(redactor(of, (r"1\(x",)), "a1(y b") == ["a", "", "", f"{MARKER}y", " ", "b", ""]


@pytest.mark.semantics(14)
def test_what_is_protected_does_not_reach_into_a_red_line() -> None:
    made = redactor([Rule(("bomb 112",), refuses=True)], (r"\b112\b",))
    assert "".join(pieces(made, "x bomb 112 y")) == "x "
    assert made.refused


@pytest.mark.semantics(5)
@pytest.mark.parametrize("bound", [5, 400])
def test_a_piece_waits_while_either_reading_of_a_full_stop_would_take_it(bound: int) -> None:
    """The stop in "no. 5" may or may not end the sentence; the piece behind it belongs to the region if it does."""
    of = [Rule(("no. 5",), sentence=True, bound=bound)]
    text = "no. 5" + " 12" * (bound // 2) + "\nX"
    got = pieces(redactor(of), text)
    assert "".join(got) == reference(text, [*of, FORGED])


def test_a_sentence_full_of_matches_costs_no_more_at_its_end() -> None:
    """Matches that will always touch the same pieces are kept as one."""
    made = redactor([Rule(("a",), sentence=True, bound=10_000)])
    made.feed("a " * 2_000)
    removals = [removal for removal in made._removals if isinstance(removal, UnitRemoval)]
    assert [len(removal._matches) for removal in removals] == [1]


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
def test_what_stands_in_removed_text_adds_nothing() -> None:
    of = [Rule(("secret plan",)), Rule(("sunny day",), sentence=True)]
    in_force = [*of, Rule(("help",))]
    plan = plan_of(in_force)
    rules = tuple(replace(rule, effect=Effect.PROVIDE) if tag == 2 else rule for tag, rule in enumerate(rules_of(plan)))
    activation = activate(plan, rules)
    for text, seen in (
        ("No help here.", True),
        ("One sunny day, help came.", False),
        ("help: secret plan", True),
        ("One sunny day! Then help came. Good.", True),
    ):
        for cut in (text, [text]):
            made = Redactor(activation)
            pieces(made, list(cut))
            assert (2 in made.observed) is seen, text
