"""The plugin in this process, beside the engine's values, and in a folder as an operator installs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PLUGIN))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``pip install --target`` fills, from what has been downloaded for this environment."""
    to = tmp_path_factory.mktemp("plugin") / "ordinance-near"
    downloads = PLUGIN.parents[1] / ".venv" / "downloads"
    words = ["install", "--quiet", "--no-compile", "--no-index", "--no-build-isolation", "--find-links", downloads]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, "--target", to, PLUGIN],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return to
