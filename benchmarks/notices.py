"""What Ordinance's own words cost as the number of notices grows: the packs that ship, with so many more that say
something, of sixteen words and a law each.

    .venv/test/bin/python benchmarks/notices.py [--notices 0 10 100 1000] [--texts N] [--rounds N]

For each number it prints how long the table of notices takes to make, and the processor time for a character of novel
prose: when our own words are looked for in what a client sends back, and when an answer that leaves is watched for
forged notices, with everything else that is done to it. The numbers take turns, each round has a plan that met nothing,
and each part of the text counts at its least.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from prose import parts, prose

from ordinance.loading.load import load
from ordinance.policy.plan import NoticeTemplate, Plan
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.own_words import own_words
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate

#: Of an answer, and how many words a notice has.
_CHARACTERS, _WORDS = 900, 16
_DELTA = 4


def with_notices(plan: Plan, count: int) -> Plan:
    """``plan`` with so many more rules that say something, each with a text of its own."""
    chance, words = random.Random(5), prose(100_000).split()  # noqa: S311 - the same notices every time
    saying = next(rule for rule in plan.rules if rule.occasion is not None and rule.law is not None)
    made = []
    for number in range(count):
        text = " ".join(chance.choices(words, k=_WORDS)) + ". {law}."
        made.append(replace(saying, id=f"DE/said{number}", notice=NoticeTemplate(f"said{number}", {"en": text}, {})))
    return replace(plan, rules=(*plan.rules, *made))


def spent(function: Callable[..., object], *given: object) -> float:
    """Seconds of processor time."""
    begun = time.process_time()
    function(*given)
    return time.process_time() - begun


def answering(plan: Plan) -> Callable[[str], None]:
    """Give an answer to a stream under the law of Germany, as a model says it. Each is a stream of its own."""
    activation = activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE")))

    def answer(text: str) -> None:
        redactor = Redactor(activation)
        for at in range(0, len(text), _DELTA):
            redactor.feed(text[at : at + _DELTA])
        redactor.close()

    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notices", type=int, nargs="+", default=[0, 10, 100, 1000])
    parser.add_argument("--texts", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    texts = list(islice(parts(prose(10**9), _CHARACTERS), given.texts))
    plan = load().plan
    tables: dict[int, list[float]] = {count: [] for count in given.notices}
    looked: dict[int, list[list[float]]] = {count: [] for count in given.notices}
    answered: dict[int, list[list[float]]] = {count: [] for count in given.notices}
    for _ in range(given.rounds):
        cut, answer = {}, {}
        for count in given.notices:
            made = with_notices(plan, count)
            tables[count].append(spent(own_words, made))
            cut[count], answer[count] = own_words(made).cut, answering(made)
            looked[count].append([])
            answered[count].append([])
        for text in texts:
            for count in given.notices:
                looked[count][-1].append(spent(cut[count], text))
                answered[count][-1].append(spent(answer[count], text))
    print(f"{len(texts)} answers of {_CHARACTERS} characters, least of {given.rounds} rounds; µs a character")
    print(f"{'notices':>8}{'table, ms':>11}{'sent back':>11}{'second half':>13}{'answered':>10}{'second half':>13}")
    for count in given.notices:
        row = [least(times[count], half) for times in (looked, answered) for half in (0, 1)]
        print(f"{count:8}{min(tables[count]) * 1e3:11.1f}" + "".join(f"{each:12.3f}" for each in row))


def least(rounds: list[list[float]], half: int) -> float:
    """Microseconds a character: each text at its least, all of them or the second half."""
    best = [min(each) for each in zip(*rounds, strict=True)]
    best = best[half * len(best) // 2 :]
    return sum(best) / len(best) / _CHARACTERS * 1e6


if __name__ == "__main__":
    main()
