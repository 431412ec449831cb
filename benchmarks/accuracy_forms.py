"""What rewriting costs, and what it rewrites: ``make accuracy-forms``.

It rewrites its part of docs/accuracy.md. The cost of an event of four characters is a ratio in one run: a house that
sets slots, the same with a line that asks for forms of slots that nobody sets, and the same with forms. What is
rewritten is counted in own sentences (``tests/cases/forms``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from accuracy import table
from measured_part import publish
from prose import prose

from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.substance.comparing import compare
from support.formed import SENTENCES, formed, released, sentences
from support.manners import house, plan_of
from support.plans import plan_of as small_plan_of

DELTA = 4
SET = ("language en-GB", "numbers en-GB", "dates en-GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print the part instead of writing it to the page")
    parser.add_argument("--characters", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    publish("forms", *rewritten(), *costs(given.characters, given.rounds), only_print=given.print)


def rewritten() -> list[str]:
    """Count, by language, what becomes of own sentences."""
    none, rows = small_plan_of([]), []
    found = sentences()
    for tag in dict.fromkeys(each.tag for each in found):
        own = [each for each in found if each.tag == tag]
        after = [released(formed(none, tag, each.slots), [each.before]) for each in own]
        changed = [pair for pair in zip(own, after, strict=True) if pair[1] != pair[0].before]
        sound = sum(compare(each.before, text, tag).same for each, text in changed)
        right = sum(text == each.after for each, text in zip(own, after, strict=True))
        slots = dict.fromkeys(slot for each in own for slot in each.slots)
        rows.append([
            tag, ", ".join(slots), str(len(own)), str(len(changed)), f"{right} of {len(own)}",
            f"{sound} of {len(changed)}" if tag != "sr" else "not read",
        ])  # fmt: skip
    heads = ("language", "slots", "sentences", "rewritten", "as expected", "sound under the witness")
    where = SENTENCES.relative_to(Path(__file__).resolve().parents[1])
    return [f"Own sentences of `{where}`, written for this; they say what is rewritten, not how often models need it.",
            table(heads, rows).strip()]  # fmt: skip


def costs(characters: int, rounds: int) -> list[str]:
    """Measure an event of four characters without forms and with them, in turns."""
    text = prose(characters)
    with tempfile.TemporaryDirectory() as folder:
        plans = {
            "slots, no `rewrite`": _plan(folder, "a", *SET),
            "`rewrite script`, which nobody sets": _plan(folder, "b", *SET, "rewrite script"),
            "`rewrite numbers, dates`": _plan(folder, "c", *SET, "rewrite numbers, dates"),
            "`rewrite spelling, numbers, dates`": _plan(
                folder, "d", *SET, "spelling en-GB", "rewrite spelling, numbers, dates"
            ),
        }
    times: dict[str, list[float]] = {name: [] for name in plans}
    for _ in range(rounds):
        for name, plan in plans.items():
            times[name].append(_event(plan, text))
    first = min(next(iter(times.values())))
    rows = [[name, f"{min(each):.1f}", f"{min(each) / first:.2f}"] for name, each in times.items()]
    return [f"An event of {DELTA} characters, {len(text):,} characters of prose of the manual, the best of {rounds} "
            "rounds, in microseconds of processor time on a machine that other work shared:",
            table(("policy", "µs", "ratio"), rows).strip()]  # fmt: skip


def _plan(folder: str, name: str, *lines: str) -> Plan:
    at = Path(folder) / name
    at.mkdir()
    return plan_of(at, house(*lines))


def _event(plan: Plan, text: str) -> float:
    stream = Session(plan, situate(plan, jurisdiction=None), "en-GB").stream()
    deltas: Sequence[str] = [text[at : at + DELTA] for at in range(0, len(text), DELTA)]
    began = time.process_time()
    for delta in deltas:
        stream.feed(delta)
    stream.close()
    return (time.process_time() - began) / len(deltas) * 1e6


if __name__ == "__main__":
    main()
