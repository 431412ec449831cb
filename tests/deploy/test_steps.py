"""How long steps of `make` say how far they are, in a pipe and on a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from support.checkout import ROOT

pytestmark = pytest.mark.server

_SLOW = """
import sys, time
import steps
steps.EVERY = {True: 0.05, False: 0.05}
with steps.step("fetching") as show:
    show("12 of 47")
    while not open(sys.argv[1]).read().count("12 of 47"):
        time.sleep(0.01)
print("done")
"""


def run_slow(folder: Path, *, terminal: bool) -> str:
    """What a step of two lines or more prints; it ends once it has said how far it is."""
    said = folder / "said"
    said.touch()
    ours, theirs = os.openpty() if terminal else os.pipe()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "deploy")}
    words = [sys.executable, "-c", _SLOW, str(said)]
    with subprocess.Popen(words, env=environment, stdout=theirs) as started, said.open("ab", buffering=0) as file:
        os.close(theirs)
        with open(ours, "rb", buffering=0) as stream, suppress(OSError):  # which is how a terminal says it is over
            while part := stream.read(4096):
                file.write(part)
    assert started.returncode == 0
    return said.read_bytes().decode()


def test_in_a_pipe_each_line_stands_for_itself(tmp_path: Path) -> None:
    first, *more, last = run_slow(tmp_path, terminal=False).splitlines()
    assert (first, last) == ("ordinance: fetching …", "done")
    assert more
    assert {each for each in more if not each.startswith("ordinance: fetching: 12 of 47, ")} == set()


def test_on_a_terminal_one_line_is_written_over(tmp_path: Path) -> None:
    first, *more, last = run_slow(tmp_path, terminal=True).replace("\r\n", "\n").split("\r\x1b[K")
    assert (first, last) == ("ordinance: fetching …\n", "done\n")
    assert more
    assert {each for each in more if not each.startswith("ordinance: fetching: 12 of 47, ")} == set()
