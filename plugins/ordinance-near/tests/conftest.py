"""The plugin in this process, beside the engine's values, and in a folder as an operator installs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.wheels import installed

PLUGIN = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PLUGIN))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as an operator installs it."""
    return installed(PLUGIN, tmp_path_factory.mktemp("plugin") / "ordinance-near")
