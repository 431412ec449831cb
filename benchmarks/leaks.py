"""Random rules, texts and cuttings, a million of them: does a character of a withheld region ever leave?

    .venv/test/bin/python benchmarks/leaks.py [--triples N] [--seed N]

What may leave is worked out by the oracle of the tests, by brute force and with `re`; it shares nothing with the
engine. A triple leaks if what left is not exactly what the oracle shows: for rules that withhold, the whole text; for a
rule that refuses, a beginning of it that ends before the match. All cuts of the shipped examples into two and three are
tried by `tests/rules/test_shipped_packs.py`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ordinance.errors import PatternError
from ordinance.runtime.match.patterns import parse_pattern, width
from ordinance.runtime.redact.activation import Activation, activate
from ordinance.runtime.redact.redactor import Redactor
from support import oracle
from support.oracle import Fate, Rule
from support.plans import plan_of
from support.strategies import CHARACTERS, FORGED, PROTECTED

#: For one set of rules so many texts, and for each text so many cuttings.
TEXTS, CUTTINGS = 50, 10
#: Longest text, in characters: the oracle's work grows with the square.
LONGEST = 14
ATOMS = ("a", "b", "1", "[ab]", "[^a]", ".", r"\w", " ", "A", r"\.", r"\b", "^", "$")


def phrase(chance: random.Random) -> str:
    return "".join(chance.choices("ab1 .(A", k=chance.randint(1, 3))).strip() or "ab"


def pattern(chance: random.Random) -> str:
    """A pattern of the dialect that matches at most four symbols."""
    while True:
        source = "".join(chance.choices(ATOMS, k=chance.randint(1, 3)))
        if chance.random() < 0.4:
            source = f"(?:{source}|{''.join(chance.choices(ATOMS, k=2))})"
        if chance.random() < 0.4:
            source = f"(?:{source}){chance.choice(['?', '{1,2}', '{2}', '{0,2}'])}" + chance.choice(ATOMS)
        try:
            if width(parse_pattern(source))[1] <= 4:
                return source
        except PatternError:
            continue


def rules(chance: random.Random) -> list[Rule]:
    """One to three rules of all scopes; one in five refuses."""
    made = []
    for _ in range(chance.randint(1, 3)):
        sentence = chance.random() < 0.35
        refuses = not sentence and chance.random() < 0.2
        if chance.random() < 0.5:
            rule = Rule(phrases=tuple(phrase(chance) for _ in range(chance.randint(1, 2))))
        else:
            rule = Rule(patterns=(pattern(chance),))
        bound = chance.choice([3, 5, 1000])
        made.append(replace(rule, sentence=sentence, bound=bound if sentence else 1000, refuses=refuses))
    return made


def text(chance: random.Random, of: list[Rule]) -> str:
    """A text in which what the rules look for is likely to stand, whole or in part."""
    pieces = [*CHARACTERS, *(each for rule in of for each in rule.phrases)]
    return "".join(chance.choices(pieces, k=chance.randint(1, LONGEST)))[:LONGEST]


def cutting(chance: random.Random, whole: str) -> list[str]:
    places = sorted(chance.choices(range(len(whole) + 1), k=chance.randint(0, 6)))
    return [whole[low:high] for low, high in zip([0, *places], [*places, len(whole)], strict=True)]


def released(activation: Activation, pieces: list[str]) -> str:
    redactor = Redactor(activation)
    return "".join([redactor.feed(piece) for piece in pieces]) + redactor.close()


def batch(seed: int) -> list[str]:
    """The leaks among the triples of one set of rules."""
    chance = random.Random(seed)  # noqa: S311 - the same triples for the same seed
    made = rules(chance)
    protected = (chance.choice(PROTECTED),) if chance.random() < 0.3 else ()
    plan = plan_of(made, protected)
    activation = activate(plan, plan.rules)
    refusing = [rule for rule in made if rule.refuses]
    found = []
    for _ in range(TEXTS):
        whole = text(chance, made)
        shown = oracle.fates(whole, [FORGED, *(rule for rule in made if not rule.refuses)], protected)
        ends = bool(refusing) and oracle.refused(whole, refusing)
        first = min((start for rule in refusing for start, _ in _spans(whole, rule)), default=len(whole))
        expected = oracle.render(_until(shown, first) if ends else shown)
        one = None
        for _ in range(CUTTINGS):
            pieces = cutting(chance, whole)
            left = released(activation, pieces)
            one = left if one is None else one
            if left != one or not (expected.startswith(left) if ends else left == expected):
                found.append(f"{made} {protected} {pieces} left {left!r}, expected {expected!r}")
    return found


def _until(tokens: list[Fate], end: int) -> list[Fate]:
    """The tokens of the characters before ``end``, and the markers among them."""
    return list(takewhile(lambda token: token.at is None or token.at < end, tokens))


def _spans(whole: str, rule: Rule) -> Iterator[tuple[int, int]]:
    yield from oracle.matches(whole, rule.phrases, rule.patterns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20261124)
    given = parser.parse_args()
    batches = -(-given.triples // (TEXTS * CUTTINGS))
    leaks: list[str] = []
    start = time.perf_counter()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        seeds = range(given.seed, given.seed + batches)
        for done, found in enumerate(pool.imap_unordered(batch, seeds, chunksize=4), 1):
            leaks += found
            if done % 50 == 0 or done == batches:
                took = time.perf_counter() - start
                print(f"\r{done * TEXTS * CUTTINGS:,} triples, {len(leaks)} leaks, {took:.0f} s", end="", flush=True)
    print()
    for leak in leaks[:20]:
        print(leak)
    sys.exit(bool(leaks))


if __name__ == "__main__":
    main()
