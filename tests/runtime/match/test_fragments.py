"""From which nodes of a pattern a match can still be completed: worked out at once, and as it is defined."""

from __future__ import annotations

from hypothesis import given

from ordinance.errors import PatternError
from ordinance.runtime.match.fragments import Fragment, fragment
from ordinance.runtime.match.node_table import looks_back
from support.strategies import patterns


def completes(made: Fragment, at: int) -> bool:
    """Whether a match is complete at a node, or behind assertions."""
    node = made.nodes[at - 1]
    return bool(node.outputs) or any(completes(made, target) for _, target in node.jumps)


def goes_on(made: Fragment, at: int) -> bool:
    """Whether a match is complete further on: behind a symbol, or where it depends on the next one."""
    node = made.nodes[at - 1]
    return any(goes_on(made, target) or completes(made, target) for _, target in node.sets) or any(
        goes_on(made, target) or (not looks_back(assertion) and completes(made, target))
        for assertion, target in node.jumps
    )


@given(patterns())
def test_a_family_waits_where_a_match_may_be_complete_further_on(source: str) -> None:
    try:
        made = fragment(source, False)
    except PatternError:
        return
    for at, node in enumerate(made.nodes, 1):
        assert bool(node.families) is goes_on(made, at)
        assert all(target > at for _, target in (*node.sets, *node.jumps))


def test_a_repetition_that_may_end_is_complete_and_goes_on() -> None:
    made = fragment("ab{0,1}", False)
    waits = [bool(node.families) for node in made.nodes if node.live]
    assert set(waits) == {True, False}
