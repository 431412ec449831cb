"""What processes have counted together is what one would have counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ordinance.serve.metrics import families
from ordinance.serve.metrics.tally import Tally, joined, lasting

VALUES = st.lists(st.tuples(st.sampled_from(["DE", "EE"]), st.integers(0, 40_000)))


@given(st.lists(VALUES, max_size=4))
def test_processes_together_have_counted_what_one_would_have(parts: list[list[tuple[str, int]]]) -> None:
    whole, each = Tally(), [Tally() for _ in parts]
    for tally, values in zip(each, parts, strict=True):
        for name, value in values:
            for one in (tally, whole):
                one.add(families.ANSWERS, name, "pass", "messages")
                one.observe(families.HELD, value)
    assert joined(tally.numbers() for tally in each) == whole.numbers()


def test_what_holds_in_any_process_is_not_summed() -> None:
    one, other = ("ordinance_policy_stale", ""), ("ordinance_streams", "")
    assert joined([{one: 1, other: 2}, {one: 1, other: 3}, {one: 0}]) == {one: 1, other: 5}


def test_of_a_process_that_has_ended_its_gauges_are_gone() -> None:
    counted = {("ordinance_streams", ""): 3.0, ("ordinance_answers_total", "", "DE", "pass", "messages"): 2.0}
    assert lasting(counted) == {("ordinance_answers_total", "", "DE", "pass", "messages"): 2.0}
