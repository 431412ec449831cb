"""``support/every_cut.py``: what it yields is what a client gets of each cut, and a copy leaves its original alone."""

from __future__ import annotations

import pickle
from itertools import combinations, pairwise

import pytest

from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.runtime.stream import Stream
from support.every_cut import answers, state_of
from support.packs import TODAY
from support.small_plan import FORBIDDEN, small_plan

TEXTS = ["", "a", f"A {FORBIDDEN}.", "forbidden; a flag"]


def opened() -> Session:
    plan = small_plan()
    return Session(plan, situate(plan, jurisdiction="DE", on=TODAY), "en")


def whole(stream: Stream, pieces: list[str]) -> str:
    return "".join([*map(stream.feed, pieces), stream.close()])


@pytest.mark.parametrize("text", TEXTS)
def test_each_cut_is_yielded_once_with_what_its_pieces_give(text: str) -> None:
    session = opened()
    wanted = [
        (cuts, whole(session.stream(), [text[start:end] for start, end in pairwise((0, *cuts, len(text)))]))
        for count in (0, 1, 2)
        for cuts in combinations(range(1, len(text)), count)
    ]
    assert sorted(answers(session.stream, text)) == sorted(wanted)


@pytest.mark.parametrize("pieces", [["Look at the forb"], ["Look at the ", "forbidden flag"], ["Good day. "]])
def test_a_copy_goes_on_as_the_stream_does_and_changes_nothing_of_it(pieces: list[str]) -> None:
    stream = opened().stream()
    for piece in pieces:
        stream.feed(piece)
    state = state_of(stream)
    assert whole(pickle.loads(state), ["idden flag over there.", " Yes."])
    assert state_of(stream) == state
    rest = ["iden", " red line"]
    assert whole(pickle.loads(state), rest) == whole(stream, rest)
