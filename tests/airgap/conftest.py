"""The folder, made once, and a place without a network in which nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.isolated import Isolated

CANARY = "ordinance-canary-86a-5d21e8"
#: Asks the model at an address, in an interpreter that has nothing besides.
ASK = """
import json, sys, urllib.request
body = {"model": "default", "temperature": 0, "max_tokens": 60, "messages": [{"role": "user", "content": sys.argv[2]}]}
request = urllib.request.Request(sys.argv[1], json.dumps(body).encode(), {"content-type": "application/json"})
with urllib.request.urlopen(request, timeout=120) as answer:
    sys.stdout.write(answer.read().decode())
"""


def assemble(out: Path) -> None:
    command = [sys.executable, str(ROOT / "deploy" / "airgap" / "assemble.py"), str(out), "--uncommitted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def top() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ordinance-airgap-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def made(top: Path) -> Path:
    """The folder, for every machine; with AIRGAP=FOLDER one that was made before, where every user may read it."""
    if "AIRGAP" in os.environ:
        return Path(os.environ["AIRGAP"]).resolve()
    assemble(top / "made")
    return top / "made"


@pytest.fixture(scope="session")
def apart(top: Path) -> Iterator[Isolated]:
    home = top / "home"
    home.mkdir()
    place = Isolated(home)
    yield place
    place.stop()
