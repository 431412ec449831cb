"""Nothing that leaves is computed from what is withheld (semantics, rule 16): two models that differ only there give
the same bytes to every request, whatever it sets. Their token counts and their reactions to the request are the same,
which is what no gateway can hide; docs/security.md says how much that tells.

`make noninterference` asks 10,000 times.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import event, given

from ordinance.policy.plan import Plan
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.govern.whole import govern_whole
from support import steered
from support.governing import OWN, open_session
from support.interference import RULES, Pair, draw, shown
from support.plans import plan_of
from support.steered import Spoken, speak
from support.worlds import SEEDS

APIS: dict[str, Api] = {api.path: api for api in (CHAT, COMPLETIONS, RESPONSES, MESSAGES)}
PLAN: Plan = plan_of(RULES.values())
#: What is drawn by chance for each answer (names of items and calls, and signatures), and when it was complete.
NAMES = re.compile(rb'"(?:(?:msg|rs|fc|call)_)?[0-9a-f]{24,32}"|(?<="completed_at":) ?\d+')
#: Draws for one pair that can be compared; most models that a request cuts short are told apart by what may be shown.
TRIES = 60


def governed(pair: Pair, request: Request, spoken: Spoken, plan: Plan = PLAN) -> bytes:
    """What leaves of this answer, in which what is drawn by chance is blotted out."""
    api, asked = APIS[pair.path], dict(request.body)
    session = open_session(plan, whole=not request.streaming)
    assert sent_on(api, request, session, system_is_ours=False), "nothing that is asked is refused"
    choices = [spoken] * request.choices
    if not request.streaming:
        raw = json.dumps(steered.whole(pair.path, asked, choices)).encode()
        return NAMES.sub(b'"?"', json.dumps(govern_whole(api, raw, request, session).written(OWN)).encode())
    stream, out = GovernedStream(api, request, session, OWN), []
    for each in steered.events(pair.path, asked, choices):
        if stream.over:
            break
        out.append(stream.event(json.dumps(each).encode()))
    return NAMES.sub(b'"?"', b"\n".join([*out, stream.end()]))


def comparable(pair: Pair, one: Spoken, other: Spoken) -> bool:
    """Whether two different answers have the same reactions and differ only in what must not leave."""
    said, again = one.shown(), other.shown()
    return (
        said != again
        and one.reaction == other.reaction
        and [bool(token.text) for token in said] == [bool(token.text) for token in again]
        and shown(pair, one) == shown(pair, other)
    )


def find(random: Random) -> tuple[Pair, Request, Spoken, Spoken] | None:
    """A pair whose two answers can be compared."""
    for _ in range(TRIES):
        pair = draw(random)
        request = APIS[pair.path].read_request(json.dumps(pair.asked).encode())
        said = (speak(script, pair.path, dict(request.body)) for script in (pair.one, pair.other))
        one, other = (replace(each, spelt=pair.spelt) for each in said)
        if comparable(pair, one, other):
            return pair, request, one, other
    return None


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@given(SEEDS)
def test_models_that_differ_only_in_what_is_withheld_give_the_same_bytes(seed: int) -> None:
    found = find(Random(seed))
    if found is None:
        event("no pair")
        return
    pair, request, one, other = found
    form = "stream" if pair.streaming else "whole"
    event(f"{pair.path} {form} {one.finish}")
    if pair.told:
        parts = sorted({token.part for token in one.tokens})
        event(f"log probabilities: {pair.path} {form} of {' and '.join(parts)}")
    assert governed(pair, request, one) == governed(pair, request, other), found


def test_the_comparison_would_notice() -> None:
    """Where no rule is in force, the same pairs are told apart."""
    random, bare = Random(1), plan_of(())
    for _ in range(20):
        found = find(random)
        assert found is not None
        pair, request, one, other = found
        assert governed(pair, request, one, bare) != governed(pair, request, other, bare)
