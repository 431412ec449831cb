"""A redactor that is told what a judge has found, before what it was found in may leave."""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.runtime.match.matcher import Match
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.redact.regions import Region


class Barrier:
    """Removes nothing, and lets nothing leave from ``at`` on."""

    busy = True

    def __init__(self, at: int) -> None:
        self._at = at

    def feed(self) -> None:
        pass

    def hold(self) -> int:
        return self._at

    def regions(self) -> list[Region]:
        return []

    def forget(self, before: int) -> None:
        pass


class JudgedRedactor(Redactor):
    """A ``Redactor`` whose text a ``JudgedText`` gives it."""

    def judged(self, pieces: Sequence[str], found: Sequence[Match]) -> str:
        """Take ``pieces``; a judge has found that in the text up to here (semantics, rule 30). Nothing of them leaves
        before it has taken effect."""
        self._wake()
        barrier = Barrier(self._edges.at)
        self._removals.append(barrier)
        for piece in pieces:
            self._walk(piece)
        self._removals.remove(barrier)
        out: list[str] = []
        if self._has_ended():
            return ""
        for match in found:
            self._meet(match)
        if self._has_ended():
            self._drop()
        else:
            self._release(self._hold(), out)
            self._settle_watched()
        return self._written(out)

    def _settle_watched(self) -> None:
        starts = () if self._closed else (0,)  # what nothing waits for is found at the end, anywhere
        self._watched.settle(self._base, starts)
