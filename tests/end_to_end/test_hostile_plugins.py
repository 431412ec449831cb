"""Requests to a gateway whose plugin is hostile: none meets what another one's question did, and nothing is released
that was not looked at. ``make hostile`` sends a hundred thousand."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ordinance.policy.vocabulary import MARKER
from ordinance.protocol.routes import MODELS
from support.allowing import entry, write_settings
from support.commands import Served
from support.hostile import BUDGET, DEEDS, source
from support.packs import TODAY
from support.plugin_folders import until, write_plugin
from support.processes import children, session
from support.serving import DONE, ScriptedUpstream, Wire, chunk, completion, event, posting

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.requirement("DET-1")]

#: Each answer has a secret and a word of its own: ``FINE 7 secret-7 own-7.`` What is right finds the secret; what only
#: another question's answer could find is the first word.
_SECRET = "[[text.index('secret'), text.index('secret') + len(f'secret-{number}')]]"
SOURCE = source(_SECRET, "[[0, 4]]", unless="'secret-' not in text")
PACK = """\
house acme 1.0.0 under charter baseline 1
title "A house"
bylaw words { title "Rules of words" adopted by "The board" on 2026-01-26 }
label secrets { de "Geheimes" en "secrets" et "saladused" }
section 1 "Words" {
  limit 1.1 words {
    means   "Secrets are for the staff."
    when    answer has detector acme.word
    scope   span
    reason  "It is tried."
    under   words
    telling omitted about secrets
    example fires answer "FINE 1 secret-1 own-1."
    example quiet answer "Nothing to see."
  }
}
"""
FAULT = "could not be checked"
CONNECTIONS = 24
_FIRST = 1_000_000
#: How many numbers there are. A text that is new adds to the states that the engine's automaton remembers, up to 40 MB
#: (docs/matching.md), which would hide a leak; so texts come back. The next request with the same number begins when
#: those in flight, and what answers late, have long ended.
NUMBERS = 2_000
#: How much the server's memory may grow after the first quarter of a long run, in KiB: some 50 bytes a request. Threads
#: and what malloc leaves free between live blocks take a part of it. A run in which no text came back grew by 17,000.
FLAT = 4_000
#: A short run ends before the server has met all that it goes on to use: its threads, and the states of the automaton.
WARMING = 24_000
#: The longest that a request may take, in seconds: the plugin's turn and budget, on a busy machine.
LONGEST = 60.0


@dataclass
class Load:
    """``count`` requests, every so many of them hostile, and what came of each."""

    count: int
    every: int
    came: Counter[tuple[str, str]] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    leaders: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        deeds = sorted(set(DEEDS) - {"FINE"})
        random.Random(11).shuffle(deeds)
        hostile = range(self.every - 1, self.count, self.every)
        self.deeds = {turn: deeds[index % len(deeds)] for index, turn in enumerate(hostile)}

    @property
    def long(self) -> bool:
        """Whether it is a run of ``make hostile``, and not the short one of ``make test``."""
        return self.count > 10_000

    def number(self, turn: int) -> int:
        """The number of the request ``turn``. None is an emergency number, which would be left in the answer."""
        return _FIRST + turn % NUMBERS

    def deed(self, turn: int) -> str:
        return self.deeds.get(turn, "FINE")

    async def script(self, wire: Wire) -> None:
        """The model's answer, streamed in pieces that no plugin can choose."""
        if wire.asked.path == MODELS:
            await wire.json({"object": "list", "data": [{"id": "m", "object": "model"}]})
            return
        asked = wire.asked.json
        turn = asked["seed"]
        number = self.number(turn)
        text = f"{self.deed(turn)} {number} secret-{number} own-{number}."
        if not asked["stream"]:
            await wire.json(completion(text))
            return
        await wire.head()
        size = number % 7 + 2
        parts = [event(chunk(content=text[at : at + size])) for at in range(0, len(text), size)]
        await wire.send(b"".join([*parts, event(chunk(finish="stop")), DONE]))

    def check(self, turn: int, status: int, body: bytes) -> None:
        """Fail for whatever is not the request's own answer, or its own fault."""
        deed, number = self.deed(turn), self.number(turn)
        assert status == 200, f"{deed}: {status} {body!r}"
        assert b"secret-" not in body, f"{deed}: released what nobody had looked at, or too much: {body!r}"
        said = content(body)
        if said.startswith(f"{deed} {number} {MARKER} own-{number}."):
            self.came[deed, "answered"] += 1
        else:
            assert FAULT in said, f"{deed}: an answer to another question: {said}"
            assert f"own-{number}" not in said, said
            self.came[deed, "a fault"] += 1


def content(body: bytes) -> str:
    """What people read of an answer, streamed or not."""
    if body.startswith(b"{"):
        return str(json.loads(body)["choices"][0]["message"]["content"])
    events = (json.loads(line[6:]) for line in body.splitlines() if line.startswith(b"data: {"))
    choices = (choice for each in events for choice in each.get("choices", ()))
    return "".join(choice["delta"].get("content") or "" for choice in choices)


class Client:
    """One connection, which is kept: a thousand requests a second need a client that does little."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, turn: int) -> tuple[int, bytes]:
        # The seed says which request it is to the model alone: a prompt is a text, too, and would be a new one.
        message = {"role": "user", "content": "Tell me."}
        body = {"model": "m", "messages": [message], "stream": turn % 3 != 0, "seed": turn}
        self._writer.write(posting(json.dumps(body).encode()))
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        _, found, length = head.partition(b"content-length: ")
        if found:
            return status, await self._reader.readexactly(int(length.split(b"\r\n", 1)[0]))
        pieces = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            pieces.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return status, b"".join(pieces)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def send(load: Load, served: Served, upstream: ScriptedUpstream) -> None:
    """Send all requests, over many connections, and look at the server as they are answered."""
    turns = iter(range(load.count))
    began = time.monotonic()

    async def one_connection() -> None:
        async with connected(served.port) as client:
            for turn in turns:
                load.check(turn, *await asyncio.wait_for(client.ask(turn), LONGEST))
                done = load.came.total()
                if done % max(load.count // 20, 1) == 0:
                    upstream.asked.clear()
                    load.memory.append(resident(served.process.pid))
                    load.descriptors.append(len(os.listdir(f"/proc/{served.process.pid}/fd")))
                    load.leaders.update(children(served.process.pid))
                    show(f"{done:7} of {load.count}  {time.monotonic() - began:6.0f} s  {load.memory[-1]} KiB")

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one_connection())


def test_hostile_plugins_behind_a_gateway_reach_no_other_request(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    count = int(os.environ.get("HOSTILE_REQUESTS", "204"))
    load = Load(count, 100 if count > 10_000 else 6)
    upstream.script = load.script
    settings = write_settings(
        tmp_path / "ordinance.yaml",
        entry(write_plugin(tmp_path / "acme", SOURCE), name="acme-plugin", version="1.0"),
        audit=str(tmp_path / "audit.jsonl"),
        conversation={"store": "none"},
        upstream={"connect_seconds": LONGEST},
        limits={"detector_seconds": BUDGET.seconds, "detector_processes": BUDGET.processes},
    )
    pack = tmp_path / "acme.ord"
    pack.write_text(PACK, "utf-8")
    words = ("--upstream", upstream.url, "--pack", pack, "--on", str(TODAY))
    served = Served("--config", settings, *words)
    began = time.monotonic()
    try:
        asyncio.run(send(load, served, upstream))
        took = time.monotonic() - began
        assert served.process.poll() is None, "the server is up"
        load.leaders.update(children(served.process.pid))
    finally:
        _, errors = served.stop()
    assert "Traceback" not in errors
    until(lambda: not any(session(leader) for leader in load.leaders), "no orphan")
    assert load.came.total() == count
    assert len((tmp_path / "audit.jsonl").read_bytes().splitlines()) == count
    answered, fine = load.came["FINE", "answered"], count - len(load.deeds)
    # A process that ends takes the innocent with it that are in flight there.
    assert answered > 0.7 * fine
    grown = load.memory[-1] - load.memory[len(load.memory) // 4]
    assert grown < (FLAT if load.long else WARMING), f"memory grew by {grown} KiB"
    # A process that is being replaced, and the next one, have theirs.
    assert max(load.descriptors) < load.descriptors[0] + CONNECTIONS, load.descriptors
    told(load, took, fine, grown)


def told(load: Load, took: float, fine: int, grown: int) -> None:
    answered = load.came["FINE", "answered"]
    show(
        f"\n{load.count} requests in {took:.0f} s, {len(load.deeds)} of them hostile; {answered} others answered, "
        f"{fine - answered} lost with the process of a hostile one; memory grew by {grown} KiB"
    )
    for deed in ["FINE", *sorted(set(load.deeds.values()))]:
        show(f"  {deed:8} { {how: number for (done, how), number in sorted(load.came.items()) if done == deed} }")


def resident(pid: int) -> int:
    """The memory of a process, in KiB."""
    [line] = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1])


def show(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what a soak is for
