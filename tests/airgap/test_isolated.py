"""The place without a network leaves nothing behind in the process of the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.isolated import Isolated

pytestmark = pytest.mark.server


def test_once_stopped_it_leaves_no_pipe_open(tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    place = Isolated(tmp_path)
    try:
        assert place.run("true").returncode == 0
        assert set(os.listdir("/proc/self/fd")) - before
    finally:
        place.stop()
    assert not set(os.listdir("/proc/self/fd")) - before
