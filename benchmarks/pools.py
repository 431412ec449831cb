"""Processes for a plugin's detectors: ours beside pebble, ``ProcessPoolExecutor`` and loky, in one run.

    python benchmarks/pools.py [--calls N]

Each has two processes. Printed are the median of a call, in microseconds of wall time; what a call that hangs in C,
with a budget of half a second, does to one that runs beside it; and, once two have hung, how long until the next is
answered. pebble and loky are measured where they are installed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures import TimeoutError as LateError
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from ordinance.plugin import Asked
from ordinance.plugins.budget import Budget
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Use
from ordinance.runtime.match.passages import shown
from support.faulty import faulty

SECONDS = 0.5
QUIET, STUCK, SLOW = "Nothing is here.", "LAW-STUCK", "LAW-SLOW"
Call = Callable[[str], object]


def find(sentence: str) -> list[tuple[int, int]]:
    """What the faulty plugin does, for pools that are sent a function."""
    if sentence == STUCK:
        re.fullmatch("(a|a)+", "a" * 60 + "b")
    if sentence == SLOW:
        time.sleep(0.2)
    return [match.span() for match in re.finditer(r"\bLAW\b", sentence)]


@contextmanager
def ours() -> Iterator[Call]:
    with tempfile.TemporaryDirectory() as folder:
        use = Use("detector", Asked("faulty.law"))
        pool = Pool(faulty(Path(folder)), [use], Budget(seconds=SECONDS, processes=2))
        pool.prepared()
        yield lambda sentence: pool.find(0, shown(sentence))
        pool.close()


@contextmanager
def executor(pool: Executor) -> Iterator[Call]:
    yield lambda sentence: pool.submit(find, sentence).result(timeout=SECONDS)
    for process in list(getattr(pool, "_processes", {}).values()):
        os.kill(process.pid, signal.SIGKILL)
    pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def pebble() -> Iterator[Call]:
    from pebble import ProcessPool

    with ProcessPool(max_workers=2) as pool:
        yield lambda sentence: pool.schedule(find, args=[sentence], timeout=SECONDS).result()
        pool.stop()


def loky() -> object:
    from loky import ProcessPoolExecutor as Loky

    return executor(Loky(max_workers=2))


POOLS: dict[str, tuple[str, Callable[[], object]]] = {
    "ordinance": ("ordinance", ours),
    "pebble": ("pebble", pebble),
    "ProcessPoolExecutor": ("concurrent.futures", lambda: executor(ProcessPoolExecutor(2))),
    "loky": ("loky", loky),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1000)
    given = parser.parse_args()
    print(f"{'':22}{'call µs':>10}{'beside a hang':>16}{'next answered after':>22}")
    for name, (module, made) in POOLS.items():
        try:
            importlib.import_module(module)
        except ImportError:
            print(f"{name:22} not installed")
            continue
        with made() as call:  # type: ignore[attr-defined]
            print(f"{name:22}{of_a_call(call, given.calls):10.0f}{beside(call):>16}{after(call):>22}")


def of_a_call(call: Call, calls: int) -> float:
    """Microseconds of wall time, the median: a pool's threads and processes share the work."""
    while tried(call, QUIET) != "answered":
        pass  # a pool that starts
    times = []
    for _ in range(calls):
        begun = time.perf_counter()
        call(QUIET)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def tried(call: Call, sentence: str) -> str:
    try:
        call(sentence)
    except LateError:
        return "late"
    except Exception as error:
        return type(error).__name__
    return "answered"


def beside(call: Call) -> str:
    """What becomes of a call that takes 0.2 s when the one beside it is over its budget."""
    hanging = threading.Thread(target=tried, args=(call, STUCK))
    hanging.start()
    time.sleep(SECONDS - 0.1)
    said = tried(call, SLOW)
    hanging.join()
    return said


def after(call: Call) -> str:
    """Two calls hang: when is the next one answered?"""
    hanging = [threading.Thread(target=tried, args=(call, STUCK)) for _ in range(2)]
    for each in hanging:
        each.start()
    for each in hanging:
        each.join()
    begun = time.perf_counter()
    while time.perf_counter() - begun < 10:
        if tried(call, QUIET) == "answered":
            return f"{time.perf_counter() - begun:.2f} s"
    return "never (10 s)"


if __name__ == "__main__":
    main()
