"""Which server a request goes to: laws of the choice, over frozen states."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ordinance.serve.behind.server_choice import Candidate, fallback_of, first_way, further_way, is_served

MODELS = ("a", "b", "c")


@st.composite
def fleets(draw: st.DrawFn) -> list[Candidate]:
    """Servers with different names and turns; those of one model fall back to one other model."""
    fallbacks = draw(st.fixed_dictionaries({model: st.sampled_from([None, *MODELS]) for model in MODELS}))
    count = draw(st.integers(1, 6))
    turns = draw(st.permutations(range(count)))
    made = []
    for number in range(count):
        served = draw(st.sets(st.sampled_from(MODELS), min_size=1, max_size=2))
        fallback = next((fallbacks[each] for each in sorted(served)), None)
        made.append(
            Candidate(
                f"s{number}",
                {model: model for model in served},
                None if fallback in served else fallback,
                healthy=draw(st.booleans()),
                drained=draw(st.booleans()),
                open=draw(st.integers(0, 3)),
                turn=turns[number],
            )
        )
    return made


@given(fleets(), st.sampled_from(MODELS), st.booleans())
def test_a_request_goes_to_a_server_of_its_model_that_takes_requests(
    fleet: list[Candidate], model: str, substitute: bool
) -> None:
    way = first_way(fleet, model, substitute=substitute)
    by_name = {each.name: each for each in fleet}
    fallback = fallback_of(fleet, model) if substitute else None
    same = [each for each in fleet if model in each.models and not each.drained]
    other = [each for each in fleet if fallback in each.models and not each.drained]
    if way is None:
        assert not same
        assert not other
        return
    chosen = by_name[way.server]
    assert way.model in chosen.models
    assert not chosen.drained
    assert (way.model == model) or way.substitute
    if way.substitute:
        assert way.model == fallback
        assert not any(each.healthy for each in same), "the same model comes first"
    alike = other if way.substitute else same
    assert chosen.healthy or not any(each.healthy for each in (*same, *other))
    fair = [each for each in alike if each.healthy == chosen.healthy]
    assert (chosen.open, chosen.turn) == min((each.open, each.turn) for each in fair)


@given(fleets(), st.sampled_from(MODELS), st.randoms(use_true_random=False))
def test_the_order_in_the_settings_does_not_matter(fleet: list[Candidate], model: str, chance: random.Random) -> None:
    ways = {first_way(chance.sample(fleet, len(fleet)), model, substitute=False) for _ in range(4)}
    assert len(ways) == 1


@given(fleets(), st.sampled_from(MODELS), st.booleans())
def test_a_further_server_is_another_that_answers(fleet: list[Candidate], model: str, substitute: bool) -> None:
    first = first_way(fleet, model, substitute=substitute)
    if first is None:
        return
    further = further_way(fleet, model, first.server, substitute=substitute)
    taking = [each for each in fleet if each.healthy and not each.drained and each.name != first.server]
    if further is None:
        assert not any(model in each.models for each in taking)
        return
    assert further.server in {each.name for each in taking}
    assert further.substitute == (further.model != model) or not further.substitute
    if further.substitute:
        assert substitute
        assert not any(model in each.models for each in taking), "the same model comes first"


@given(st.integers(2, 5), st.integers(1, 40), st.booleans())
def test_requests_are_spread_evenly(servers: int, requests: int, stay: bool) -> None:
    """Whether answers take for ever or end at once."""
    fleet = [Candidate(f"s{number}", {"a": "a"}) for number in range(servers)]
    given = Counter({each.name: 0 for each in fleet})
    for turn in range(1, requests + 1):
        way = first_way(fleet, "a")
        assert way is not None
        given[way.server] += 1
        fleet = [replace(each, open=each.open + stay, turn=turn) if each.name == way.server else each for each in fleet]
    assert max(given.values()) - min(given.values()) <= 1


def test_a_model_whose_servers_are_drained_is_served_and_a_stranger_is_not() -> None:
    fleet = [Candidate("s", {"a": "a"}, drained=True)]
    assert first_way(fleet, "a") is None
    assert is_served(fleet, "a")
    assert not is_served(fleet, "b")
