"""Pools of plugins that tests write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.plugin_folders import OpenPool


@pytest.fixture
def open_pool(tmp_path: Path) -> Iterator[OpenPool]:
    """Opens a pool of the plugin with a source."""
    opened = OpenPool(tmp_path)
    yield opened
    opened.close()
