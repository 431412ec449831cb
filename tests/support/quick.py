"""`make quick [ROOM=runtime/match]`: what to run after each change.

Lint, types, and the tests that bear neither ``slow`` nor ``server``, with few examples for each property, all at once.
A room is a folder of ``tests``; without one, the tests of all rooms are run.
"""

from __future__ import annotations

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
    room = (words[0] if words else "").strip("/").removeprefix("tests/").removeprefix("engine/ordinance/")
    if room and room not in rooms():
        print(f"ordinance: no room {room!r}. A room is one of:\n  {'  '.join(rooms())}", file=sys.stderr)  # noqa: T201
        return 2
    lint = [
        subprocess.Popen([BIN / tool, *rest], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for tool, *rest in LINT
    ]
    code = _tests(room)
    for running in lint:
        said, _ = running.communicate()
        print(said, end="")  # noqa: T201
        code = code or running.returncode
    return code


def _tests(room: str) -> int:
    variables = {**os.environ, "HYPOTHESIS_PROFILE": "glance"}
    chosen = ("-m", "not slow and not server", "-n", "auto", "--dist", "worksteal", "-q")
    ignored = [f"--ignore={path}" for path in left_out(TESTS / room)]
    code = subprocess.call([BIN / "pytest", *chosen, *ignored, TESTS / room], cwd=ROOT, env=variables)
    if code == NOTHING_RUN:
        print(f"Every test of {room} starts a server or is slow: make test FLAGS=tests/{room}")  # noqa: T201
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
