"""`make quick [ROOM=runtime/match] [ALL=1] [TIMES=1]`: what to run after each change.

Lint, types, and the tests that bear neither ``slow`` nor ``server``, with few examples for each property and few cases
of each test that takes long (``tests/support/few.py``), all at once (``tests/support/turns.py``). A room is a folder of
``tests``; without one, the tests of all rooms are run, with fewer cases. ``ALL=1`` runs every case. ``TIMES=1`` does,
and measures which tests take long.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
BIN = Path(sys.executable).parent
LINT = (("ruff", "check", "--quiet", "."), ("ruff", "format", "--quiet", "--check", "."), ("mypy",))
#: The seconds of processor time for a test that takes long, where all rooms are run and where one is.
SHARE, ROOM_SHARE = 0.1, 0.4
#: pytest's arguments that choose the tests and show one sign for each, and the hypothesis profile. No process sees all
#: that fail, so none of them writes it into pytest's cache.
CHOSEN = ("-q", "-o", "console_output_style=classic", "-p", "no:cacheprovider", "-m", "not slow and not server")
VARIABLES = {**os.environ, "HYPOTHESIS_PROFILE": "glance"}
#: Suites that need more than `make test` installs.
APART = {"pages", "vllm"}
#: pytest says so where every test has been left out.
NOTHING_RUN = 5


def rooms() -> list[str]:
    """The folders with tests that `make test` runs, and those above them."""
    files = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    folders = {str(parent) for path in files for parent in path.parents if path.parts[0] not in APART}
    return sorted(folders - {"."})


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


def run(folder: Path, few: Sequence[str], *pytest: str | Path) -> int:
    """Run the fast tests below ``folder``, those that ``few`` says, with as many processes of the command ``pytest`` as
    there are cores. The first shows its progress, the others what they said at their end. Return 0 where all passed,
    ``NOTHING_RUN`` where there was no test, else what one that failed returned."""
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    words = [*pytest, *CHOSEN, *colour, *few, str(folder)]
    count = min(_cores(), len([*folder.rglob("test_*.py")]))
    with tempfile.TemporaryDirectory(prefix="ordinance-quick-") as taken:
        running = [
            subprocess.Popen(
                [*words, "--turns", taken, "--begin", str(number / count)],
                cwd=ROOT, env=VARIABLES, stdout=subprocess.PIPE if number else None, text=True,
            )
            for number in range(count)
        ]  # fmt: skip
        for each in running:
            said, _ = each.communicate()
            print(said or "", end="", flush=True)  # noqa: T201  # what a command says
    codes = {each.returncode for each in running} - {NOTHING_RUN}
    return max(codes, key=abs, default=NOTHING_RUN)


def _tests(room: str, chosen: Sequence[str]) -> int:
    pytest = BIN / "pytest"
    if "--times" in chosen:
        # One process has to see what all tests took.
        return subprocess.call(
            [pytest, *CHOSEN, *chosen, "-n", "auto", "--dist", "worksteal", TESTS], cwd=ROOT, env=VARIABLES
        )
    code = run(TESTS / room, chosen, pytest)
    if code == NOTHING_RUN:
        print(f"Every test of {room} starts a server or is slow: make test FLAGS=tests/{room}")  # noqa: T201
        return 0
    return code


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
