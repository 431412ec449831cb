"""The digests that a mark is signed over are those of the text that left, however it came and was cut."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.vocabulary import MARKER
from ordinance.runtime.imprint import Imprint, digest_of
from ordinance.runtime.session import Session
from ordinance.runtime.stream import Stream
from support.marked import marked, without_additions
from support.oracle import Rule
from support.plans import plan_of, session
from support.small_plan import small_plan
from support.strategies import CHARACTERS, cuttings

RULES = (Rule(phrases=("flag",)), Rule(phrases=("code",), mask="secret"))
TEXTS = st.lists(
    st.sampled_from([*CHARACTERS, "flag", "code", "[secret]", MARKER, "é", "\U0001f642"]), max_size=12
).map("".join)


def open_stream(*, whole: bool) -> tuple[Stream, Session]:
    opened: Any = session(plan_of(RULES), whole=whole)
    opened._terms = replace(opened._terms, signed=True)
    return opened.stream(), opened


@given(TEXTS, st.data())
def test_without_its_additions_a_text_is_the_model_s_with_each_region_deleted(text: str, data: st.DataObject) -> None:
    stream, _ = open_stream(whole=False)
    shown = "".join([stream.feed(piece) for piece in data.draw(cuttings(text))] + [stream.close()])
    assert stream.imprint is not None
    claims = stream.imprint.claims()
    assert claims["text"] == sha256(shown.encode()).hexdigest()
    kept, at = "", 0
    for cut in stream.content.cuts:
        kept, at = kept + text[at : cut.start], cut.end
    assert without_additions(shown, claims) == kept + text[at:]
    together, _ = open_stream(whole=True)
    together.feed(text)
    assert sha256(together.close().encode()).hexdigest() == claims["text"] == together.imprint.claims()["text"]  # type: ignore[union-attr]
    assert together.imprint.claims() == claims  # type: ignore[union-attr]


@given(TEXTS, st.lists(st.integers(0, 40)))
def test_places_are_in_bytes_and_do_not_touch(text: str, cuts: list[int]) -> None:
    imprint = Imprint(["[é]"])
    imprint.add("x" * len(cuts))
    imprint.release(text)
    imprint.add("[é]")
    imprint.release("[é]" + MARKER)
    places = imprint.claims()["additions"]
    ends = [end for place in places for end in place]
    assert ends == sorted(set(ends))
    assert ends[-1] == len(("x" * len(cuts) + text + "[é][é]" + MARKER).encode())


def test_a_text_that_nobody_marks_is_not_digested() -> None:
    plan = small_plan()
    assert session(plan_of(RULES)).stream().imprint is None
    assert session(marked(plan)).stream().imprint is None  # nobody signs


@pytest.mark.parametrize("value", [{"b": 1, "a": "é"}, {"a": "é", "b": 1}])
def test_an_object_has_one_digest_whatever_the_order_of_its_members(value: dict[str, Any]) -> None:
    assert digest_of(value) == sha256('{"a":"é","b":1}'.encode()).hexdigest()
