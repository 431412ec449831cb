"""What text costs that was made to cost: processor time a character, as ratios to prose in the same run.

Each text goes through a stream of its own, whole and in deltas of four characters, under the law of Germany and under
the charter alone: once where no stream has met it or anything like it, and again. No text should cost more than twice
what prose costs that is met for the first time; what does is marked.
"""

from __future__ import annotations

import argparse
import base64
import gc
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate

#: What a text may cost, in costs of prose.
LIMIT = 2.0
DELTA = 4
_WORDS = 4000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2, help="the least of so many runs counts")
    return parser.parse_args()


def words(chance: random.Random, count: int) -> list[str]:
    """Words as prose has them: a few often, many seldom."""
    known = ["".join(chance.choices("etaoinshrdlcumwfgyp", k=chance.randint(2, 9))) for _ in range(_WORDS)]
    return chance.choices(known, weights=[1 / (rank + 1) for rank in range(_WORDS)], k=count)


def texts(length: int) -> Mapping[str, str]:
    """Texts by name, the first of which is prose."""
    chance = random.Random(11)  # noqa: S311 - the same texts every time
    said = words(chance, length // 4)
    plain = " ".join(said)
    noise = chance.randbytes(length)
    made = {
        "prose": " ".join(
            " ".join(said[at : at + 12]).capitalize() + "." + ("\n\n" if at % 60 == 48 else "")
            for at in range(0, len(said), 12)
        ),
        "no full stop": plain,
        "no full stop, capitals": plain.upper(),
        "commas between words": ", ".join(said),
        "nothing but commas": ",",
        "nothing but spaces": " ",
        "nothing but line breaks": "\n",
        "nothing but full stops": ".",
        "nothing but *": "*",
        "one letter": "a",
        "letters by chance": "".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=length)),
        "digits": "".join(chance.choices("0123456789", k=length)),
        "digits in groups": " ".join(str(chance.randint(100, 99999)) for _ in range(length // 4)),
        "base64": base64.b64encode(noise).decode(),
        "hexadecimal": noise.hex(),
        "emoji": "".join(chance.choices("🚀😀🎉🌍🔥👍", k=length)),
        "emoji with skin and joiners": "👩🏽‍🚀",
        "flags": "🇩🇪🇪🇪🇫🇷",
        "zero-width after each letter": "\u200b".join(plain),
        "nothing but zero-width": "\u200b",
        "a mark on each letter": "".join(char + "\u0301" if char != " " else char for char in plain),
        "nothing but marks": "\u0301",
        "sixty marks on each letter": "a" + "\u0301" * 60,
        "full stops that may end a sentence": "e.g. (3) ",
        "notices that break off": "Left out for legal reasons. Type: \n\n",
        "markers that break off": "⟦ . x",
        "one marker after the other": "⟦…⟧ and ",
        "Chinese without full stops": "".join(chance.choices("的一是不了人我在有他这中大来上国", k=length)),
    }
    return {name: (text * (length // len(text) + 1))[:length] for name, text in made.items()}


def stream(plan: Plan, jurisdiction: str | None) -> Callable[[], Redactor]:
    """Streams under one law that share what they learn, and nothing with others."""
    alone = replace(plan)
    activation = activate(alone, rules_in_force(alone, situate(alone, jurisdiction=jurisdiction)))
    return lambda: Redactor(activation)


def cost(make: Callable[[], Redactor], pieces: list[str]) -> float:
    """Microseconds of processor time a character."""
    redactor = make()
    gc.collect()
    began = time.process_time()
    for piece in pieces:
        redactor.feed(piece)
    redactor.close()
    return (time.process_time() - began) / sum(map(len, pieces)) * 1e6


def main() -> None:
    given = arguments()
    plan = load().plan
    columns = [
        (f"{law or 'charter'} {way}", law, size)
        for law in ("DE", None)
        for way, size in (("whole", given.characters), (f"by {DELTA}", DELTA))
    ]
    names = "".join(f"{name:>16}{'again':>8}" for name, _, _ in columns)
    print(f"{'ratios to prose met for the first time':38}{names}")
    base: list[float] = []
    for name, text in texts(given.characters).items():
        row: list[tuple[float, float]] = []
        for _, law, size in columns:
            pieces = [text[at : at + size] for at in range(0, len(text), size)]
            tries = [
                (cost(make, pieces), cost(make, pieces)) for make in (stream(plan, law) for _ in range(given.rounds))
            ]
            row.append((min(first for first, _ in tries), min(again for _, again in tries)))
        if not base:
            base = [first for first, _ in row]
            print(f"{'prose, µs a character':38}" + "".join(f"{first:15.2f} {again:7.2f} " for first, again in row))
            continue
        ratios = [(first / of, again / of) for (first, again), of in zip(row, base, strict=True)]
        cells = [f"{first:15.2f}{'!' if first > LIMIT else ' '}{again:8.2f}" for first, again in ratios]
        print(f"{name:38}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
