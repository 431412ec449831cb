"""Stores that need no server: in this process, and in a SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ordinance.serve.conversations import in_memory, sqlite
from ordinance.serve.conversations.in_memory import InMemoryStore
from ordinance.serve.conversations.sqlite import SqliteStore
from ordinance.serve.conversations.store import Store, StoreError
from support.store_contract import CHECKS, LATER, NOW, OTHER, OWNER, A, B, Check, entry

OpenStore = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    if request.param == "sqlite":
        return lambda: SqliteStore(tmp_path / "state" / "conversations.sqlite")
    only = InMemoryStore()
    return lambda: only


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.semantics(29)
def test_the_contract(check: Check, open_store: OpenStore) -> None:
    asyncio.run(check(open_store))


def test_what_has_expired_is_neither_told_nor_kept(open_store: OpenStore) -> None:
    async def check() -> None:
        store = open_store()
        await store.write(entry(A, days=0.1))
        assert await store.read(A, NOW + timedelta(hours=1)) != {}
        assert await store.read(A, LATER) == {}
        assert await store.count(LATER) == 0
        await store.close()

    asyncio.run(check())


def test_sqlite_deletes_what_has_expired_and_its_file_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "state" / "conversations.sqlite"

    async def check() -> None:
        store = SqliteStore(path)
        await store.write(entry(A, days=0.1))
        await store.write(entry(B, at=LATER))
        await store.close()

    asyncio.run(check())
    with sqlite3.connect(path) as file:
        assert [row[0] for row in file.execute("SELECT conversation FROM told")] == [B]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_file_contains_no_word_of_anybody(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"

    async def check() -> None:
        store = SqliteStore(path)
        await store.write(entry(A))
        await store.close()

    asyncio.run(check())
    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT * FROM told").fetchall()
        columns = [row[1] for row in file.execute("PRAGMA table_info(told)")]
    assert columns == ["conversation", "notice", "owner", "at", "until"]
    assert [(row[1], row[3]) for row in rows] == [("EU/machine", int(NOW.timestamp()))]


@pytest.mark.parametrize("damage", ["folder", "rubbish"])
def test_a_file_that_cannot_be_used_is_a_failure_of_the_store(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "conversations.sqlite"
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"this is no database, not at all" * 100)

    async def check() -> None:
        store = SqliteStore(path)
        for _ in range(2):
            with pytest.raises(StoreError):
                await store.read(A, NOW)
        await store.close()

    asyncio.run(check())


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_memory, "_MOST", 3)

    async def check() -> None:
        store = InMemoryStore()
        for number in range(5):
            await store.write(entry(bytes([number])))
        assert await store.count(NOW) == 3
        assert await store.read(bytes([4]), NOW) != {}

    asyncio.run(check())


def test_whoever_fills_a_store_loses_their_own(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_memory, "_MOST", 4)
    monkeypatch.setattr(sqlite, "MOST", 3)
    monkeypatch.setattr(sqlite, "BOUND_EVERY", 2)

    async def check() -> None:
        store = open_store()
        await store.write(entry(A, owner=OTHER))
        for number in range(20):
            at = NOW + timedelta(seconds=number)
            await store.write(entry(bytes([number]), at=at, notices="EU/machine US-CA/reminder"))
        assert await store.count(NOW, OWNER) == 3
        assert await store.read(A, NOW) != {}
        assert await store.read(bytes([19]), NOW) != {}
        assert await store.read(bytes([16]), NOW) == {}
        await store.close()

    asyncio.run(check())


def test_a_file_that_was_too_large_is_cut_when_it_is_next_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        store = SqliteStore(tmp_path / "conversations.sqlite")
        for number in range(5):
            await store.write(entry(bytes([number]), at=NOW + timedelta(seconds=number)))
        await store.close()
        monkeypatch.setattr(sqlite, "MOST", 3)
        store = SqliteStore(tmp_path / "conversations.sqlite")
        await store.write(entry(B, owner=OTHER, at=LATER))
        assert await store.count(NOW, OWNER) == 3
        await store.close()

    asyncio.run(check())
