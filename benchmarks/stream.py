"""What a delta costs and how much text waits: the engine, a bare loop, and `re` over a tail, in one run.

Each policy is fresh when its text comes for the first time. As `ordinance serve` does, what is loaded is kept from the
garbage collector; what is made while text is met is not.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import statistics
import string
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from prose import prose

from ordinance.detection import Expressions, Pattern
from ordinance.loading.load import load
from ordinance.policy.plan import SPAN, Plan, Scope
from ordinance.policy.vocabulary import Effect
from ordinance.runtime.redact import strides
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate

DELTA = 4


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, help="prose, UTF-8, that does not repeat (default: the manual's)")
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
    """The packs that ship, the first withholding rule of which looks for ``found`` instead, not in disguise."""
    plan = load().plan
    rule = next(rule for rule in plan.rules if rule.effect is Effect.WITHHOLD)
    changed = replace(rule, scope=scope, disguised=False)
    rules = tuple(changed if each is rule else each for each in plan.rules)
    return replace(plan, rules=rules, detectors={**plan.detectors, rule.detectors[0]: found})


class Run(NamedTuple):
    """Microseconds for each delta, what came of it, and the microseconds of processor time that a delta cost on
    average: a mean of times would count what other processes took."""

    times: list[float]
    out: list[object]
    mean: float


def timed(feed: Callable[[str], object], deltas: list[str]) -> Run:
    times, out = [], []
    began = time.process_time()
    for delta in deltas:
        start = time.perf_counter()
        result = feed(delta)
        times.append((time.perf_counter() - start) * 1e6)
        out.append(result)
    return Run(times, out, (time.process_time() - began) / len(deltas) * 1e6)


def redactor(plan: Plan) -> Redactor:
    """A stream under the law of Germany."""
    made = Redactor(activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE"))))
    gc.collect()
    gc.freeze()
    return made


def held(deltas: list[str], out: list[object]) -> list[int]:
    """How many characters wait after each delta."""
    came, left, waiting = 0, 0, []
    for delta, released in zip(deltas, out, strict=True):
        came, left = came + len(delta), left + len(str(released))
        waiting.append(came - left)
    return waiting


def hostile(found: Expressions, text: str, length: int) -> dict[str, str]:
    """Texts made to keep many starts alive, to be new at every step, or to be nothing that words are made of."""
    chance = random.Random(3)  # noqa: S311 - the same texts every time
    heads = [pattern.source[2:5] for pattern in found.patterns] or ["ABC"]
    made = {
        "phrases without their last letter": " ".join(phrase[:-1] for phrase in found.phrases),
        "codes that break off": "".join(
            head + "-1234567890"[: chance.randint(2, 9)] for _ in range(40) for head in heads
        ),
        "letters by chance": "".join(chance.choices("abcdefghij klmnop", k=length)),
        "every character once": "".join(map(chr, [*range(33, 0xD800), *range(0xE000, 0xE000 + length)])),
        "a mark on each letter": "a\u0301" * length,
        "sixty marks on each letter": ("a" + "\u0301" * 60) * length,
        "an invisible character between all": "\u200b".join(text),
        "one letter": "a" * length,
        "nothing but space": " " * length,
        "full stops that may end a sentence": "e.g. (3) " * length,
    }
    return {name: (each * (length // len(each) + 1))[:length] for name, each in made.items()}


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


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def row(name: str, run: Run, limit: float, waiting: list[int] | None = None) -> None:
    median = statistics.median(run.times)
    waits = "" if waiting is None else f"{statistics.fmean(waiting):8.1f} {percentile([*waiting], 0.99):6.0f}"
    print(f"{name:40} {median:9.2f} {percentile(run.times, 0.99):9.2f} {run.mean:9.2f} {median / limit:8.1f}x {waits}")


def cut(text: str) -> list[str]:
    return [text[at : at + DELTA] for at in range(0, len(text), DELTA)]


def main() -> None:
    given = arguments()
    text = prose(given.characters, given.text)
    deltas = cut(text)
    words = sorted(set(re.findall(r"\w+", text)))[:2000]
    found = expressions(given.phrases, given.patterns, words)
    core = "as written" if str(strides.__file__).endswith(".py") else "compiled"
    limit = timed(str, deltas)
    floor = statistics.median(limit.times)
    print(
        f"{given.phrases} phrases, {given.patterns} patterns, {len(deltas)} deltas of {DELTA} characters; core {core}"
    )
    print(f"microseconds{'':28} {'median':>9} {'p99':>9} {'mean CPU':>9} {'median':>9} {'held':>8} {'p99':>6}")
    row("a call that does nothing (the limit)", limit, floor)
    for name, rules, scope in (
        ("scope span", found, SPAN),
        ("scope sentence", found, Scope("sentence", 400)),
        ("10 phrases, scope span", expressions(10, 0, words), SPAN),
    ):
        plan = plan_with(rules, scope)
        for turn in ("first time", "again"):
            run = timed(redactor(plan).feed, deltas)
            row(f"{name}, {turn}", run, floor, held(deltas, run.out))
    few = deltas[:: max(1, len(deltas) // 300)]
    row("re over the last 200 characters", timed(tail_search(found), few), floor)
    plan = plan_with(found, SPAN)
    print(f"\nhostile texts, scope span{'':15} {'median':>9} {'p99':>9} {'ratio':>9} {'1st half':>9} {'2nd half':>9}")
    for name, made in hostile(found, text, given.characters // 2).items():
        times = timed(redactor(plan).feed, cut(made)).times
        middle, median, high = len(times) // 2, statistics.median(times), percentile(times, 0.99)
        halves = f"{statistics.median(times[:middle]):9.2f} {statistics.median(times[middle:]):9.2f}"
        print(f"{name:40} {median:9.2f} {high:9.2f} {high / median:8.1f}x {halves}")


if __name__ == "__main__":
    main()
