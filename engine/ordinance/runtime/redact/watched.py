"""What rules see that remove nothing: those that provide or say something, and those on trial."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ordinance.policy.plan import PlannedRule
from ordinance.runtime.match.matcher import Match
from ordinance.runtime.redact.ledger import widen


class Watched:
    """The matches of one text, until that text has left. Tags number ``rules``.

    A match counts, in ``observed``, once all of it has left. What reaches into removed text does not: an addition would
    tell what stood there (semantics, rule 16). A trial is for the record alone, so it counts at once, in ``tried``.
    """

    __slots__ = ("_gone", "_rules", "_waiting", "observed", "tried")

    def __init__(self, rules: Sequence[PlannedRule]) -> None:
        self.observed: set[int] = set()
        self.tried: set[int] = set()
        self._rules = rules
        self._waiting: list[Match] = []
        self._gone: list[tuple[int, int]] = []  # what was removed, while a match may reach into it

    def __bool__(self) -> bool:
        """Return whether something has been seen that has not left yet."""
        return bool(self._waiting)

    def add(self, found: Iterable[Match]) -> None:
        """Add matches that are certain."""
        for match in found:
            if self._rules[match.tag].trial:
                self.tried.add(match.tag)
            else:
                self._waiting.append(match)

    def remove(self, start: int, end: int) -> None:
        """Note that the characters from ``start`` to ``end`` were removed."""
        widen(self._gone, start, end)

    def settle(self, left: int, starts: Iterable[int | None]) -> None:
        """Note that everything before ``left`` has left or was removed; matches to come begin at one of ``starts`` or
        later."""
        if not self._waiting and not self._gone:
            return
        waiting = []
        for match in self._waiting:
            if match.end > left:
                waiting.append(match)
            elif not any(match.start < end and start < match.end for start, end in self._gone):
                self.observed.add(match.tag)
        self._waiting = waiting
        if self._gone:
            later = [start for start in starts if start is not None]
            reach = min([left, *later, *(match.start for match in waiting)])
            self._gone = [(start, end) for start, end in self._gone if end > reach]
