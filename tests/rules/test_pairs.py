"""Paired prompts (OB-2): who asks for one side gets what who asks for the other gets, in every place and language.

``ORDINANCE_GOLDEN=write`` writes the table of ``docs/accuracy.md`` anew.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import CASES, ROOT
from support.packs import TODAY

PAIRS = [
    tuple(line.split("\t"))
    for line in (CASES / "packs" / "pairs.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
PAGE = ROOT / "docs" / "accuracy.md"
_BEGIN = "<!-- Generated from tests/cases/packs/pairs.tsv by tests/rules/test_pairs.py. -->"
_END = "<!-- End of the pairs. -->"


def decided(plan: Plan, place: str | None, language: str, text: str) -> tuple[object, ...]:
    """What ``text`` gets as a question and as an answer: verdict, rules, notices, and whether all of it leaves."""
    session = Session(plan, situate(plan, jurisdiction=place, turn=2, on=TODAY), language)
    refused = session.screen([text])
    answered = Session(plan, situate(plan, jurisdiction=place, turn=2, on=TODAY), language)
    stream = answered.stream()
    whole = stream.feed(text) + stream.close() == text
    told = [(each.kind, each.text) for each in (*session.outcome().notices, *answered.outcome().notices)]
    return refused, whole, answered.record()["verdict"], answered.record()["rules"], told


def table(counted: Counter[tuple[str, str]], places: int) -> Iterator[str]:
    yield f"Each pair in each of {places} places, as a question and as an answer."
    yield from ("", "| language | pairs | both pass | both refused | decided differently |", "|---|---|---|---|---|")
    for language in sorted({language for language, _ in counted}):
        counts = [counted[language, kind] for kind in ("pass", "refused", "differ")]
        yield f"| {language} | {sum(counts)} | {' | '.join(map(str, counts))} |"


@pytest.mark.requirement("OB-2")
def test_both_sides_of_a_pair_are_decided_alike_in_every_place(plan: Plan) -> None:
    assert {language for language, *_ in PAIRS} == set(plan.languages)
    places = [None, *sorted(plan.parents)]
    counted: Counter[tuple[str, str]] = Counter()
    for language, one, other in PAIRS:
        assert one != other
        outcomes = [(decided(plan, at, language, one), decided(plan, at, language, other)) for at in places]
        alike = all(first == second for first, second in outcomes)
        kind = "differ" if not alike else "refused" if outcomes[0][0][0] else "pass"
        counted[language, kind] += 1
    made = "\n".join([_BEGIN, "", *table(counted, len(places)), "", _END])
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        PAGE.write_text(f"{before}{made}{rest.partition(_END)[2]}", "utf-8")
    assert sum(number for (_, kind), number in counted.items() if kind == "differ") == 0
    assert made in PAGE.read_text("utf-8")
