"""A world of two bundles, and a machine that has applied both."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from ordinance.serve.door import engine
from support.bundles import ROOT, Office, World
from support.ways import Machine

_DIGEST = cache(engine._digest)


@pytest.fixture(autouse=True)
def engine_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here replaces the engine, and five of the seven ways would read all of it for each attack."""
    monkeypatch.setattr(engine, "_digest", _DIGEST)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    office = Office(tmp_path_factory.mktemp("office"))
    first = office.bundle()
    office.change("zweitens")
    return World(office, first, office.bundle(first))


@pytest.fixture(scope="session")
def applied(world: World, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a machine remembers that has applied both."""
    machine = Machine(tmp_path_factory.mktemp("machine"))
    machine.root.write_bytes(ROOT)
    for data in (world.first, world.second):
        machine.install(data)
        machine.apply()
    return machine.state.read_bytes()


@pytest.fixture
def machine(world: World, applied: bytes, tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "machine")
    made.root.write_bytes(ROOT)
    made.install(world.second)
    made.state.parent.mkdir()
    made.state.write_bytes(applied)
    return made
