"""The sample of docs/marks.md verifies: by the program on the page, which knows nothing of Ordinance, and by ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.commands import run

pytestmark = pytest.mark.server

PAGE = (ROOT / "docs" / "marks.md").read_text("utf-8")
FILES = dict(re.findall(r"^```(?:pem|json|python)\n# (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-I", "verify.py", "answer.json", "provider.pub"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_sample_is_verified_and_an_edit_is_found_by_both(folder: Path) -> None:
    done = checked(folder)
    assert done.stdout == "signed by Office of Examples, 1 choice\n", done.stderr
    assert run("verify", "answer.json", "--key", "provider.pub", cwd=folder).returncode == 0
    for old, new in (("Köln", "Bonn"), ('"verdict": "withhold"', '"verdict": "pass"'), ("example-model", "other")):
        (folder / "answer.json").write_text(FILES["answer.json"].replace(old, new), "utf-8")
        assert checked(folder).returncode == 1
    (folder / "answer.json").write_text(FILES["answer.json"].replace("Köln", "Bonn"), "utf-8")
    assert run("verify", "answer.json", "--key", "provider.pub", cwd=folder).returncode == 1


def test_the_program_is_short() -> None:
    lines = [line for line in FILES["verify.py"].splitlines() if line.strip()]
    assert len(lines) <= 25
