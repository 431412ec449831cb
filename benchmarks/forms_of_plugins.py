"""What a plugin's form costs: processor time for each passage, as a ratio to an answer that nothing rewrites.

The same answer goes through a stream of its own: where no form is asked for, with the engine's own forms, and with
those of ordinance-forms-ch, whole and in deltas of four characters, in turns, in one run. Then one passage alone: the
question to the plugin's process, the witness, and the bound on words.

    .venv/test/bin/python benchmarks/forms_of_plugins.py [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.substance.comparing import compare
from ordinance.substance.spelling_alone import differ_in_spelling_alone

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.checkout import ROOT
from support.forming import write_house
from support.packs import TODAY
from support.plugin_folders import allowed
from support.processes import children, spent
from support.wheels import built

SLOTS = "spelling de-CH\n  numbers de-CH"
PARAGRAPH = (
    "Die Straße ist 3,5 km lang, und außerdem kostet sie 1.234.567,50 Euro, sagt Frau Weiß. Niemand weiß, wann sie "
    "fertig ist, denn die Arbeiten ruhen seit dem 3. Mai, und es ist nicht sicher, ob sie vor dem Winter beginnen.\n\n"
)
PASSAGE = PARAGRAPH[:119]
DELTA = 4


def plans(folder: Path) -> dict[str, Plan]:
    shutil.copytree(ROOT / "plugins" / "ordinance-forms-ch", folder / "source")
    plugin = allowed(built(folder / "source"))
    lines = {
        "the engine's own forms": "spelling, numbers",
        "forms of a plugin": "spelling by ch.spelling\n  rewrite numbers by ch.numbers",
    }
    made = {name: write_house(folder / str(at), line, SLOTS) for at, (name, line) in enumerate(lines.items())}
    bare = write_house(folder / "bare", "spelling", SLOTS)
    bare.write_text(bare.read_text("utf-8").replace("  rewrite spelling\n", ""), "utf-8")
    return {name: load([pack], plugins=[plugin], on=TODAY).plan for name, pack in {"no form": bare, **made}.items()}


def answer(plan: Plan, text: str, size: int) -> None:
    stream = Session(plan, situate(plan, jurisdiction=None, on=TODAY), "de").stream()
    for at in range(0, len(text), size):
        stream.feed(text[at : at + size])
    stream.close()


def cost(what: Callable[[], object]) -> float:
    """Seconds of processor time, of this process and of the plugin's."""
    before = time.process_time() + sum(spent(pid) for pid in children(os.getpid()))
    what()
    return time.process_time() + sum(spent(pid) for pid in children(os.getpid())) - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    text = PARAGRAPH * 40
    with tempfile.TemporaryDirectory() as folder:
        made = plans(Path(folder))
        base: dict[int, float] = {}
        for name, plan in made.items():
            for size in (len(text), DELTA):
                answer(plan, text, size)
                times = [cost(lambda plan=plan, size=size: answer(plan, text, size)) for _ in range(rounds)]  # type: ignore[misc]
                least = min(times)
                base.setdefault(size, least)
                way = "whole" if size > DELTA else f"by {DELTA}"
                ratio = f"{least / base[size]:8.2f} times no form"
                print(f"{name:24}{way:8}{least / len(text) * 1e6:8.2f} µs a character{ratio}")
        rewrite = made["forms of a plugin"].forms["ch.spelling"].rewrite
        other = rewrite(PASSAGE)
        steps: dict[str, Callable[[], object]] = {
            "the question to the plugin": lambda: rewrite(PASSAGE),
            "the witness": lambda: compare(PASSAGE, other, "de"),
            "the bound on words": lambda: differ_in_spelling_alone(PASSAGE, other),
        }
        print(f"\na passage of {len(PASSAGE)} characters")
        for name, step in steps.items():
            times = [cost(lambda step=step: [step() for _ in range(200)]) / 200 for _ in range(rounds)]  # type: ignore[misc]
            print(f"{name:32}{statistics.median(times) * 1e6:8.0f} µs")


if __name__ == "__main__":
    main()
