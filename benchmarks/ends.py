"""Where an answer is cut: how long may the beginning of a phrase be that still leaves? Chooses ``LEAST``.

    .venv/test/bin/python benchmarks/ends.py [--answers N] [--data FOLDER] [--seed N]

Ordinary answers in the languages that ship, each cut at a random place, under each policy that ships. For each length
N it counts the answers in which a live start of N characters or more stands at the cut (semantics, rule 6), so that
they would carry a marker for nothing. ``LEAST`` is the smallest N with at most 1 in 200 under every policy in every
language. Ends with code 1 where the engine's number is another, or where whole sessions tell of more cuts than the
table says.

The answers: a third each in English, German and Estonian, one to fifteen sentences of Lingua's test data in a row. One
in four is written in Markdown (a heading, a list, bold words), and one in eight English ones repeats a question of
XSTest first. Where the data is absent it says so, and takes the prose that comes with Ordinance.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from ordinance.authoring.prose import PROSE
from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import NoticeKind
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.redact.activation import REMOVING, activate
from ordinance.runtime.redact.ends import LEAST, End, long_before
from ordinance.runtime.session import Session
from ordinance.runtime.situation import contacts_at, rules_in_force, situate
from support.data import DATA

POLICIES = ("DE", "EE", None)
#: At most one ordinary answer in so many may carry a marker.
ONE_IN = 200
LONGEST = 16
LANGUAGES = len(PROSE)


def sentences(data: Path) -> Mapping[str, Sequence[str]]:
    """Sentences by language."""
    found = {tag: data / "lingua-testdata" / "sentences" / f"{tag}.txt" for tag in PROSE}
    return {
        tag: path.read_text("utf-8").split("\n") if path.exists() else PROSE[tag].split(". ")
        for tag, path in found.items()
    }


def questions(data: Path) -> Sequence[str]:
    """Questions that sound dangerous and are safe, and those that are not."""
    path = data / "xstest" / "xstest_prompts.csv"
    if not path.exists():
        return ("How long does the train take?",)
    with path.open(encoding="utf-8") as file:
        return [row["prompt"] for row in csv.DictReader(file)]


def answers(count: int, data: Path, seed: int) -> Iterator[str]:
    """So many cut answers."""
    chance = random.Random(seed)  # noqa: S311 - nothing here is a secret
    of, asked = sentences(data), questions(data)
    languages = sorted(of)
    for number in range(count):
        said = of[languages[number % len(languages)]]
        at, length = chance.randrange(len(said)), chance.randint(1, 15)
        lines = [line for line in said[at : at + length] if line]
        if languages[number % len(languages)] == "en" and chance.random() < 1 / 8:
            lines.insert(0, chance.choice(asked))
        text = in_markdown(lines, chance) if chance.random() < 1 / 4 else " ".join(lines)
        yield text[: chance.randint(1, max(1, len(text)))]


def in_markdown(lines: Sequence[str], chance: random.Random) -> str:
    """These sentences as a heading and a list, numbered or not, whose items begin in bold."""
    numbered = chance.random() < 0.5
    items = []
    for number, line in enumerate(lines, 1):
        first, _, rest = line.partition(" ")
        items.append(f"{number}." * numbered + "-" * (not numbered) + f" **{first}** {rest}")
    return f"## {lines[0]}\n\n" + "\n".join(items) if lines else ""


def longest(plan: Plan, jurisdiction: str | None, texts: Sequence[str]) -> Iterator[int]:
    """How long the oldest live start is at the end of each text; 0 where there is none."""
    situation = situate(plan, jurisdiction=jurisdiction, turn=2)
    automaton = activate(plan, rules_in_force(plan, situation), contacts_at(plan, situation)).answer
    for text in texts:
        matcher = Matcher(automaton)
        for at, char in enumerate(text):
            matcher.feed(char, at)
        oldest = matcher.oldest(REMOVING)
        yield 0 if oldest is None else max(0, long_before(text, 0) + LEAST - 1 - oldest)


def told(plan: Plan, jurisdiction: str | None, texts: Sequence[str]) -> int:
    """In how many answers a whole session tells of a cut."""
    found = 0
    for text in texts:
        session = Session(plan, situate(plan, jurisdiction=jurisdiction, turn=2), "en")
        stream = session.stream()
        stream.feed(text)
        stream.close(End.CUT)
        found += any(notice.kind is NoticeKind.CUT for notice in stream.notices)
    return found


def least(lengths: Mapping[str | None, Sequence[int]]) -> int:
    """The smallest N with few enough markers in each language under every policy."""
    groups = [each[first::LANGUAGES] for each in lengths.values() for first in range(LANGUAGES)]
    return next(number for number in range(1, 1000) if all(over(each, number) * ONE_IN <= len(each) for each in groups))


def over(lengths: Sequence[int], number: int) -> int:
    """Texts with a live start of at least ``number`` characters."""
    return sum(length >= number for length in lengths)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--answers", type=int, default=10_000)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=10)
    asked = parser.parse_args()
    plan = load().plan
    if plan is None:
        raise SystemExit("The shipped packs do not load; run `ordinance check`.")
    if not asked.data.exists():
        print(f"no data at {asked.data}: the answers are the prose that comes with Ordinance, so the table says little")
    texts = list(answers(asked.answers, asked.data, asked.seed))
    lengths = {code: list(longest(plan, code, texts)) for code in POLICIES}
    print(f"{len(texts)} answers, {sum(map(len, texts)) / len(texts):.0f} characters on average up to the cut")
    print("markers in 10,000 answers, by policy; under DE also by language\n")
    print("| N | " + " | ".join(str(each or "charter alone") for each in POLICIES) + " | " + " | ".join(sorted(PROSE)))
    for number in range(1, LONGEST):
        shares = [over(each, number) / len(each) for each in lengths.values()]
        shares += [
            over(part, number) / len(part) for part in (lengths["DE"][first::LANGUAGES] for first in range(LANGUAGES))
        ]
        print(f"| {number} | " + " | ".join(f"{share * 10_000:.0f}" for share in shares))
    found = least(lengths)
    print(f"the smallest N with at most 1 in {ONE_IN}: {found}; the engine has {LEAST}")
    right = found == LEAST
    for code, each in lengths.items():
        shown = told(plan, code, texts)
        print(f"{code or 'charter alone'}: {shown} answers are told of a cut")
        right = right and shown <= over(each, LEAST)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
