"""Two things within so many characters of each other (semantics, rule 37), found on a stream.

Both are looked for by one automaton, and each match is kept while the other thing can still come near it. What is found
is each match that has the other near; nothing else is, however close a match comes to having it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ordinance.detection import Expressions, Prepared
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks, Lost, Source
from ordinance.runtime.match.matcher import Match, Matcher
from ordinance.runtime.match.segments import DetectorError, Finding
from ordinance.runtime.text.clusters import Cluster

#: So many matches of one thing are kept as they are. Beyond that, one that lies inside another is not kept: a pattern
#: that matches every part of a word would make each character cost as much as the word is long.
_MANY = 50

_Families = Iterable[tuple[int, Expressions]]


@dataclass(frozen=True, slots=True)
class Nearby:
    """What is looked for: an ``automaton`` of two families, one for each of two things, whose candidates ``checks``
    decide on, and ``within`` how many characters of each other they must stand."""

    automaton: Automaton
    checks: Checks
    within: int

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return what is found in a whole text. Raises ``DetectorError`` where a candidate was not decided on."""
        found = self.findings(text, set())
        if any(each.failed for each in found):
            raise DetectorError("a candidate was not decided on")
        return sorted({(each.start, each.end) for each in found})

    def findings(self, text: str, lost: Lost) -> list[Finding]:
        """Return the findings in a whole text. ``lost`` is what has failed for good in this request."""
        scan = NearbyScan(self, self.checks.source(text), lost)
        return [found for char in text for found in scan.feed(char)] + scan.close()


def nearby(
    first: Iterable[Prepared],
    second: Iterable[Prepared],
    within: int,
    make: Callable[..., Automaton] = Automaton,
) -> Nearby:
    """Return what looks for ``first`` and ``second`` near each other. ``make`` makes an automaton of families."""
    checks = Checks(first=2, broken=frozenset({0, 1}))
    sides: list[_Families] = [
        [part for each in found if isinstance(each, Expressions) for part in checks.split(side, each)]
        for side, found in enumerate((first, second))
    ]
    return Nearby(make(*sides), checks, within)


@dataclass(slots=True)
class _Met:
    """A match that was met; ``paired`` once the other thing was found near it."""

    start: int
    end: int
    failed: bool
    paired: bool = False


def _end(met: _Met) -> int:
    return met.end


class NearbyScan:
    """Two things on one stream, in the positions of that stream. ``source`` gives text to what decides on candidates.

    Where it is ``joined``, a finding is both things and what stands between them, each with the nearest other;
    otherwise each thing is a finding of its own.
    """

    __slots__ = ("_at", "_joined", "_lost", "_matcher", "_met", "_nearby", "_shift", "_source")

    def __init__(self, nearby: Nearby, source: Source, lost: Lost, *, joined: bool = False) -> None:
        self._nearby = nearby
        self._source = source
        self._lost = lost
        self._joined = joined
        self._matcher = Matcher(nearby.automaton)
        self._met: tuple[list[_Met], list[_Met]] = ([], [])  # of each thing, by where they end
        self._at = 0  # the matcher's position: it knows none before 0, where what an answer continues stands
        self._shift = 0

    def copy(self, source: Source, lost: Lost, *, joined: bool = False) -> NearbyScan:
        """Copy this scan for another stream, which begins here, at position 0."""
        other = NearbyScan(self._nearby, source, lost, joined=joined)
        other._matcher.resume(self._matcher.place(self._at), self._at)
        other._at = other._shift = self._at
        one, two = self._met
        other._met = [replace(each) for each in one], [replace(each) for each in two]
        return other

    def begin_at(self, at: int) -> None:
        """Let the next character stand at position ``at``."""
        self._shift = self._at - at

    def feed(self, char: str) -> list[Finding]:
        """Read ``char``, and return the findings that it makes certain."""
        found = self._matcher.feed(char, self._at)
        self._at += 1
        findings = self._take(found) if found else []
        if self._met[0] or self._met[1]:
            self._forget()
        return findings

    def close(self) -> list[Finding]:
        """End the text, and return the findings that this makes certain."""
        return self._take(self._matcher.close())

    @property
    def start(self) -> int:
        """Return the first position that may lie in a finding to come."""
        oldest = self._matcher.oldest()
        live = [] if oldest is None else [oldest]
        return min([self._at, *live, *(each.start for met in self._met for each in met)]) - self._shift

    @property
    def starts(self) -> list[int]:
        """Return where matches begin that may be found and are not yet, whether they are complete or not."""
        waiting = [each.start for met in self._met for each in met if not each.paired]
        return [start - self._shift for start in (*waiting, *self._matcher.starts())]

    @property
    def oldest(self) -> int | None:
        """Return the first of ``starts``."""
        return min(self.starts, default=None)

    @property
    def begun(self) -> list[int]:
        """Return the live starts from which a match would have the other thing near it at once."""
        found: list[int] = []
        for side, others in enumerate(reversed(self._met)):
            reach = max((each.end for each in others), default=-1) + self._nearby.within
            found += [start - self._shift for start in self._matcher.starts(1 << side) if others and start <= reach]
        return sorted(found)

    @property
    def can_start(self) -> bool:
        """Return whether a match of either can begin at the very next character."""
        return self._matcher.can_start()

    def can_join(self, cluster: Cluster) -> bool:
        """Return whether a match of either can begin at a character that will belong to the open grapheme cluster."""
        return self._matcher.can_join(cluster)

    def breaking_off(self, end: int) -> int | None:
        """Return where a number begins near the other thing that, up to ``end``, lacks only its check digits."""
        return self._nearby.checks.breaking_off(self.begun, end, self._source) if self._nearby.checks else None

    def _take(self, matches: Sequence[Match]) -> list[Finding]:
        shift = self._shift
        placed = [replace(each, start=each.start - shift, end=each.end - shift) for each in matches]
        found: list[Finding] = []
        for match in self._nearby.checks.certain(placed, self._source, self._lost):
            met = _Met(match.start + shift, match.end + shift, match.failed)
            found += self._meet(met, self._met[match.tag], self._met[1 - match.tag])
        return found

    def _meet(self, met: _Met, same: list[_Met], others: list[_Met]) -> list[Finding]:
        """Keep a match beside the ``same``, and return what is found with ``others`` because of it."""
        place = bisect_left(same, met.end, key=_end)
        if len(same) >= _MANY:
            if any(each.start <= met.start for each in same[place:]):
                return []
            inner = bisect_right(same, met.start, key=_end), bisect_right(same, met.end, key=_end)
            same[slice(*inner)] = [each for each in same[slice(*inner)] if each.start < met.start]
            place = bisect_left(same, met.end, key=_end)
        same.insert(place, met)
        reach = bisect_left(others, met.start - self._nearby.within, key=_end)
        near = [each for each in others[reach:] if self._distance(met, each) <= self._nearby.within]
        if not near:
            return []
        nearest = min(near, key=lambda each: (self._distance(met, each), each.start, each.end))
        pairs = [(met, nearest), *((each, met) for each in near if not each.paired)]
        for one, other in pairs:
            one.paired = not (one.failed or other.failed)
        return [self._finding(*pair) for pair in pairs]

    def _finding(self, one: _Met, other: _Met) -> Finding:
        start, end = one.start, one.end
        if self._joined:
            start, end = min(start, other.start), max(end, other.end)
        return Finding(start - self._shift, end - self._shift, one.failed or other.failed)

    @staticmethod
    def _distance(one: _Met, other: _Met) -> int:
        """Return how many characters stand between two matches; none where they overlap."""
        return max(0, one.start - other.end, other.start - one.end)

    def _forget(self) -> None:
        """Forget the matches that no other thing can come near any more."""
        for side, met in enumerate(self._met):
            if met:
                other = 1 << (1 - side)
                first = self._matcher.oldest(other)
                coming = self._at if self._matcher.can_start(other) else self._at + 1
                least = (coming if first is None else min(first, coming)) - self._nearby.within
                if met[0].end < least:
                    del met[: bisect_left(met, least, key=_end)]


def joined(scans: Sequence[NearbyScan]) -> NearbyScan:
    """Return one scan that finds what any of ``scans`` would, each of which stands at the same place."""
    first = scans[0]
    at = max(scan._at for scan in scans)
    found = NearbyScan(first._nearby, first._source, first._lost)
    found._matcher.resume(first._nearby.automaton.join([scan._matcher.place(scan._at) for scan in scans]), at)
    found._at = found._shift = at
    for scan in scans:
        more = at - scan._at
        for side, met in enumerate(scan._met):
            for each in met:
                insort(found._met[side], replace(each, start=each.start + more, end=each.end + more), key=_end)
    return found
