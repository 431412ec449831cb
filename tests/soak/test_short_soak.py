"""One soak of 90 seconds: everything dies once, and every verdict is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.semantics(13)]


def test_every_verdict_of_a_short_soak_is_kept(tmp_path: Path) -> None:
    program = [sys.executable, str(Path(__file__).parent), "--minutes", "1.5", "--out", str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads((tmp_path / "soak.json").read_text("utf-8"))
    assert all(each["kept"] for each in seen["verdicts"])
    assert len({each["what"] for each in seen["happened"]}) == 9
    assert (tmp_path / "index.html").read_text("utf-8").count("<polyline") > 5
