"""The job that all peers do: the same phrases, patterns and answers, and how each is timed."""

from __future__ import annotations

import random
import re
import statistics
import string
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MANUAL = Path(__file__).parents[2] / "docs"
#: What is timed: a whole answer against so many rules.
TASKS = ("10,000 phrases", "300 patterns", "both, on a stream")
#: The phrase that must not leave, in words that a stream delivers one at a time.
FORBIDDEN = "amber lantern protocol begins at the seventh bell of winter"
#: Ways to write it that a reader still reads.
DISGUISES = {
    "fullwidth letters": "".join(chr(ord(char) + 0xFEE0) if "a" <= char <= "z" else char for char in FORBIDDEN),
    "Cyrillic look-alikes": FORBIDDEN.translate(str.maketrans("aeop", "аеор")),
    "zero-width spaces": "\u200b".join(FORBIDDEN),
}
#: Answers that are timed, after a few that do not count.
ANSWERS, UNCOUNTED = 12, 3


def make() -> dict[str, Any]:
    """The job, ready for JSON. Answers are the project's own manual, so that none repeats another."""
    chance = random.Random(7)  # noqa: S311 - the same job every time
    manual = "\n".join(page.read_text("utf-8") for page in sorted(_MANUAL.rglob("*.md")))
    prose = " ".join(re.sub(r"[`|*#<>\[\]()_-]+", " ", manual).split())
    words = sorted(set(re.findall(r"[a-z]{3,}", prose)))
    count = ANSWERS + UNCOUNTED
    heads = ["".join(chance.choices(string.ascii_uppercase, k=3)) for _ in range(300)]
    return {
        "phrases": [" ".join(chance.choices(words, k=3)) for _ in range(10_000)],
        "patterns": [rf"\b{head}-[0-9]{{4,8}}\b" for head in heads],
        "answers": [prose[at * 4000 : at * 4000 + 4000] for at in range(count)],
        "stream": [f"{word} " for word in (f"{prose[:1200]} {FORBIDDEN} and then nothing more").split()],
        "forbidden": FORBIDDEN,
        "disguises": DISGUISES,
    }


def milliseconds(call: Callable[[str], object], answers: list[str]) -> float:
    """The median time of ``call`` over ``answers``, the first few of which do not count."""
    times = []
    for answer in answers:
        start = time.perf_counter()
        call(answer)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[UNCOUNTED:])


def words_of(phrase: str, sent: str) -> str:
    """How many words of ``phrase``, from its beginning, stand in ``sent``."""
    words = phrase.split()
    for count in range(len(words), 0, -1):
        if " ".join(words[:count]) in sent:
            return f"{count} of {len(words)} words"
    return f"0 of {len(words)} words"
