"""What became of each character of a text: the balance that is kept, and the edits that were made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """Characters ``start`` to ``end`` of a text were removed, and ``instead`` stands in their place."""

    start: int
    end: int
    instead: str


@dataclass(slots=True)
class Ledger:
    """Characters in, released, deleted and added; and those that were ``rewritten``, with what was written ``instead``.
    Nobody outside the session sees more than whether it balances."""

    received: int = 0
    released: int = 0
    deleted: int = 0
    written: int = 0
    added: int = 0
    rewritten: int = 0
    instead: int = 0

    @property
    def balanced(self) -> bool:
        """Every character that came in was released, rewritten or deleted, and all that went out was released, added or
        stands instead of what was rewritten."""
        came = self.released + self.rewritten + self.deleted
        return self.received == came and self.written == self.released + self.instead + self.added


def widen(spans: list[tuple[int, int]], start: int, end: int) -> None:
    """Add what lies from ``start`` to ``end`` to ``spans``, all before it: to the last one where it touches that."""
    if spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))
