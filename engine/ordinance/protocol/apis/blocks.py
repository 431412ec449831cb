"""Answers that are a sequence of blocks, one open at a time: what both protocols of that kind share."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.protocol.said import CONTENT, NO_TOP, Call, Reply, Said, Usage

#: A block: the name of its text, or the index of its call.
Key = str | int


class Place:
    """The block in which an upstream's stream is, and the calls that it has made."""

    def __init__(self) -> None:
        self.open: Key | None = None
        self._calls: dict[int, int] = {}

    def move(self, key: Key) -> Key | None:
        """Move to the block of ``key``. Returns the block that this ends, or None."""
        before, self.open = self.open, key
        return None if before == key else before

    def leave(self) -> Key | None:
        """Close the open block. Returns which one it was, or None."""
        ended, self.open = self.open, None
        return ended

    def call(self, number: int) -> int:
        """Return the index, counted from 0, of the call that the upstream knows by ``number``."""
        return self._calls.setdefault(number, len(self._calls))

    def knows(self, number: int) -> bool:
        """Return whether that call has begun."""
        return number in self._calls


def reply(said: Said, usage: Usage | None = None) -> Reply:
    """Return what one event says as a reply. Both protocols have one choice, and neither uses the upstream's own top
    level."""
    return Reply([(0, said)], usage, NO_TOP)


#: An event that says nothing which passes.
NOTHING = Reply([], None, NO_TOP)


def in_order(said: Said, open: Key | None) -> Iterator[tuple[Key, str | Call]]:
    """Yield what is said in an order in which blocks may follow each other: first what belongs to the ``open``
    block."""
    calls = [call for call in said.calls if call.index is not None]
    if isinstance(open, int):
        yield from ((open, call) for call in calls if call.index == open)
    elif open is not None and said.texts.get(open):
        yield open, said.texts[open]
    for name, text in said.texts.items():
        if text and name != open:
            yield name, text
    for call in calls:
        if call.index is not None and call.index != open:
            yield call.index, call
    if said.closing:
        yield CONTENT, said.closing
