"""What a question to a plugin costs beside the plugin's own work, and what its process weighs.

The same functions are called here, in this process, and asked in a process of the plugin's own, in turns, in one run.
What is compared is processor time: of this process, for asking and hearing, and of the plugin's. The work is of three
sizes: none, the check digits of a candidate, and a regular expression over a sentence; one thread asks, or eight at
once. Then the memory of a plugin's process, of which its own part is what each further one costs, and how long it takes
to start.

    .venv/test/bin/python benchmarks/plugins.py [--rounds N] [--questions N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ordinance.plugin import Asked, Passage
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Use

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.plugin_folders import allowed, passage, write_plugin
from support.processes import children, spent

WORK = r"""
import re

WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)
CODES = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){3,7}\b|\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b|\b[a-z]+ [a-z]+ness\b")

def nothing(passage):
    return True

def digits(passage):
    total = sum(int(digit) * weight for digit, weight in zip(passage.folded, WEIGHTS))
    return total % 11 % 10 == int(passage.folded[-1])

def sentence(passage):
    return [match.span() for match in CODES.finditer(passage.text)]
"""

SOURCE = f"""{WORK}
from ordinance.plugin import Candidates, Pattern, Segments, hookimpl

@hookimpl
def detector(asked):
    match asked.name:
        case "acme.nothing": return Candidates((Pattern("a"),), nothing)
        case "acme.digits": return Candidates((Pattern("a"),), digits)
        case "acme.sentence": return Segments(sentence)
"""


TEXTS = {
    "nothing": passage("38001085718"),
    "digits": passage("38001085718"),
    "sentence": passage("whoever reads the small print of a contract finds in it, sooner or later, a kindness. " * 9),
}
NAMES = tuple(TEXTS)


def pool_of(plugin: Plugin) -> Pool:
    pool = Pool(plugin, [Use("detector", Asked(f"acme.{name}")) for name in NAMES], Budget(30.0, processes=1))
    pool.prepared()
    return pool


def asked(pool: Pool, name: str) -> Callable[[], object]:
    """What asks the pool as the engine does."""
    ask = pool.find if name == "sentence" else pool.accepts
    return partial(ask, NAMES.index(name), TEXTS[name])


def ticks() -> float:
    """Processor time of the plugins' processes so far, in seconds."""
    return sum(map(spent, children(os.getpid())))


def repeat(deed: Callable[[], object], count: int) -> None:
    for _ in range(count):
        deed()


def here(deed: Callable[[], object], count: int) -> float:
    """Microseconds of processor time for one call."""
    began = time.process_time()
    repeat(deed, count)
    return (time.process_time() - began) / count * 1e6


def questions(deed: Callable[[], object], count: int, threads: int) -> tuple[float, float]:
    """Microseconds of processor time for one question, of this process and of the plugin's."""
    began, theirs = time.process_time(), ticks()
    with ThreadPoolExecutor(threads) as asking:
        for each in [asking.submit(repeat, deed, count // threads) for _ in range(threads)]:
            each.result()
    return (time.process_time() - began) / count * 1e6, (ticks() - theirs) / count * 1e6


def weight(pid: int) -> str:
    """The memory of a process: resident, its fair share of what is shared, and what is its own alone."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) / 1024
    own = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return f"resident {sizes['Rss']:.1f} MiB, share (PSS) {sizes['Pss']:.1f} MiB, its own {own:.1f} MiB"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=7, metavar="N")
    options.add_argument("--questions", type=int, default=4000, metavar="N")
    given = options.parse_args()
    work: dict[str, Callable[[Passage], object]] = {}
    exec(WORK, work)  # noqa: S102 - the plugin's own functions
    with tempfile.TemporaryDirectory() as folder:
        made = allowed(write_plugin(Path(folder), SOURCE, [f"detector acme.{name}" for name in NAMES]))
        pool = pool_of(made)
        print("Microseconds of processor time. A question: the engine's part + the process's, and times the work here.")
        for name in NAMES:
            call, ask = partial(work[name], TEXTS[name]), asked(pool, name)
            rounds = [
                (here(call, given.questions), questions(ask, given.questions, 1), questions(ask, given.questions, 8))
                for _ in range(given.rounds)
            ]
            alone = statistics.median(each[0] for each in rounds)
            print(f"{name:9} here {alone:6.1f}", end="")
            for column, threads in ((1, "one thread"), (2, "8 threads")):
                ours = statistics.median(each[column][0] for each in rounds)
                theirs = statistics.median(each[column][1] for each in rounds)
                print(f"   {threads} {ours:4.0f} + {theirs:4.0f} = {(ours + theirs) / alone:6.1f} times", end="")
            print()
        starts = []
        for _ in range(5):
            began = time.perf_counter()
            pool_of(made).close()
            starts.append((time.perf_counter() - began) * 1000)
        print(f"start     {min(starts):.0f} ms at best, median {statistics.median(starts):.0f} ms")
        for pid in children(os.getpid()):
            print(f"process   {weight(pid)}")
        pool.close()


if __name__ == "__main__":
    main()
