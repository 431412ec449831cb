"""A scripted judge, and the plugin that asks it, installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.judges import installed
from support.scripted_judge import JudgeServer


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    server = JudgeServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def judge_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("judge"))
