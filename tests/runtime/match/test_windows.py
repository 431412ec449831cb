"""A sentence that does not end is looked at in windows that overlap, so that no cut hides a match."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Expressions, Passage, Prepared, Segments, Span
from ordinance.policy.plan import Plan, Scope
from ordinance.runtime.match.segments import BOUND, MOST_OVERLAP
from support.oracle import MARKER
from support.plans import plan, session, withhold
from support.strategies import SEVERAL, cuttings

SECRET = "k=38001085718"
OVERLAP = 40


def find(passage: Passage) -> list[Span]:
    at = passage.folded.find(SECRET)
    return [] if at < 0 else [passage.span(at, at + len(SECRET))]


def planned(overlap: int = OVERLAP) -> Plan:
    detectors: dict[str, Prepared] = {"find": Segments(find, overlap)}
    return plan([withhold("DE/find", "find")], detectors)


PLAN = planned()


def released(text: str, *pieces: str, of: Plan = PLAN) -> str:
    stream = session(of).stream()
    return "".join([*map(stream.feed, pieces or [text]), stream.close()])


@pytest.mark.semantics(6)
@pytest.mark.semantics(12)
@pytest.mark.parametrize("at", [*range(BOUND - OVERLAP - 20, BOUND + 20), 2 * BOUND - 2 * OVERLAP - 6])
def test_a_match_is_found_at_every_place_of_a_window(at: int) -> None:
    """W7: what lay across the thousandth character of a sentence walked out."""
    text = ("a, " * 1000)[:at] + SECRET + " and so on" * 20
    assert released(text).startswith(text.replace(SECRET, MARKER))


@pytest.mark.semantics(6)
@SEVERAL
@given(st.integers(0, 2500), st.integers(0, 300), st.integers(0, MOST_OVERLAP), st.data())
def test_windows_find_the_same_for_every_cut(before: int, after: int, overlap: int, data: st.DataObject) -> None:
    text = ("b, " * 1000)[:before] + SECRET + ("c; " * 100)[:after]
    of = planned(overlap)
    whole = released(text, of=of)
    assert released(text, *data.draw(cuttings(text)), of=of) == whole
    if overlap >= len(SECRET):
        assert SECRET not in whole


@pytest.mark.semantics(6)
@SEVERAL
@given(
    st.sampled_from(["sentence", "paragraph"]),
    st.integers(1, 400),
    st.lists(
        st.sampled_from(["A few words. ", "And many words ", f"but {SECRET} ", "in a row", ". So it is.", "\n\n"])
    ),
    st.data(),
)
def test_what_a_whole_unit_loses_is_the_same_for_every_cut(
    unit: Literal["sentence", "paragraph"], bound: int, parts: list[str], data: st.DataObject
) -> None:
    """Where no red line could end the answer either."""
    detectors: dict[str, Prepared] = {"find": Segments(find, OVERLAP)}
    of = plan([withhold("DE/find", "find", scope=Scope(unit, bound))], detectors)
    text = "".join(parts)
    assert released(text, *data.draw(cuttings(text)), of=of) == released(text, *text, of=of)


@pytest.mark.parametrize("length", [*range(397, 402), *range(997, 1002)])
def test_a_paragraph_whose_sentence_ends_where_it_is_full_is_the_same_for_every_cut(length: int) -> None:
    detectors: dict[str, Prepared] = {"find": Segments(find, OVERLAP)}
    of = plan([withhold("DE/find", "find", scope=Scope("paragraph", 400 if length < 500 else 1000))], detectors)
    first = "The first sentence of this paragraph stands here and says nothing of any interest. " * 2
    second = f"The second goes on with {SECRET} and "
    text = first + second + "x" * (length - len(first) - len(second) - 1) + ". And then a third one follows here."
    assert len({released(text, *cut, of=of) for cut in ((text,), tuple(text), (text[:7], text[7:]))}) == 1


@pytest.mark.semantics(6)
def test_no_more_waits_than_a_window() -> None:
    stream = session(PLAN).stream()
    left = 0
    for number in range(1, 3 * BOUND):
        left += len(stream.feed("a"))
        assert number - left <= BOUND


def test_written_in_any_way() -> None:
    """W8: a detector of sentences saw raw text alone."""
    for written in ("k=３８００１０８５７１８", "k=380\u200b01085718", "K=38001085718"):
        assert released(f"So {written} it is. More.").startswith(f"So {MARKER} it is. More.")


def test_windows_of_two_things_overlap() -> None:
    detectors: dict[str, Prepared] = {"a": Expressions(phrases=("aino",)), "b": Expressions(phrases=("the flu",))}
    of = plan([withhold("DE/both", "a", near=("b",))], detectors)
    for at in range(BOUND - 30, BOUND + 5):
        text = ("x, " * 1000)[:at] + " Aino has the flu " + "and so on " * 20
        assert "Aino" not in released(text, of=of)


def test_nothing_is_looked_at_twice_without_need() -> None:
    seen: list[str] = []

    def look(passage: Passage) -> list[Span]:
        seen.append(passage.text)
        return []

    of = plan([withhold("DE/look", "look")], {"look": Segments(look, 10)})
    released("a" * BOUND, of=of)
    assert [len(each) for each in seen] == [BOUND]
    seen.clear()
    released("a" * (BOUND + 1), of=of)
    assert [len(each) for each in seen] == [BOUND, 11]
    seen.clear()
    released("a" * (BOUND - 2) + ". Bb.", of=of)
    assert seen == ["a" * (BOUND - 2) + ". ", "Bb."]
