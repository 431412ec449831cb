"""Strides that are remembered give what exact steps give, whatever other streams have taught them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.runtime.activation import Activation, activate
from ordinance.runtime.continuation import begin
from ordinance.runtime.ends import End
from ordinance.runtime.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate
from support.oracle import Rule
from support.plans import plan_of
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


def test_ordinary_text_is_strided_over() -> None:
    shared = activation_of([Rule(("forbidden",)), Rule(("never",), sentence=True, bound=400)])
    text = "The river stood high. Nobody expected a decision before the end of the month. " * 20
    deltas = [text[at : at + 4] for at in range(0, len(text), 4)]
    first = released(Redactor(shared), deltas)
    again = Counting(shared)
    assert released(again, deltas) == first == released(Exact(shared), deltas)
    assert again.steps < len(deltas) / 10, "only the start and what cannot be remembered is stepped through"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ordinance.runtime.calm.CAP", 50)
    shared = activation_of([Rule(("forbidden",))])
    text = "".join(chr(0x4E00 + at) for at in range(500)) + " forbidden."
    for _ in range(2):
        assert released(Redactor(shared), text) == released(Exact(shared), text)
    assert shared.strides._count <= 50
