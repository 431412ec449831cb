"""What a conversation costs the event loop: nothing that grows with it."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.govern.transcript import transcript_of
from ordinance.runtime.cutter import Cutter
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.serve.conversations.in_memory import InMemoryStore
from ordinance.serve.conversations.recollection import Recollection
from ordinance.serve.door import recall as door
from ordinance.serve.door.http_headers import Claims
from ordinance.serve.door.recall import Recall, recall
from support.conversations import request_of
from support.plans import plan

POLICY = plan([], {})
NOTICE = "EU/machine"
LARGE = "word " * 20_000


class Given(Session):
    """A session that has given a notice in these answers."""

    def __init__(self, answers: list[str]) -> None:
        super().__init__(POLICY, situate(POLICY, jurisdiction="DE"), "en")
        self._answers = answers

    def answers(self) -> list[str]:
        return self._answers

    @property
    def given(self) -> frozenset[str]:
        return frozenset({NOTICE})


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[bool]]:
    """Whether what takes long was done in the main thread, which has the event loop."""
    found: dict[str, list[bool]] = {"opening_of": [], "fingerprint": []}
    for name, done in found.items():
        inner = getattr(door, name)

        def noted(*values: Any, inner: Any = inner, done: list[bool] = done) -> Any:
            done.append(threading.current_thread() is threading.main_thread())
            return inner(*values)

        monkeypatch.setattr(door, name, noted)
    return found


async def asked(memory: Recollection, *turns: tuple[str, str]) -> Recall:
    raw = json.dumps(request_of(CHAT, turns)).encode()
    request = CHAT.read_request(raw)
    found = await recall(memory, "", Claims(), CHAT, request, transcript_of(CHAT, request, Cutter(POLICY)), len(raw))
    assert found is not None
    return found


def test_a_large_question_is_looked_at_once_whatever_the_choices(threads: dict[str, list[bool]]) -> None:
    async def check() -> None:
        memory = Recollection(InMemoryStore(), b"secret", 30)
        found = await asked(memory, ("user", LARGE))
        assert threads == {"opening_of": [False], "fingerprint": [False, False]}
        await found.keep(Given(["Yes."] * 64 + ["No."] * 64))
        assert len(threads["fingerprint"]) == 4
        assert await memory.count(datetime.now(UTC)) == 2
        again = await asked(memory, ("user", LARGE), ("assistant", "No."), ("user", "Sure?"))
        assert again.remembered.last(NOTICE) is not None

    asyncio.run(check())


def test_large_answers_are_looked_at_in_a_thread(threads: dict[str, list[bool]]) -> None:
    async def check() -> None:
        found = await asked(Recollection(InMemoryStore(), b"secret", 30), ("user", "Hi"))
        threads["fingerprint"].clear()
        await found.keep(Given([LARGE]))
        assert threads["fingerprint"] == [False]

    asyncio.run(check())


def test_a_few_choices_of_a_first_answer_are_remembered() -> None:
    async def check() -> None:
        memory = Recollection(InMemoryStore(), b"secret", 30)
        await (await asked(memory, ("user", "Hi"))).keep(Given([f"Answer {number}" for number in range(128)]))
        assert await memory.count(datetime.now(UTC)) == 8

    asyncio.run(check())


@pytest.mark.semantics(29)
def test_the_opening_is_the_first_exchange_that_was_answered() -> None:
    async def check() -> None:
        memory = Recollection(InMemoryStore(), b"secret", 30)
        refused = [("user", "A red question"), ("assistant", "…")]
        await (await asked(memory, ("user", "A red question"))).keep(Given([""]))
        assert await memory.count(datetime.now(UTC)) == 0
        begins = await asked(memory, *refused, ("user", "Another"))
        assert begins.begins
        await begins.keep(Given(["Good."]))
        known = await asked(memory, *refused, ("user", "Another"), ("assistant", "Good."), ("user", "And?"))
        assert not known.begins
        assert known.remembered.last(NOTICE) is not None

    asyncio.run(check())
