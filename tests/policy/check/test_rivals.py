"""Rules that are compared: those of which one may do all that the other does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.check.cubes import everywhere
from ordinance.policy.check.reach import Force, _rivals
from ordinance.policy.vocabulary import Effect

RULE = cast(Any, SimpleNamespace(effect=Effect.WITHHOLD, by_text=True))


@given(st.lists(st.frozensets(st.sampled_from("abcdef")), max_size=6))
def test_what_looks_for_all_that_a_rule_looks_for_is_its_rival(sought: list[frozenset[str]]) -> None:
    forces = [
        Force(at, RULE, everywhere({}), frozenset(("phrase", each) for each in items))
        for at, items in enumerate(sought)
    ]
    rivals = {inner.at: [rival.at for rival in found] for inner, found in _rivals(forces)}
    for inner in forces:
        wider = [each.at for each in forces if each is not inner and inner.sought and each.sought >= inner.sought]
        assert [at for at in rivals.get(inner.at, []) if at in wider] == wider
