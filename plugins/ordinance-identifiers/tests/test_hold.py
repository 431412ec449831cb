"""Text waits only while it can still become a number: exactly, for every way in which a stream is cut."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ordinance_identifiers import numbers

from ordinance.authoring.prose import PROSE
from ordinance.detection import Expressions, Pattern
from ordinance.policy.plan import Plan
from support.holding import held
from support.plans import mask, plan, session
from support.strategies import cuttings

from .conftest import automaton, candidates

COUNTRIES = tuple(sorted({number.country for number in numbers.table()}))
ASKED = [("id.national",), ("id.tax",), ("id.health",), ("id.phone", *COUNTRIES), ("id.phone",)]


@pytest.mark.semantics(6)
@pytest.mark.parametrize("name", ASKED, ids=lambda name: f"{name[0]} of {len(name) - 1}")
def test_prose_hardly_waits_with_all_countries(name: tuple[str, ...]) -> None:
    for text in PROSE.values():
        waiting = held(automaton(candidates(*name)), text)
        assert fmean(waiting) <= 1
        assert max(waiting) <= 4


@pytest.mark.semantics(6)
@pytest.mark.parametrize(
    "text",
    [
        "In 1987 and 2026 the town",
        "at 07:40, 19.30 Uhr, 7.40",
        "12,500 people for 1,299.00 euros",
        "2026-11-23, 23.11.2026",
    ],
)
def test_years_times_dates_and_amounts_wait_four_characters_in_most_of_europe(text: str) -> None:
    """Not where one begins like a year and a space (AT) or a date with dots (BE) or slashes (DE): decision 059."""
    for kind in ("national", "tax", "health"):
        europe = set(COUNTRIES) & set(numbers.countries(kind)) - {"AT", "BE", "AU", "CA", "IN", "KR", "TH", "US"}
        assert max(held(automaton(candidates(f"id.{kind}", *sorted(europe))), text)) <= 4


def policy() -> Plan:
    """A rule that masks what three detectors find, asked as the engine asks them."""
    shapes = [
        Pattern(each.source, each.any_case, answer.accepts, before=answer.before)
        for answer in (
            candidates("id.national", "DE", "EE", "FR"),
            candidates("id.health", "GB"),
            candidates("id.phone"),
        )
        for each in answer.shapes
    ]
    numbers = Expressions(patterns=tuple(shapes))
    return plan([mask("DE/numbers", "number", type="number", told=False)], {"number": numbers})


POLICY = policy()
SAID = {
    "In 2026 it is 36805280109, they said.": "36805280109",
    "In 2026 it is 36 574 261 809, they said.": "36 574 261 809",
    "In 2026 it is 2 95 10 99 126 111 93, they said.": "2 95 10 99 126 111 93",
    "Her NHS number: 943 476 5870. Yes.": "943 476 5870",
    "Call +49 (0)30 23125 000 now.": "+49 (0)30 23125 000",
    "In 2026 it is 36805280108, they said.": "",
    "The order is 943 476 5870. Yes.": "",
}


@pytest.mark.semantics(5)
@pytest.mark.semantics(6)
@given(st.data(), st.sampled_from(sorted(SAID)))
def test_the_same_leaves_however_a_stream_is_cut(data: st.DataObject, text: str) -> None:
    stream = session(POLICY).stream()
    cut = data.draw(cuttings(text))
    shown = text.replace(SAID[text], "[number]") if SAID[text] else text
    assert "".join(map(stream.feed, cut)) + stream.close() == shown
