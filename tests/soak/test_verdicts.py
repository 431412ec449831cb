"""The verdicts of a soak can be broken, each by what it is about."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from soak.clients import BROKEN, SILENT, UNENDED, WHOLE, Came, came_of
from soak.curves import Panel, drawn
from soak.said import FIRST, KINDS, answer, kind
from soak.trouble import Happened
from soak.verdicts import (
    every_failure_is_told,
    it_is_whole_again,
    memory_is_flat,
    nothing_acknowledged_is_lost,
    nothing_held_is_released,
)

LAW = FIRST + KINDS.index("law")
PLAIN = FIRST
FINE = Came(PLAIN, 1.0, 2.0, WHOLE, 200, "r1", "pass", told=False, to_the_end=True)
HELD = Came(LAW, 1.0, 2.0, WHOLE, 200, "r2", "withhold", told=True, to_the_end=True)
KILLED = Happened("worker dies", 5.0, 9.0, kills=True)


def stream(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


def test_each_answer_that_is_not_plain_has_a_canary_and_a_client_who_reads_it_is_found() -> None:
    for number in range(FIRST, FIRST + len(KINDS)):
        read = b"".join(stream(each) for each in answer(number)[0])  # a letter an event
        found = came_of(number, 0, 1, "", 200, "r", read)
        assert bool(found.canary) == (kind(number) not in ("plain", "leaves")), kind(number)
    assert nothing_held_is_released([HELD]).kept
    assert not nothing_held_is_released([HELD, replace(HELD, canary="secret-1")]).kept
    assert not nothing_held_is_released([FINE]).kept, "nothing was held"


def test_an_end_without_its_record_is_found_and_a_failure_needs_none() -> None:
    assert nothing_acknowledged_is_lost([FINE, replace(HELD, how="busy")], {"r1"}, []).kept
    assert not nothing_acknowledged_is_lost([FINE, HELD], {"r1"}, []).kept
    assert not nothing_acknowledged_is_lost([FINE], {"r1"}, ["record-chain"]).kept


@pytest.mark.parametrize(
    ("came", "told"),
    [
        (FINE, True), (HELD, True), (replace(HELD, to_the_end=False), True),
        (replace(FINE, to_the_end=False), False), (replace(HELD, to_the_end=False, told=False), False),
        (replace(FINE, how="upstream_truncated"), True), (replace(FINE, how=UNENDED), False),
        (replace(FINE, how=SILENT), False), (replace(FINE, how=BROKEN, ended=6.0), True),
        (replace(FINE, how=BROKEN, ended=20.0), False), (replace(FINE, how=BROKEN, ended=4.0), False),
    ],
)  # fmt: skip
def test_a_failure_that_says_nothing_is_found(came: Came, told: bool) -> None:
    assert every_failure_is_told([came], [KILLED]).kept == told


def test_a_stream_that_ends_without_its_last_event_is_not_whole() -> None:
    assert came_of(FIRST + 1, 0, 1, "", 200, "r", stream("Hi.") + b"data: [DONE]\n\n").how == WHOLE
    assert came_of(FIRST + 1, 0, 1, "", 200, "r", stream("Hi.")).how == UNENDED
    assert came_of(FIRST + 1, 0, 1, "", 200, "r", stream("Hi.") + b'data: {"error": {"code": "x"}}\n\n').how == "x"


def test_a_gateway_that_stays_broken_is_found() -> None:
    after = replace(FINE, began=30.0)
    assert it_is_whole_again([after], 9.0).kept
    assert not it_is_whole_again([after, replace(after, how="upstream_unreachable")], 9.0).kept
    assert not it_is_whole_again([replace(after, verdict="withhold")], 9.0).kept
    assert not it_is_whole_again([FINE], 9.0).kept, "nobody asked after that"


def test_memory_that_grows_is_found_in_a_long_soak() -> None:
    assert memory_is_flat([300.0] * 100, 10).kept
    assert not memory_is_flat([300.0 + 3 * each for each in range(100)], 10).kept
    assert memory_is_flat([300.0 + each for each in range(100)], 1).kept, "too short to tell"


def test_a_picture_has_each_curve_and_each_event() -> None:
    made = drawn("A soak", [Panel("Memory, <MiB>", {"a": [(0, 1), (9, 3)], "b": [(0, 2)]})], [KILLED], 10.0)
    assert (made.count("<polyline"), made.count('class="event"')) == (2, 1)
    assert "Memory, &lt;MiB&gt;" in made
