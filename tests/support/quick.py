"""`make quick [ROOM=runtime/match] [ALL=1] [TIMES=1]`: what to run after each change.

Lint, types, and the tests that bear neither ``slow`` nor ``server``, with few examples for each property and few cases
of each test that takes long (``tests/support/few.py``), all at once. A room is a folder of ``tests``; without one, the
tests of all rooms are run, with fewer cases. ``ALL=1`` runs every case. ``TIMES=1`` does, and measures which tests take
long.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
BIN = Path(sys.executable).parent
LINT = (("ruff", "check", "--quiet", "."), ("ruff", "format", "--quiet", "--check", "."), ("mypy",))
#: The seconds of processor time for a test that takes long, where all rooms are run and where one is.
SHARE, ROOM_SHARE = 0.12, 0.4
#: The tests, and their hypothesis profile.
CHOSEN, PROFILE = "not slow and not server", "glance"
#: Suites that need more than `make test` installs.
APART = {"pages", "vllm"}
#: pytest says so where every test has been left out.
NOTHING_RUN = 5
#: A mark of all tests in a file: the file is not even imported, which takes as long as its tests would.
_LEFT_OUT = re.compile(r"^pytestmark = (?:\[[^\]]*)?pytest\.mark\.(?:server|slow)\b", re.MULTILINE)


def rooms() -> list[str]:
    """The folders with tests that `make test` runs, and those above them."""
    files = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    folders = {str(parent) for path in files for parent in path.parents if path.parts[0] not in APART}
    return sorted(folders - {"."})


def left_out(folder: Path) -> list[Path]:
    """The files below ``folder`` whose tests all bear ``server`` or ``slow``."""
    return [path for path in sorted(folder.rglob("test_*.py")) if _LEFT_OUT.search(path.read_text("utf-8"))]


def main(words: Sequence[str]) -> int:
    """Run it all for the room that ``words`` name, if any; the first exit status that is not 0."""
    parser = argparse.ArgumentParser(prog="make quick", description="Lint, types and the fast tests.")
    parser.add_argument("room", nargs="?", default="", help="a folder of tests")
    parser.add_argument("--all", action="store_true", help="run every case of the tests that take long")
    parser.add_argument("--times", action="store_true", help="measure which tests take long: tests/times.toml")
    flags = parser.parse_args(words)
    room = flags.room.strip("/").removeprefix("tests/").removeprefix("engine/ordinance/")
    if room and room not in rooms():
        print(f"ordinance: no room {room!r}. A room is one of:\n  {'  '.join(rooms())}", file=sys.stderr)  # noqa: T201
        return 2
    if room and flags.times:
        print("ordinance: TIMES=1 measures the tests of all rooms; leave out ROOM.", file=sys.stderr)  # noqa: T201
        return 2
    few = [] if flags.all else ["--few", str(ROOM_SHARE if room else SHARE)]
    chosen = ["--times"] if flags.times else few
    lint = [
        subprocess.Popen([BIN / tool, *rest], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for tool, *rest in LINT
    ]
    code = _tests(room, chosen)
    for running in lint:
        said, _ = running.communicate()
        print(said, end="")  # noqa: T201
        code = code or running.returncode
    if chosen[:1] == ["--few"]:
        print("Of tests that take long, some cases or none were run: ALL=1 runs them, make test all tests.")  # noqa: T201
    return code


def words_of(folder: Path, few: Sequence[str]) -> list[str]:
    """Return pytest's arguments for the fast tests below ``folder``, those that ``few`` says."""
    ignored = [f"--ignore={path}" for path in left_out(folder)]
    return ["-q", "-n", "auto", "--dist", "worksteal", "-m", CHOSEN, *few, *ignored, str(folder)]


def _tests(room: str, few: Sequence[str]) -> int:
    variables = {**os.environ, "HYPOTHESIS_PROFILE": PROFILE}
    code = subprocess.call([BIN / "pytest", *words_of(TESTS / room, few)], cwd=ROOT, env=variables)
    if code == NOTHING_RUN:
        print(f"Every test of {room} starts a server or is slow: make test FLAGS=tests/{room}")  # noqa: T201
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
