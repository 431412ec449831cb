"""Bulk text through Ray Data, run with the Python of .venv/ray: ``rows.py IN OUT WORKERS…``.

For each number of workers the rows of IN are governed into a folder of OUT; it prints the folder when it begins, and
the seconds when it has ended.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import ray

from ordinance.batch.ray import Govern


def main(given: str, to: str, *workers: str) -> None:
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=150 << 20)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    files = sorted(map(str, Path(given).glob("*.jsonl")))
    for number, count in enumerate(workers):
        folder = Path(to) / f"{number}"
        say({"folder": str(folder)})
        began = time.monotonic()
        rows = ray.data.read_json(files, lines=True, override_num_blocks=len(files))
        settings = {"jurisdiction": "DE", "locale": "de-DE", "on": "2026-11-27"}
        compute = ray.data.ActorPoolStrategy(size=int(count))
        governed = rows.map(Govern, fn_constructor_kwargs=settings, compute=compute, num_cpus=1)
        governed.write_json(str(folder))
        say({"seconds": time.monotonic() - began})
    sys.stdin.read()
    ray.shutdown()


def say(value: object) -> None:
    sys.stdout.write(f"said: {json.dumps(value)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
