"""Two things in the same sentence (semantics, rule 12): a detector of sentences made of two others.

It sees closed sentences, so the open one waits, and what is found in it counts as found together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ordinance.detection import Expressions, Prepared, Segments
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks
from ordinance.runtime.match.segments import find as ask

Finder = Callable[[str], set[tuple[int, int]]]


def together(first: Iterable[Prepared], second: Iterable[Prepared]) -> Segments:
    """Make a detector that finds what any of ``first`` and any of ``second`` find, in sentences where both find
    something."""
    one, other = _finder(first), _finder(second)

    def find(sentence: str) -> list[tuple[int, int]]:
        found = one(sentence)
        more = other(sentence) if found else set()
        return sorted(found | more) if more else []

    return Segments(find)


def _finder(detectors: Iterable[Prepared]) -> Finder:
    detectors = list(detectors)
    checks = Checks(first=1)
    expressions = [each for each in detectors if isinstance(each, Expressions)]
    automaton = Automaton([part for each in expressions for part in checks.split(0, each)])
    segments = [each for each in detectors if isinstance(each, Segments)]

    def find(sentence: str) -> set[tuple[int, int]]:
        found = {(match.start, match.end) for match in checks.matches_in(automaton, sentence)}
        return found.union(*(ask(each, sentence) for each in segments))

    return find
