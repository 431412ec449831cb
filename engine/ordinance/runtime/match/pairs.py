"""Two things in the same sentence (semantics, rule 12): a detector of sentences made of two others.

It sees closed sentences, so the open one waits, and what is found in it counts as found together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ordinance.detection import Expressions, Passage, Prepared, Segments
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks
from ordinance.runtime.match.segments import DetectorError
from ordinance.runtime.match.segments import find as ask

#: Windows of a sentence that does not end share so many characters: two things no further apart are seen together.
OVERLAP = 200

Finder = Callable[[str], set[tuple[int, int]]]


def together(first: Iterable[Prepared], second: Iterable[Prepared]) -> Segments:
    """Make a detector that finds what any of ``first`` and any of ``second`` find, in sentences where both find
    something."""
    parts = [*first], [*second]
    one, other = map(_finder, parts)
    overlaps = [each.overlap for part in parts for each in part if isinstance(each, Segments)]

    def find(passage: Passage) -> list[tuple[int, int]]:
        found = one(passage.text)
        more = other(passage.text) if found else set()
        return sorted(found | more) if more else []

    return Segments(find, max([OVERLAP, *overlaps]))


def _finder(detectors: Iterable[Prepared]) -> Finder:
    detectors = list(detectors)
    checks = Checks(first=1)
    expressions = [each for each in detectors if isinstance(each, Expressions)]
    automaton = Automaton([part for each in expressions for part in checks.split(0, each)])
    segments = [each for each in detectors if isinstance(each, Segments)]

    def find(sentence: str) -> set[tuple[int, int]]:
        matches = checks.matches_in(automaton, sentence, set())
        if any(match.failed for match in matches):
            raise DetectorError("a candidate was not decided on")
        found = {(match.start, match.end) for match in matches}
        return found.union(*(ask(each, sentence) for each in segments))

    return find
