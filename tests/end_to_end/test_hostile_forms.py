"""Answers that a hostile plugin rewrites: each leaves as the model wrote it, or in the only form that says the same,
and the metadata says which. ``make hostile`` sends ten thousand."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.loading.load import load
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.allowing import entry, write_settings
from support.commands import Served
from support.forming import write_house
from support.hostile import BUDGET
from support.hostile_forms import CONTENT, DEEDS, MAY_PASS, hostile_form, right, said
from support.packs import TODAY
from support.processes import children
from support.processes import session as members
from support.serving import ScriptedUpstream, say
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.semantics(43), pytest.mark.semantics(13)]

#: One answer in so many has the process do something worse than answer; these take up to a second each.
EVERY = 50
AT_ONCE = 12
TAKEN = "what a form does well is taken again"


def deeds(count: int) -> Sequence[str]:
    """What is done in each of ``count`` answers: each deed, if there are enough."""
    process = sorted(set(DEEDS) - set(CONTENT))
    every = EVERY if count > 1000 else 3
    kinds = (cycle(process), cycle(sorted(CONTENT)))
    return [next(kinds[0] if turn % every == every - 1 else kinds[1]) for turn in range(count)]


def checked(deed: str, number: int, content: str, metadata: dict[str, Any]) -> str:
    """What came of an answer. Fails where something left that the metadata does not tell."""
    (told,) = [each for each in metadata["adapters"] if each["slot"] == "spelling"]
    assert content in (said(deed, number), right(deed, number)), f"{deed}: {content!r}"
    if content == right(deed, number):
        assert deed in MAY_PASS, f"{deed}: {content!r}"
        assert told["state"] == "rewritten", f"{deed}: {told}"
        return "rewritten"
    if deed == "FINE" or "left" in told:
        assert told["state"] == "missed", f"{deed}: {told}"
        return "a fault" if "fault" in told else "left"
    assert deed == "CHANCE", f"{deed}: {told}"  # it may answer the passage as it was
    return "unchanged"


def test_many_answers_of_a_hostile_form_are_each_as_the_model_wrote_it_or_told(tmp_path: Path) -> None:
    """Without a gateway, which costs more than the form does."""
    plan = deeds(int(os.environ.get("HOSTILE_FORMS", "60")))
    house = write_house(tmp_path / "house", "spelling by acme.swiss")
    loaded = load([house], plugins=[hostile_form(tmp_path / "acme")], on=TODAY, budget=BUDGET).plan
    came: Counter[tuple[str, str]] = Counter()

    def one(turn: int) -> tuple[str, str]:
        deed, number = plan[turn], 1_000_000 + turn
        opened = Session(loaded, situate(loaded, jurisdiction=None, on=TODAY), "de")
        stream, text, size = opened.stream(), said(deed, number), number % 40 + 1
        left = "".join([*(stream.feed(text[at : at + size]) for at in range(0, len(text), size)), stream.close()])
        assert opened.outcome().balanced
        return deed, checked(deed, number, left, opened.metadata())

    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as asking:
        for start in range(0, len(plan), 1000):
            came.update(asking.map(one, range(start, min(start + 1000, len(plan)))))
            show(f"{came.total():7} of {len(plan)}  {time.monotonic() - began:6.0f} s")
    until(lambda: one(plan.index("FINE")) == ("FINE", "rewritten"), TAKEN, 60)
    tell(plan, came)


def test_whatever_a_form_does_what_leaves_says_the_same_and_is_told(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    plan = deeds(int(os.environ.get("HOSTILE_FORMS", "150")))
    plugin = hostile_form(tmp_path / "acme")
    settings = write_settings(
        tmp_path / "ordinance.yaml",
        entry(plugin.path),
        audit=str(tmp_path / "audit.jsonl"),
        conversation={"store": "none"},
        limits={"detector_seconds": BUDGET.seconds, "detector_processes": BUDGET.processes},
    )
    house = write_house(tmp_path / "house", "spelling by acme.swiss")
    served = Served("--config", settings, "--upstream", upstream.url, "--pack", house, "--on", str(TODAY))
    came: Counter[tuple[str, str]] = Counter()
    leaders, lock = set[int](), threading.Lock()

    def ask(client: httpx2.Client, turn: int) -> str:
        deed, number = plan[turn], 1_000_000 + turn
        asked = {"model": "m", "messages": [{"role": "user", "content": f"{deed} {number}"}]}
        answer = client.post("/v1/chat/completions", json=asked)
        assert answer.status_code == 200, f"{deed}: {answer.text}"
        body = answer.json()
        what = checked(deed, number, body["choices"][0]["message"]["content"], body["ordinance"])
        with lock:
            came[deed, what] += 1
            leaders.update(children(served.process.pid))
        return what

    async def script(wire: Any) -> None:
        deed, _, number = wire.asked.json["messages"][-1]["content"].partition(" ")
        await say(said(deed, int(number)))(wire)

    upstream.script = script
    began = time.monotonic()
    asking = ThreadPoolExecutor(AT_ONCE)
    try:
        with httpx2.Client(base_url=served.address, timeout=120, trust_env=False) as client, asking:
            turns = iter(range(len(plan)))
            while block := list(islice(turns, 1000)):
                list(asking.map(partial(ask, client), block))
                upstream.asked.clear()
                show(f"{came.total():7} of {len(plan)}  {time.monotonic() - began:6.0f} s")
            until(lambda: ask(client, plan.index("FINE")) == "rewritten", TAKEN, 60)
        assert served.process.poll() is None, "the server is up"
    finally:
        _, errors = served.stop()
    assert "Traceback" not in errors
    assert "kanarienvogel" not in errors
    until(lambda: not any(members(leader) for leader in leaders), "no orphan")
    assert came.total() > len(plan)
    assert len((tmp_path / "audit.jsonl").read_bytes().splitlines()) == came.total()
    tell(plan, came)


def tell(plan: Sequence[str], came: Counter[tuple[str, str]]) -> None:
    for deed in sorted(set(plan)):
        show(f"  {deed:10} { {how: count for (done, how), count in sorted(came.items()) if done == deed} }")


def show(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what a soak is for
