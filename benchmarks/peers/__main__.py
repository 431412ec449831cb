"""LLM Guard, NeMo Guardrails and Ordinance at the same job: what an answer costs, and what leaks.

    .venv/test/bin/python benchmarks/peers [--repeats N] [--compiled FOLDER]

Each peer runs in an environment of its own under ``.venv/``, made at the first run (LLM Guard brings PyTorch: about
6 GB, two minutes). All of them get the same phrases, patterns and answers, one after the other, several times round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import job

sys.path.append(str(Path(__file__).resolve().parents[1]))

from environments import environment

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COMPILED = "Ordinance, compiled"
#: Peer, its distribution, and the script that does the job with it.
PEERS = (
    ("LLM Guard", "llm-guard==0.3.16", "llm_guard_job.py"),
    ("NeMo Guardrails", "nemoguardrails==0.24.1", "nemo_job.py"),
)


def run(python: Path, script: str, path: Path, engine: Path) -> dict[str, Any]:
    """What one run of a job script reports."""
    environment = {**os.environ, "PYTHONPATH": str(engine)}
    done = subprocess.run(  # noqa: S603 - ourselves
        [python, HERE / script, path], check=True, capture_output=True, text=True, env=environment
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3, help="rounds; the median of their medians counts")
    parser.add_argument("--compiled", type=Path, help="what deploy/compiled/build.py made, to be measured too")
    given = parser.parse_args()
    runs = [("Ordinance", Path(sys.executable), "ordinance_job.py")]
    if given.compiled:
        runs.append((COMPILED, Path(sys.executable), "ordinance_job.py"))
    runs += [(name, environment(requirement), script) for name, requirement, script in PEERS]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(job.make()), "utf-8")
        reports: dict[str, list[dict[str, Any]]] = {name: [] for name, _, _ in runs}
        for _ in range(given.repeats):
            for name, python, script in runs:
                engine = given.compiled if name == COMPILED else ROOT / "engine"
                reports[name].append(run(python, script, path, engine))
    costs(reports)
    leaks(reports)


def costs(reports: dict[str, list[dict[str, Any]]]) -> None:
    """Print what an answer of 1,000 deltas costs, in milliseconds and as a ratio."""
    ours = {task: _median(reports["Ordinance"], task) for task in job.TASKS}
    print("\nmilliseconds for an answer of 4,000 characters; × is how many times Ordinance's")
    print(f"{'':20}" + "".join(f"{task:>34}" for task in job.TASKS) + f"{'import s':>10}")
    for name, found in reports.items():
        cells = ""
        for task in job.TASKS:
            if task not in found[0]["milliseconds"]:
                cells += f"{'–':>34}"
                continue
            cost = _median(found, task)
            cells += f"{cost:24.2f} {cost / ours[task]:7.1f} ×"
        imports = statistics.median(each["import_seconds"] for each in found)
        print(f"{name:20}{cells}{imports:10.1f}")


def leaks(reports: dict[str, list[dict[str, Any]]]) -> None:
    """Print what of a forbidden phrase left, for each way of asking."""
    print("\nwords of the forbidden phrase that left on a stream, and whether its disguises were seen")
    for name, found in reports.items():
        for case, outcome in found[0]["leaks"].items():
            print(f"{name:20}{case:60}{outcome}")


def _median(found: list[dict[str, Any]], task: str) -> float:
    return statistics.median(each["milliseconds"][task] for each in found)


if __name__ == "__main__":
    main()
