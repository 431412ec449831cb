"""Candidates that somebody else decides about: it sees what stands before, alike for every cut; a fault is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Expressions, Passage, Pattern, Prepared
from ordinance.policy.plan import Plan, PlannedRule, Scope
from ordinance.policy.vocabulary import Channel, Verdict
from ordinance.runtime.match.passages import Recent, shown, tail
from ordinance.runtime.match.segments import DetectorError
from ordinance.runtime.redact.json_text import FREE_NOWHERE, Structure
from ordinance.runtime.session import Session
from ordinance.runtime.text.folding import fold, key
from support.oracle import MARKER
from support.plans import mask, plan, refuse, session, withhold
from support.strategies import SEVERAL, cuttings

BEFORE = 12
FREE = Structure(lambda _: True)

#: Digits and what may stand before and among them; a full-width digit, what is invisible, what folds to two letters.
CHARACTERS = "0112３ id:\u200b\u00ad.é\ufb01\n"
PIECES = st.lists(
    st.one_of(
        st.text(CHARACTERS, max_size=12),
        st.sampled_from(
            ["id 1234", "ID: 1234", "no 1234", "Nothing of it is said here. " * 3, "\u200b" * 40, " 12\u200b34"]
        ),
    ),
    max_size=8,
).map("".join)


@dataclass(slots=True)
class Accepting:
    """Accepts a candidate if ``id`` stands before it; notes what it was shown."""

    shown: list[Passage] = field(default_factory=list)

    def __call__(self, passage: Passage) -> bool:
        self.shown.append(passage)
        return "id" in passage.before

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def numbers(accepts: Callable[[Passage], bool], before: int = BEFORE) -> Expressions:
    return Expressions(patterns=(Pattern(r"\b[0-9]{4}\b", accepts=accepts, before=before, waits=True),))


def planned(accepts: Callable[[Passage], bool], *rules: PlannedRule, before: int = BEFORE) -> Plan:
    detectors: dict[str, Prepared] = {"number": numbers(accepts, before)}
    return plan(rules or [mask("DE/numbers", "number", told=False)], detectors)


def said(opened: Session, pieces: Sequence[str]) -> str:
    stream = opened.stream()
    return "".join([*map(stream.feed, pieces), stream.close()])


def folded(text: str) -> str:
    return "".join(map(key, fold(text)))


def standing(text: str) -> set[tuple[str, str]]:
    """Each span of ``text`` whose folded form may be a candidate, with what stands before it."""
    found = set()
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            if not re.fullmatch(r"[0-9]{0,4}", folded(text[start:end])):
                break
            found.add((text[start:end], folded(text[:start])[-BEFORE:]))
    return found


@pytest.mark.semantics(6)
@SEVERAL
@given(PIECES, st.data())
def test_a_check_sees_the_same_for_every_cut(text: str, data: st.DataObject) -> None:
    whole, cut = Accepting(), Accepting()
    expected = said(session(planned(whole)), [text])
    assert said(session(planned(cut)), data.draw(cuttings(text))) == expected
    assert [(each.text, each.before) for each in whole.shown] == [(each.text, each.before) for each in cut.shown]
    assert {(each.text, each.before) for each in whole.shown} <= standing(text)


@pytest.mark.semantics(10)
@SEVERAL
@given(PIECES, st.text(CHARACTERS, max_size=20), st.booleans())
def test_what_stands_before_a_continued_answer_counts(before: str, text: str, certain: bool) -> None:
    accepts = Accepting()
    opened = session(planned(accepts))
    opened.continue_from([before], certain=certain)
    said(opened, [text])
    visible = "".join(char for char in before if char not in "\u200b\u00ad")
    known = standing(visible + text) | (set() if certain else standing(text))
    assert {(each.text, each.before) for each in accepts.shown} <= known
    found = any("id" in each.before for each in accepts.shown)
    assert bool(opened.outcome().rules) is found


@pytest.mark.parametrize(
    ("before", "text", "masked"),
    [("My id is ", "1234.", True), ("My number is ", "1234.", False), ("My id is 12", "34.", True)],
)
def test_a_continued_number(before: str, text: str, masked: bool) -> None:
    opened = session(planned(Accepting()))
    opened.continue_from([before], certain=True)
    assert (said(opened, [text]) == "[code].") is masked


@given(st.text(CHARACTERS, max_size=30), st.integers(0, 8))
def test_a_tail_is_the_end_of_the_folded_text(text: str, most: int) -> None:
    for at in range(len(text) + 1):
        before = folded(text[:at])
        assert tail(text, most, at) == before[len(before) - min(most, len(before)) :]


@given(st.text(CHARACTERS + "ﷺ", max_size=30))
def test_a_passage_shows_the_text_as_rules_compare_it(text: str) -> None:
    passage = shown(text)
    assert passage.folded == folded(text)
    assert len(passage.offsets) == len(passage.folded) + 1
    assert list(passage.offsets) == sorted(passage.offsets)
    assert passage.offsets[-1] == len(text)
    for start in range(len(passage.folded)):
        low, high = passage.span(start, start + 1)
        assert passage.folded[start] in folded(text[low:high])


def test_what_left_long_ago_is_not_kept() -> None:
    recent = Recent(("",), BEFORE)
    for _ in range(1000):
        recent.leave("a word, and another. ")
    assert recent.before(0, 0, "") == ["and another. "[-BEFORE:]]
    assert max(len(getattr(recent, name)) for name in ("_gone", "_passed")) < 2000


@pytest.mark.semantics(9)
@pytest.mark.parametrize("structure", [FREE, FREE_NOWHERE])
@pytest.mark.parametrize(
    ("text", "found"),
    [('{"id": "1234"}', True), ('{"no": "1234"}', False), ('{"no": "my id 1234"}', True), ('{"id": 1234}', True)],
)
def test_in_json_the_key_stands_before_its_value(text: str, found: bool, structure: Structure) -> None:
    for size in (1, 3, 100):
        opened = session(planned(Accepting()))
        stream = opened.stream(structure=structure)
        released = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.close()
        assert ("1234" not in released) is found
        if found and structure is FREE and '"1234' in text:
            assert released == text.replace("1234", "[code]")


# where a check fails


def failing(passage: Passage) -> bool:
    raise DetectorError("late", lasting=True)


RED = refuse("baseline/number", "number")


@pytest.mark.semantics(13)
@pytest.mark.requirement("DET-1")
def test_a_candidate_that_nobody_decides_on_counts_as_found() -> None:
    opened = session(planned(failing, withhold("DE/number", "number")))
    assert said(opened, ["It is 1234. More."]) == f"It is {MARKER}. More.\n\n[fault]"
    outcome = opened.outcome()
    assert (outcome.verdict, outcome.rules, outcome.failed) == (Verdict.WITHHOLD, (), ("DE/number",))

    opened = session(planned(failing, RED))
    assert said(opened, ["It is 1234. More."]) == "It is \n\n[fault]"
    outcome = opened.outcome()
    assert (outcome.verdict, outcome.rules, outcome.failed) == (Verdict.REFUSE, (), ("baseline/number",))

    opened = session(planned(failing, withhold("DE/number", "number", trial=True)))
    assert said(opened, ["It is 1234. More."]) == "It is 1234. More."
    assert (opened.outcome().verdict, opened.outcome().failed) == (Verdict.PASS, ("DE/number",))


@pytest.mark.semantics(13)
def test_a_prompt_with_a_candidate_that_nobody_decides_on() -> None:
    opened = session(planned(failing, RED))
    assert opened.screen(["It is 1234."])
    assert said(opened, ["Well."]) == "[fault]"
    assert opened.outcome().failed == ("baseline/number",)
    masked = session(planned(failing, mask("DE/number", "number", channels=frozenset({Channel.PROMPT}))))
    masked.screen(["It is 1234."])
    assert masked.mask("It is 1234.") == f"It is {MARKER}."


@pytest.mark.semantics(9)
@pytest.mark.semantics(13)
def test_json_with_a_candidate_that_nobody_decides_on() -> None:
    for text in ('{"a": "x 1234"}', '{"a": 1234}'):
        opened = session(planned(failing, RED))
        stream = opened.stream(Channel.TOOL_CALL, structure=FREE_NOWHERE)
        assert "1234" not in stream.feed(text) + stream.close()
        assert (opened.outcome().verdict, opened.outcome().failed) == (Verdict.REFUSE, ("baseline/number",))
        opened = session(planned(failing, withhold("DE/number", "number")))
        stream = opened.stream(structure=FREE)
        assert "1234" not in stream.feed(text) + stream.close()
        assert opened.outcome().failed == ("DE/number",)


@pytest.mark.semantics(12)
@pytest.mark.semantics(13)
def test_two_things_of_which_one_is_not_decided_on() -> None:
    rule = withhold("DE/both", "word", near=("number",))
    of = plan([rule], {"word": Expressions(phrases=("word",)), "number": numbers(failing)})
    opened = session(of)
    assert said(opened, ["One. A word and 1234. Two."]) == f"One. {MARKER}Two.\n\n[fault]"


def test_what_has_failed_for_good_is_not_asked_again_in_the_same_request() -> None:
    asked: list[str] = []

    def late(passage: Passage) -> bool:
        asked.append(passage.text)
        raise DetectorError("late", lasting=True)

    def raising(passage: Passage) -> bool:
        asked.append(passage.text)
        raise DetectorError("raised")

    for accepts, count in ((late, 1), (raising, 3)):
        asked.clear()
        opened = session(planned(accepts))
        assert said(opened, list("1234 5678 9012")).startswith(f"{MARKER} {MARKER} {MARKER}")
        assert len(asked) == count


@pytest.mark.parametrize("channel", [Channel.TOOL_CALL, Channel.REASONING, Channel.PROMPT])
def test_a_session_that_may_ask_waits_whatever_part_is_read(channel: Channel) -> None:
    rule = withhold("DE/part", "number", channels=frozenset({channel}))
    assert session(planned(Accepting(), rule)).waits
    own = Expressions(patterns=(Pattern("[0-9]{4}", accepts=Accepting()),))
    assert not session(plan([rule], {"number": own})).waits


@pytest.mark.semantics(6)
def test_a_number_that_breaks_off_is_looked_at_only_where_its_digits_can_be_computed() -> None:
    accepts = Accepting()
    assert said(session(planned(accepts)), ["My id is 123"]) == "My id is 123"
    assert accepts.shown == []


@pytest.mark.semantics(5)
def test_the_sentence_of_an_accepted_candidate_can_be_withheld() -> None:
    rule = withhold("DE/numbers", "number", scope=Scope("sentence", 400))
    opened = session(planned(Accepting(), rule))
    assert said(opened, ["One. The id is 1234, they say. Two. No 1234."]).startswith(f"One. {MARKER} Two. No 1234.")
