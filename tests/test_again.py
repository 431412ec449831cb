"""A test that fails beside others is run again alone, and named (tests/support/again.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.checkout import ROOT

pytestmark = pytest.mark.server

ONCE = """\
from pathlib import Path


def test_once() -> None:
    mark = Path(__file__).with_suffix(".ran")
    before = mark.exists()
    mark.touch()
    assert before
"""
GOOD = "def test_good() -> None: ...\n"
ALWAYS = """\
import pytest


@pytest.mark.parametrize("number", range(COUNT))
def test_it(number: int) -> None:
    assert False
"""


def run(folder: Path, *files: tuple[str, str], workers: int = 0) -> tuple[int, str]:
    for name, text in files:
        (folder / name).write_text(text)
    again = str(ROOT / "tests" / "support" / "again.py")
    command = [sys.executable, again, "-n", str(workers), "-p", "no:hypothesispytest", str(folder)]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def test_what_passes_alone_is_named_and_passes(tmp_path: Path) -> None:
    code, said = run(tmp_path, ("test_once.py", ONCE), ("test_good.py", GOOD), workers=2)
    assert code == 0
    assert "ordinance: failed beside others, and run again alone:\n  test_once.py::test_once\n" in said
    assert "1 passed" in said.splitlines()[-1], "the second run has the failed test alone, and the last line"


def test_what_fails_alone_too_has_failed(tmp_path: Path) -> None:
    code, said = run(tmp_path, ("test_once.py", ONCE), ("test_always.py", ALWAYS.replace("COUNT", "1")))
    assert code == 1
    assert "1 failed, 1 passed" in said.splitlines()[-1]


def test_many_failures_are_not_run_again(tmp_path: Path) -> None:
    code, said = run(tmp_path, ("test_always.py", ALWAYS.replace("COUNT", "9")))
    assert code == 1
    assert "9 tests failed. More than 8 are not run again." in said


def test_without_a_failure_nothing_is_run_again(tmp_path: Path) -> None:
    code, said = run(tmp_path, ("test_good.py", GOOD))
    assert code == 0
    assert "run again" not in said


def test_a_file_that_cannot_be_read_is_no_failed_test(tmp_path: Path) -> None:
    code, said = run(tmp_path, ("test_broken.py", "this is no Python\n"))
    assert code != 0
    assert "run again" not in said
