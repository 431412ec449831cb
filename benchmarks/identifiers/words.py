"""What would wait if the automaton knew the words that a weak number needs: the tables of decision 059.

    .venv/plugins/bin/python benchmarks/identifiers/words.py

For each country: the worst hold on sentences with years, dates, times, prices and amounts, of all its numbers and of
those that need no word. No word is near in these sentences, so the second is what an exact hold would be.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from statistics import fmean

from made import NUMBERS as MADE
from ours import ordinance_identifiers
from sentences import sentences

from ordinance.authoring.prose import PROSE
from ordinance.detection import Expressions, Pattern
from ordinance.runtime.match.automaton import Automaton
from support.holding import held

COUNTRIES = sorted({number.country for number in MADE})


def main() -> None:
    rng = Random(13)  # noqa: S311 - repeatable, not secret
    counts = " ".join(line for each in ("de", "en", "et") for line in sentences(each, False, 300, rng))
    for country in COUNTRIES:
        print(country, *(_waits(counts, {country}, weak) for weak in (True, False)), sep=" | ")
    for name, text in (("counts", counts), ("plain", " ".join(PROSE.values()))):
        print(f"all, {name}", *(_waits(text, COUNTRIES, weak) for weak in (True, False)), sep=" | ")


def _waits(text: str, countries: Iterable[str], weak: bool) -> str:
    shapes = dict.fromkeys(
        shape
        for number in ordinance_identifiers.numbers.table()
        if number.country in countries and (weak or number.strong)
        for shape in number.shapes
    )
    if not shapes:
        return "0"
    waiting = held(Automaton([(at, Expressions(patterns=(Pattern(shape),))) for at, shape in enumerate(shapes)]), text)
    most = max(waiting)
    end = waiting.index(most) + 1
    return f"{most} `{text[end - most : end]}` (mean {fmean(waiting):.2f})"


if __name__ == "__main__":
    main()
