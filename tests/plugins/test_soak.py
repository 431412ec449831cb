"""Many questions to a hostile plugin: what they cost, lose and leave. ``make hostile`` asks a hundred thousand."""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ordinance.plugins.pool import Pool
from support.hostile import BOUND, BUDGET, DEEDS, SOURCE, ask
from support.plugin_folders import WORD, allowed, until, write_plugin
from support.processes import children, session

pytestmark = pytest.mark.server


def test_hostile_questions_among_many_cost_no_memory_and_leave_nothing(tmp_path: Path) -> None:
    count = int(os.environ.get("HOSTILE_QUESTIONS", "400"))
    every = 100 if count > 10_000 else 20
    folder = write_plugin(tmp_path / "plugin", SOURCE)
    pool = Pool(allowed(folder), [WORD], BUDGET)
    deeds = sorted(set(DEEDS) - {"FINE"})
    chance = random.Random(7)
    plan = [chance.choice(deeds) if number % every == every - 1 else "FINE" for number in range(count)]
    causes: Counter[tuple[str, str]] = Counter()
    lock = threading.Lock()
    memory: list[int] = []
    leaders = set[int]()
    began = time.monotonic()

    def one(number: int) -> None:
        cause = ask(pool, plan[number], number)
        with lock:
            causes[plan[number], cause] += 1
            done = causes.total()
            if done % max(count // 20, 1) == 0:
                memory.append(_resident())
                leaders.update(children(os.getpid()))
                report(done, count, causes, memory, time.monotonic() - began)

    with ThreadPoolExecutor(6) as asking:
        for block in _blocks(range(count), 2000):
            list(asking.map(one, block))
    until(lambda: ask(pool, "FINE", count) == "", "the next question is answered", seconds=BOUND)
    took = time.monotonic() - began
    leaders.update(children(os.getpid()))
    pool.close()
    until(lambda: not any(session(leader) for leader in leaders), "no orphan")
    assert causes.total() == count
    fine = sum(number for (deed, cause), number in causes.items() if deed == "FINE" and not cause)
    # A process that ends takes the innocent with it that are in flight there.
    assert fine > 0.8 * plan.count("FINE")
    grown = memory[-1] - memory[len(memory) // 4]
    assert grown < 24_000, f"memory grew by {grown} KiB"
    show(
        f"\n{count} questions in {took:.0f} s, {count - plan.count('FINE')} of them hostile; {fine} others answered, "
        f"{plan.count('FINE') - fine} lost with the process of a hostile one; memory grew by {grown} KiB"
    )
    for deed in ["FINE", *deeds]:
        said = {cause or "answered": number for (done, cause), number in sorted(causes.items()) if done == deed}
        show(f"  {deed:8} {said}")


def report(done: int, count: int, causes: Counter[tuple[str, str]], memory: Sequence[int], seconds: float) -> None:
    lost = sum(number for (_, cause), number in causes.items() if cause)
    show(f"{done:7} of {count}  {seconds:6.0f} s  {lost} faults  {memory[-1]} KiB")


def show(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what a soak is for


def _blocks(numbers: range, size: int) -> Iterator[range]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _resident() -> int:
    """The memory of this process, in KiB."""
    gc.collect()
    [line] = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1])
