"""Bulk text on Ray Data, with one worker and with two: rows a second, in turns, on a real Ray on this machine.

    .venv/test/bin/python benchmarks/bulk.py [--rows N] [--characters N] [--rounds N]

Needs `.venv/ray` (`make ready-ray`). A round governs the same rows with one worker and then with two; each run includes
the start of its workers, which load the policy, and the files that it reads and writes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests")]

from prose import prose  # noqa: E402 - it lies beside this file

from support.ray_jobs import running  # noqa: E402

#: Files that the rows are in; each is a task.
FILES = 40


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--characters", type=int, default=4000, help="of an answer")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def write(folder: Path, rows: int, characters: int) -> None:
    """Write the rows: prose of the manual, another answer in each."""
    text = " ".join(prose(10**9).split())
    for number in range(FILES):
        lines = []
        for place in range(number, rows, FILES):
            start = place * 997 % (len(text) - characters)
            lines.append(json.dumps({"id": place, "prompt": "Say something.", "answer": text[start:][:characters]}))
        (folder / f"{number:03}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "in"
        rows.mkdir()
        write(rows, given.rows, given.characters)
        seconds: dict[int, list[float]] = {1: [], 2: []}
        with running("rows.py", rows, Path(folder) / "out", *([1, 2] * given.rounds)) as job:
            for number in range(2 * given.rounds):
                print(f"round {number // 2 + 1}, workers: {number % 2 + 1} …", file=sys.stderr)
                job.said()
                seconds[number % 2 + 1].append(job.said()["seconds"])
    load = os.getloadavg()[0]
    print(f"{given.rows} rows of {given.characters} characters; load {load:.0f} on {os.cpu_count()} cores")
    for workers, found in seconds.items():
        print(f"workers: {workers}  rows a second: {given.rows / statistics.median(found):.0f}")
    ratios = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]
    print(
        f"two workers beside one: {statistics.median(ratios):.2f} × (rounds: {', '.join(f'{r:.2f}' for r in ratios)})"
    )


if __name__ == "__main__":
    main()
