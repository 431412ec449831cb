"""Applications beside the governed one, as a Ray Serve has them on one port; a real Ray: tests/on_ray."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ordinance.doctor.findings import State
from ordinance.doctor.other_applications import beside
from ordinance.doctor.protocols.canaries import canaries_of
from ordinance.doctor.target import acquaint
from ordinance.doctor.wire import server_at
from support.obedient import Front, Seen
from support.serving import Asked, LoopThread, OpenGateway, ScriptedUpstream, completion, say
from support.small_plan import small_plan

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("listed", "beside_it", "states"),
    [
        ({"/": "llm", "/raw": "raw"}, (200, completion("Hello.")), {State.OPEN}),
        ({"/": "llm", "/raw": "raw"}, (400, {"error": {"message": "no"}}), {State.OPEN}),
        ({"/": "llm", "/pages": "pages"}, (404, {}), {State.UNTRIED}),
        ({"/": "llm", "/raw": "raw"}, (404, {"error": {"code": "closed_door"}}), {State.WELL}),
        ({"/": "llm"}, (200, completion("Hello.")), set()),
        (None, (200, completion("Hello.")), set()),
        ([1, 2], (200, completion("Hello.")), set()),
    ],
)
def test_each_application_that_is_listed_is_asked(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, loop_thread: LoopThread,
    listed: Any, beside_it: tuple[int, Any], states: set[State],
) -> None:  # fmt: skip
    upstream.script = say("Hello.")
    gateway = open_gateway()

    def answer(asked: Asked, seen: Seen) -> Seen:
        if asked.path == "/-/routes" and listed is not None:
            return replace(seen, status=200, body=json.dumps(listed).encode(), headers={})
        if asked.path.startswith(("/raw/", "/pages/")):
            return replace(seen, status=beside_it[0], body=json.dumps(beside_it[1]).encode(), headers={})
        return seen

    front = Front(loop_thread, gateway.address, answer)
    try:
        target = acquaint(server_at(front.address, None, 10), (), canaries_of(small_plan()), None)
        found = list(beside(target))
    finally:
        front.stop()
    assert {each.state for each in found} == states
    assert len(found) == (4 if states else 0)
    assert all(each.help for each in found if each.state is not State.WELL)
