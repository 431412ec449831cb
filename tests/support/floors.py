"""`make coverage [RAISE=1]`: how much of each room the tests run, and that it never becomes less.

Counted are branches, the ways on from each place where the code decides, by the tests that `make quick` runs for each
room by itself (``ROOM=``): they start nothing, so that the count is the same each time, and they are what a change is
tried with. The smaller share of a run of all rooms says nothing about what a room's tests reach.
``tests/coverage.toml`` holds a floor for each room, in percent. A room that falls below its floor fails the command;
``RAISE=1`` writes what a room has now where that is more than its floor.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.quick import ROOM_SHARE, TESTS, run

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ROOT / "tests" / "coverage.toml"
PACKAGE = "engine/ordinance/"
#: How far a room may be below its floor, in percentage points: what a new version of hypothesis draws is not the same.
TOLERANCE = 0.5
HEAD = """\
# Branch coverage of each room, in percent, by the tests that are neither slow nor start servers. `make coverage` fails
# where a room has less; `make coverage RAISE=1` raises what has become more. A floor goes down by hand, with code that
# goes or with code that came and that only a real server or database can try, and the commit says why.
"""


def rooms(files: Mapping[str, Mapping[str, Mapping[str, int]]]) -> dict[str, tuple[int, int]]:
    """For each room the branches that were taken and those that there are, from ``files`` of coverage's JSON. A room
    is a folder of the package without the folders in it; ``.`` is its root."""
    taken: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for name, file in files.items():
        room = Path(name.removeprefix(PACKAGE)).parent.as_posix()
        taken[room] += file["summary"]["covered_branches"]
        there[room] += file["summary"]["num_branches"]
    return {room: (taken[room], there[room]) for room in sorted(there) if there[room]}


def percent(taken: int, there: int) -> float:
    """Rounded down to a tenth, so that nothing is rounded up to a floor that does not hold."""
    return math.floor(1000 * taken / there) / 10


def raised(floors: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """The floor of each room that there is: the higher one of what it was and what the room has now."""
    return {room: max(floors.get(room, 0.0), has) for room, has in now.items()}


def fallen(floors: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """A line for each room that is below its floor by more than ``TOLERANCE``."""
    return [
        f"{room} has {has:.1f} % and its floor is {floors[room]:.1f} %: test what is new"
        for room, has in now.items()
        if has < floors.get(room, 0.0) - TOLERANCE
    ]


def written(floors: Mapping[str, float]) -> str:
    return HEAD + "\n[floors]\n" + "".join(f'"{room}" = {floor:.1f}\n' for room, floor in sorted(floors.items()))


def measure() -> int:
    """Run the tests under coverage; pytest's exit status."""
    _coverage("erase")
    return run(TESTS, ("--few", str(ROOM_SHARE)), sys.executable, "-m", "coverage", "run", "-m", "pytest")


def read() -> dict[str, tuple[int, int]]:
    """What has been measured, by room."""
    _coverage("combine", "--quiet")
    _coverage("json", "--quiet", "-o", ".coverage.json")
    found = json.loads((ROOT / ".coverage.json").read_text("utf-8"))
    return rooms(found["files"])


def _coverage(*words: str) -> int:
    return subprocess.call([sys.executable, "-m", "coverage", *words], cwd=ROOT)


def main(words: Sequence[str]) -> int:
    """Measure, print a table, and compare; 1 if a room has fallen, or pytest's status if a test has failed."""
    parser = argparse.ArgumentParser(description="Branch coverage of each room, and its floor.")
    parser.add_argument("--raise", dest="raises", action="store_true", help="write what has become more")
    flags = parser.parse_args(words)
    if code := measure():
        print("ordinance: a test has failed; coverage counts when all pass.", file=sys.stderr)  # noqa: T201
        return code
    counted = read()
    now = {room: percent(*both) for room, both in counted.items()}
    floors = tomllib.loads(FLOORS.read_text("utf-8"))["floors"] if FLOORS.is_file() else {}
    for room, (taken, there) in counted.items():
        floor = f"floor {floors.get(room, 0.0):5.1f} %"
        print(f"{room:22} {now[room]:5.1f} %  {floor}  {there - taken:4} of {there:4} branches not taken")  # noqa: T201
    told = fallen(floors, now)
    if not flags.raises:
        told += [f"{room} has no floor yet; make coverage RAISE=1 writes one" for room in now if room not in floors]
    for line in told:
        print(f"ordinance: {line}", file=sys.stderr)  # noqa: T201
    if flags.raises:
        FLOORS.write_text(written(raised(floors, now)), "utf-8")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
