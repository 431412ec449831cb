"""One llama.cpp server and one gateway before it, for all tests here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.commands import GERMANY, Served

KEY = "a-key-of-the-tests"
SERVER = Path(__file__).with_name("served_model.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("server")
            item.add_marker("slow")


@pytest.fixture(scope="session")
def model() -> Iterator[str]:
    """The address of llama.cpp's server."""
    process = subprocess.Popen([sys.executable, SERVER, KEY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().decode().strip()
        assert address.startswith("http://127.0.0.1:"), "llama.cpp does not serve"
        yield address
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def gateway(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the gateway before it."""
    settings = tmp_path_factory.mktemp("gateway") / "ordinance.yaml"
    settings.write_text(f"upstream: {{url: '{model}', key: {KEY}}}\naudit: audit.jsonl\n", "utf-8")
    served = Served("--config", settings, "--locale", "en", *GERMANY)
    try:
        yield served.address
    finally:
        served.stop()
