"""Pools of plugins that tests write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import processes
from support.plugin_folders import OpenPool


@pytest.fixture(autouse=True)
def processes_of_this_test() -> None:
    """A policy of another test may have a pool that nobody has collected yet."""
    processes.begin()


@pytest.fixture
def open_pool(tmp_path: Path) -> Iterator[OpenPool]:
    """Opens a pool of the plugin with a source."""
    opened = OpenPool(tmp_path)
    yield opened
    opened.close()
