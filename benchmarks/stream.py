"""What a delta costs and how much text waits: the engine, a bare loop, and `re` over a tail, in one run."""

from __future__ import annotations

import argparse
import random
import re
import statistics
import string
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ordinance.detection import Expressions, Pattern
from ordinance.load import load
from ordinance.policy.plan import SPAN, Plan, Scope
from ordinance.policy.vocabulary import Effect
from ordinance.runtime.activation import activate
from ordinance.runtime.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate

DELTA = 4
#: Prose for whoever has no better at hand.
PROSE = (
    "The committee met in the old town hall on Tuesday. It heard three witnesses, among them a teacher who had worked "
    "in the district for thirty years, and adjourned without a vote. Rain had fallen since the morning; the river "
    "stood high, and the road to the mill was closed. Nobody expected a decision before the end of the month. "
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, help="prose, UTF-8 (default: a paragraph, repeated)")
    parser.add_argument("--phrases", type=int, default=10_000)
    parser.add_argument("--patterns", type=int, default=300)
    parser.add_argument("--characters", type=int, default=100_000)
    return parser.parse_args()


def expressions(phrases: int, patterns: int, words: list[str]) -> Expressions:
    """Phrases of two words of the prose that do not stand together in it, and patterns of made-up codes."""
    chance = random.Random(7)  # noqa: S311 - the same rules every time
    made = [f"{chance.choice(words)} {chance.choice(words)} {chance.choice(words)}" for _ in range(phrases)]
    heads = ["".join(chance.choices(string.ascii_uppercase, k=3)) for _ in range(patterns)]
    return Expressions(tuple(made), tuple(Pattern(rf"\b{head}-[0-9]{{4,8}}\b") for head in heads))


def plan_with(found: Expressions, scope: Scope) -> Plan:
    """The packs that ship, the first withholding rule of which looks for ``found`` instead."""
    plan = load().plan
    rule = next(rule for rule in plan.rules if rule.effect is Effect.WITHHOLD)
    rules = tuple(replace(each, scope=scope) if each is rule else each for each in plan.rules)
    return replace(plan, rules=rules, detectors={**plan.detectors, rule.detectors[0]: found})


def timed(feed: Callable[[str], object], deltas: list[str]) -> list[float]:
    """Microseconds for each delta."""
    times = []
    for delta in deltas:
        start = time.perf_counter()
        feed(delta)
        times.append((time.perf_counter() - start) * 1e6)
    return times


def engine(plan: Plan) -> tuple[Redactor, Callable[[str], int]]:
    redactor = Redactor(activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE"))))
    state = {"in": 0, "out": 0}

    def feed(delta: str) -> int:
        state["in"] += len(delta)
        state["out"] += len(redactor.feed(delta))
        return state["in"] - state["out"]

    return redactor, feed


def tail_search(found: Expressions) -> Callable[[str], object]:
    """The peer: one regular expression over the last 200 characters after every delta."""
    wanted = re.compile(
        "|".join([*map(re.escape, found.phrases), *(each.source for each in found.patterns)]), re.IGNORECASE
    )
    held = ""

    def feed(delta: str) -> object:
        nonlocal held
        held = (held + delta)[-200:]
        return wanted.search(held)

    return feed


def row(name: str, times: list[float], limit: float, held: list[int] | None = None) -> None:
    ordered = sorted(times)
    mean, median = statistics.fmean(times), ordered[len(ordered) // 2]
    waits = "" if held is None else f"{statistics.fmean(held):8.1f} {sorted(held)[len(held) * 99 // 100]:6d}"
    print(
        f"{name:34} {median:9.2f} {ordered[len(ordered) * 99 // 100]:9.2f} {mean:9.2f} {median / limit:8.1f}x {waits}"
    )


def main() -> None:
    given = arguments()
    text = given.text.read_text("utf-8") if given.text else PROSE
    text = (text * (given.characters // len(text) + 1))[: given.characters]
    deltas = [text[at : at + DELTA] for at in range(0, len(text), DELTA)]
    found = expressions(given.phrases, given.patterns, sorted(set(re.findall(r"\w+", text)))[:2000])
    collected: list[str] = []
    limit = timed(collected.append, deltas)
    floor = statistics.median(limit)
    print(
        f"{given.phrases} phrases, {given.patterns} patterns, {len(deltas)} deltas of {DELTA} characters; microseconds"
    )
    print(f"{'':34} {'median':>9} {'p99':>9} {'mean':>9} {'median':>9} {'held':>8} {'p99':>6}")
    row("bare loop (the limit)", limit, floor)
    for name, scope in (("span", SPAN), ("sentence", Scope("sentence", 400))):
        plan = plan_with(found, scope)
        for turn in ("first time", "again"):
            _, feed = engine(plan)
            held: list[int] = []
            times = timed(lambda delta, feed=feed, held=held: held.append(feed(delta)), deltas)
            row(f"engine, scope {name}, {turn}", times, floor, held)
    few = deltas[:: max(1, len(deltas) // 300)]
    row("re over the last 200 characters", timed(tail_search(found), few), floor)


if __name__ == "__main__":
    main()
