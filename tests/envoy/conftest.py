"""Envoys that tests change or break, each for one test; the suite of the gateway runs through others
(``tests/conftest.py``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.envoys import Change, Envoy, OpenEnvoy, OpenExtProc, RunningExtProc, nothing
from support.ports import free_port
from support.serving import LoopThread, ScriptedUpstream
from support.small_plan import small_plan


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here starts an Envoy, or reads what it would."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("server")


@pytest.fixture
def open_ext_proc(loop_thread: LoopThread) -> Iterator[OpenExtProc]:
    running: list[RunningExtProc] = []

    def start(port: int | None = None, **settings: Any) -> RunningExtProc:
        running.append(RunningExtProc(loop_thread, small_plan(), settings, port or free_port()))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def open_envoy(upstream: ScriptedUpstream) -> Iterator[OpenEnvoy]:
    running: list[Envoy] = []

    def start(processor: int, change: Change = nothing) -> Envoy:
        running.append(Envoy(urlsplit(upstream.url).port or 0, processor, change))
        return running[-1]

    yield start
    for each in running:
        each.stop()
