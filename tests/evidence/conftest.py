"""A month of a server's life, which each file of tests gets a copy of."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from support.evidences import Month, month


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return month(tmp_path_factory.mktemp("lived"))


@pytest.fixture(scope="module")
def made(lived: Month, tmp_path_factory: pytest.TempPathFactory) -> Month:
    folder = tmp_path_factory.mktemp("month")
    shutil.copytree(lived.folder, folder, dirs_exist_ok=True)
    return replace(lived, folder=folder)
