"""Bulk text on Ray Data, with one worker and with two: rows a second, in turns, on a real Ray on this machine.

    .venv/test/bin/python benchmarks/bulk.py [--rows N] [--characters N] [--rounds N]

Needs `.venv/ray` (`make ready-ray`). A round governs the same rows with one worker and then with two. The rate is that
between a tenth and nine tenths of the rows written, so that the workers' start is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from prose import prose

from support.ray_jobs import running

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


class Progress(threading.Thread):
    """Watches a folder until ``over``: how many rows are in it, and when."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self._folder = folder
        self._seen = [(0.0, 0)]
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.2):
            rows = sum(path.read_bytes().count(b"\n") for path in self._folder.rglob("*.json"))
            self._seen.append((time.monotonic(), rows))

    def rate(self, rows: int) -> float:
        """Rows a second between a tenth and nine tenths of ``rows``."""
        self.over.set()
        self.join()
        within = [(when, count) for when, count in self._seen if rows * 0.1 <= count <= rows * 0.9]
        return (within[-1][1] - within[0][1]) / (within[-1][0] - within[0][0])


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "in"
        rows.mkdir()
        write(rows, given.rows, given.characters)
        rates: dict[int, list[float]] = {1: [], 2: []}
        with running("rows.py", rows, Path(folder) / "out", *([1, 2] * given.rounds)) as job:
            for number in range(2 * given.rounds):
                progress = Progress(Path(job.said()["folder"]))
                job.said()
                rates[number % 2 + 1].append(rate := progress.rate(given.rows))
                print(f"round {number // 2 + 1}, workers: {number % 2 + 1}: {rate:.0f} rows a second", file=sys.stderr)
    load = os.getloadavg()[0]
    print(f"{given.rows} rows of {given.characters} characters; load {load:.0f} on {os.cpu_count()} cores")
    for workers, found in rates.items():
        print(f"workers: {workers}  rows a second: {statistics.median(found):.0f}")
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    print(
        f"two workers beside one: {statistics.median(ratios):.2f} × (rounds: {', '.join(f'{r:.2f}' for r in ratios)})"
    )


if __name__ == "__main__":
    main()
