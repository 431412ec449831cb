"""What lies within a place, worked out once for all codes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.link.places import Places

CODES = ("EU", "DE", "DE-BY", "AT", "US")


@given(
    st.dictionaries(st.sampled_from(CODES), st.none() | st.sampled_from(CODES)),
    st.dictionaries(st.sampled_from(CODES), st.frozensets(st.sampled_from(["FR", "IT"]))),
    st.sampled_from((*CODES, "FR")),
)
def test_a_place_covers_what_leads_up_to_it(
    parents: dict[str, str | None], members: dict[str, frozenset[str]], code: str
) -> None:
    def leads(name: str | None) -> bool:
        seen: list[str] = []
        while name is not None and name not in seen:
            seen.append(name)
            name = parents.get(name)
        return code in seen

    inside = {code, *(name for name in parents if leads(name))}
    wanted = inside.union(*(members.get(name, frozenset()) for name in inside))
    assert Places(parents, {}, members).covered(code) == wanted
