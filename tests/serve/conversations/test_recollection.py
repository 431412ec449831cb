"""What is recalled of a conversation, whatever the client claims and whatever the store does."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.runtime.remembered import NOTHING_TOLD, Told
from ordinance.serve.conversations.conversation_key import Beginning, conversation_key, fingerprint, owner_key
from ordinance.serve.conversations.in_memory import InMemoryStore
from ordinance.serve.conversations.recollection import Recollection
from ordinance.serve.conversations.store import Entry, StoreError

SECRET = b"a secret of the operator's"


def began(question: str, answer: str, claimed: str = "") -> Beginning:
    return Beginning(claimed, fingerprint(question), fingerprint(answer))


BEGAN = began("What is the capital of Germany?", "It is Berlin.")
KEY = "a" * 64


NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Faulty(InMemoryStore):
    """Fails while ``down``; counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.down = True
        self.asked = 0

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        self._try()
        return await super().read(key, now)

    async def write(self, entry: Entry) -> None:
        self._try()
        await super().write(entry)

    async def forget(self, owners: Collection[bytes]) -> int:
        self._try()
        return await super().forget(owners)

    def _try(self) -> None:
        self.asked += 1
        if self.down:
            raise StoreError("it is down")


@pytest.mark.semantics(29)
def test_what_was_told_is_recalled_for_its_conversation_and_key_alone() -> None:
    async def check() -> None:
        memory = Recollection(InMemoryStore(), SECRET, 30)
        await memory.keep(KEY, [BEGAN], {"EU/machine"}, NOW)
        known = await memory.of(KEY, BEGAN, NOW)
        assert known.last("EU/machine") == Told(NOW)
        assert known.last("US-CA/reminder") is None
        assert await memory.of("b" * 64, BEGAN, NOW) is NOTHING_TOLD
        assert await memory.of(KEY, began("What is the capital of Germany?", "It is Bonn."), NOW) is NOTHING_TOLD
        assert await memory.of(KEY, Beginning("id", BEGAN.question, BEGAN.answer), NOW) is NOTHING_TOLD

    asyncio.run(check())


@pytest.mark.semantics(29)
@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_claim_can_make_a_notice_come_sooner_and_never_later(claimed: int, ago: int) -> None:
    async def check() -> None:
        memory = Recollection(InMemoryStore(), SECRET, 36500)
        told = NOW - timedelta(seconds=ago)
        await memory.keep(KEY, [BEGAN], {"EU/machine"}, told)
        last = (await memory.of(KEY, BEGAN, NOW, claimed)).last("EU/machine")
        assert last is not None
        assert last.at is not None
        assert last.at <= told

    asyncio.run(check())


@pytest.mark.semantics(29)
@given(st.integers(-120, 10**8))
def test_a_clock_that_was_wrong_makes_no_notice_come_later(ahead: int) -> None:
    """A notice was given while the clock was ``ahead``; then it is right again."""

    async def check() -> None:
        memory = Recollection(InMemoryStore(), SECRET, 36500)
        await memory.keep(KEY, [BEGAN], {"EU/machine"}, NOW + timedelta(seconds=ahead))
        last = (await memory.of(KEY, BEGAN, NOW)).last("EU/machine")
        assert last is not None, "that it was given is known"
        assert (last.at is None) is (ahead > 60)
        await memory.keep(KEY, [BEGAN], {"EU/machine"}, NOW)
        assert (await memory.of(KEY, BEGAN, NOW)).last("EU/machine") == Told(NOW), "given again, and once"

    asyncio.run(check())


def test_a_store_that_fails_makes_duties_due_again_and_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def check() -> None:
        clock = [100.0]
        monkeypatch.setattr("ordinance.serve.conversations.recollection.time.monotonic", lambda: clock[0])
        store = Faulty()
        memory = Recollection(store, SECRET, 30)
        for _ in range(3):
            assert await memory.of(KEY, BEGAN, NOW) is NOTHING_TOLD
            await memory.keep(KEY, [BEGAN], {"EU/machine"}, NOW)
        assert store.asked == 1
        assert _fails(memory)
        with pytest.raises(StoreError):
            await memory.forget([KEY])
        store.down, clock[0] = False, 200.0
        await memory.keep(KEY, [BEGAN], {"EU/machine"}, NOW)
        assert not _fails(memory)
        assert (await memory.of(KEY, BEGAN, NOW)).last("EU/machine") is not None

    asyncio.run(check())
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "notices are given again" in said


def _fails(memory: Recollection) -> bool:
    return memory.failing


def test_a_key_is_forgotten() -> None:
    async def check() -> None:
        memory = Recollection(InMemoryStore(), SECRET, 30)
        now = datetime.now(UTC)
        await memory.keep(KEY, [BEGAN, began("x", "y")], {"EU/machine"}, now)
        await memory.keep("b" * 64, [BEGAN], {"EU/machine"}, now)
        assert (await memory.count(now), await memory.count(now, KEY)) == (3, 2)
        assert await memory.forget([KEY]) == 2
        assert await memory.count(now) == 1

    asyncio.run(check())


# identity


@given(st.text(), st.text(), st.text())
def test_a_key_says_nothing_without_the_secret(claimed: str, question: str, answer: str) -> None:
    key = conversation_key(SECRET, KEY, began(question, answer, claimed))
    assert key == conversation_key(SECRET, KEY, began(question, answer, claimed))
    assert key != conversation_key(b"another", KEY, began(question, answer, claimed))
    assert len(key) == 32


def test_a_client_may_wrap_trim_and_emphasise_what_it_sends_back() -> None:
    assert conversation_key(SECRET, KEY, BEGAN) == conversation_key(
        SECRET, KEY, began("  what is the\ncapital of Germany", "It is **Berlin**.\n")
    )


@given(st.lists(st.text(alphabet="ab", max_size=3), min_size=3, max_size=3, unique=True))
def test_parts_do_not_run_into_each_other(parts: list[str]) -> None:
    one, two, three = parts
    orders = {(one, two, three), (two, one, three), (three, two, one), (one + two, "", three), ("", one + two, three)}
    assert len({conversation_key(SECRET, KEY, began(*order)) for order in orders}) == len(orders)


def test_owners_and_conversations_are_of_different_kinds() -> None:
    assert owner_key(SECRET, "") != conversation_key(SECRET, "", Beginning("", b"", b""))


@pytest.mark.semantics(29)
@pytest.mark.parametrize(("one", "other"), [("!", "?"), ("की", "का"), ("👍", "👎"), ("!", "a"), ("a", "a" * 70_000)])
def test_what_is_different_is_told_apart(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.semantics(29)
def test_pictures_belong_to_a_question() -> None:
    asked = {fingerprint("Who?"), fingerprint("Who?", [b"a"]), fingerprint("Who?", [b"b"]), fingerprint("", [b"a"])}
    assert len(asked) == 4
    assert b"" not in asked


@pytest.mark.semantics(29)
@pytest.mark.parametrize(("question", "answer"), [("", "Good."), (" \n", "Good."), ("Hi", ""), ("Hi", " ")])
def test_where_nothing_was_said_nothing_is_known(question: str, answer: str) -> None:
    async def check() -> None:
        memory = Recollection(InMemoryStore(), SECRET, 30)
        await memory.keep(KEY, [began(question, answer)], {"EU/machine"}, NOW)
        assert await memory.count(NOW) == 0
        assert await memory.of(KEY, began(question, answer), NOW) is NOTHING_TOLD

    asyncio.run(check())


def test_of_a_long_text_its_beginning_and_its_length_count() -> None:
    long = "word " * 100_000
    assert fingerprint(long) == fingerprint(long.replace(" ", "\n"))
    assert fingerprint(long) == fingerprint(long[:-5] + "else")
    assert fingerprint(long) != fingerprint(long + "x")
