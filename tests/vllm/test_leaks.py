"""A canary that a real model says never reaches the wire, by no field of any API; and the check is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx2
import pytest

from support.tiny_model import tokens
from support.traces import traces
from support.vantage import Vantage
from support.vllm_asks import ASKS, Ask

ORDER = [(ask, streaming) for ask in ASKS for streaming in (False, True) if (ask.stream if streaming else ask.whole)]
WAYS = [pytest.param(*each, id=f"{each[0]}-{'stream' if each[1] else 'whole'}") for each in ORDER]
#: How many requests are on their way before a test wants the reply: one step of the engine serves them all.
AHEAD = 8


class Replies:
    """The replies to ``ORDER``, in which tests want them, from each vantage."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._coming: dict[tuple[str, int], Future[httpx2.Response]] = {}

    def wanted(self, vantage: Vantage, ask: Ask, streaming: bool) -> httpx2.Response:
        """Ask, and ask what comes next; return the reply."""
        at = ORDER.index((ask, streaming))
        for number in range(at, min(at + AHEAD, len(ORDER))):
            if (vantage.name, number) not in self._coming:
                each, streamed = ORDER[number]
                reply = self._pool.submit(vantage.post, each.path, each.to_send(streamed))
                self._coming[vantage.name, number] = reply
        return self._coming[vantage.name, at].result()


@pytest.fixture(scope="module")
def replies() -> Iterator[Replies]:
    with ThreadPoolExecutor(3 * AHEAD) as pool:
        yield Replies(pool)
        pool.shutdown(cancel_futures=True)


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
def test_no_canary_leaves(ask: Ask, streaming: bool, governed: Vantage, replies: Replies) -> None:
    reply = replies.wanted(governed, ask, streaming)
    assert reply.status_code == 200, reply.text
    assert wire(reply, ask.secret) == {}
    if ask.shown:
        assert not at_places(reply, ask, streaming, ask.shown)


@pytest.mark.parametrize(("ask", "streaming"), WAYS)
def test_ungoverned_it_does_in_every_field_that_is_named(
    ask: Ask, streaming: bool, ungoverned: Vantage, replies: Replies
) -> None:
    reply = replies.wanted(ungoverned, ask, streaming)
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
