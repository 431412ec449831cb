"""`ordinance doctor` at a real vLLM: nothing is open through the middleware and the gateway; without them much is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.commands import run
from support.vantage import Vantage
from support.vllm_server import KEY


def examine(vantage: Vantage, folder: Path) -> tuple[int, dict[str, Any]]:
    key = folder / "key.txt"
    key.write_text(KEY, "utf-8")
    done = run("doctor", vantage.address, "--key-file", key, "--model", "tiny", "--format", "json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_nothing_is_open_where_ordinance_stands(governed: Vantage, tmp_path: Path) -> None:
    code, report = examine(governed, tmp_path)
    assert [each for each in report["findings"] if each["state"] == "open"] == []
    assert code == 0
    assert report["well"] > 100


def test_without_it_the_doctor_says_what_is(ungoverned: Vantage, tmp_path: Path) -> None:
    code, report = examine(ungoverned, tmp_path)
    opened = {each["check"] for each in report["findings"] if each["state"] == "open"}
    assert {"governed doors", "closed doors", "what is asked", "what is answered"} <= opened
    assert code == 1
