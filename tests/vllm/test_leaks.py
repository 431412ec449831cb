"""A canary that a real model says never reaches the wire, by no field of any API; and the check is checked."""

from __future__ import annotations

from collections.abc import Iterable

import httpx2
import pytest

from support.tiny_model import tokens
from support.traces import traces
from support.vantage import Vantage
from support.vllm_asks import ASKS, Ask

WAYS = [
    pytest.param(ask, streaming, id=f"{ask}-{'stream' if streaming else 'whole'}")
    for ask in ASKS
    for streaming in (False, True)
    if (ask.stream if streaming else ask.whole)
]


def places(ask: Ask, streaming: bool) -> tuple[str, ...]:
    return ask.stream if streaming else ask.whole


def wire(reply: httpx2.Response, needles: Iterable[str]) -> dict[str, set[str]]:
    """What can be read of ``needles``, and where: in the body, and in the headers."""
    found = traces(reply.content, needles, tokens())
    for name, value in reply.headers.items():
        for needle in needles:
            if needle in value:
                found.setdefault(needle, set()).add(f"header {name}")
    return found


@pytest.mark.semantics(6)
@pytest.mark.semantics(16)
@pytest.mark.parametrize(("ask", "streaming"), WAYS)
def test_no_canary_leaves(ask: Ask, streaming: bool, governed: Vantage) -> None:
    reply = governed.post(ask.path, ask.to_send(streaming))
    assert reply.status_code == 200, reply.text
    assert wire(reply, ask.secret) == {}
    if ask.shown:
        assert not at_places(reply, ask, streaming, ask.shown)


@pytest.mark.parametrize(("ask", "streaming"), WAYS)
def test_ungoverned_it_does_in_every_field_that_is_named(ask: Ask, streaming: bool, ungoverned: Vantage) -> None:
    reply = ungoverned.post(ask.path, ask.to_send(streaming))
    assert reply.status_code == 200, reply.text
    if not ask.shown:
        assert wire(reply, ask.secret) != {}
    found = at_places(reply, ask, streaming, ask.shown or ask.canary)
    silent = [place for place in places(ask, streaming) if not any(each.startswith(place) for each in found)]
    assert not silent, f"nothing at {silent}; found at {sorted(found)}: {reply.text[:3000]}"


def at_places(reply: httpx2.Response, ask: Ask, streaming: bool, needle: str) -> set[str]:
    """Where ``needle`` stands, of the places that are named for an answer."""
    found = traces(reply.content, [needle], tokens()).get(needle, set())
    return {place for place in found if place.startswith(places(ask, streaming))}
