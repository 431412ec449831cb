"""Notices that the model writes itself are removed like its markers: nobody could tell them from the engine's own
(semantics, rule 17)."""

from __future__ import annotations

from typing import NamedTuple

from ordinance.runtime.redact.regions import Region
from ordinance.runtime.redact.wordings import State, Wordings
from ordinance.runtime.text.paragraphs import Paragraphs


class Reading(NamedTuple):
    """Where a paragraph stands that may become a notice. ``begun`` is how far back its first letter lies and ``space``
    how long it has been nothing but space since; before the first letter ``begun`` is 0."""

    state: State
    begun: int = 0
    space: int = 0


class Forgery:
    """Follows one stream's paragraphs; a ``Removal`` of those that are a notice, from their first letter on.

    A paragraph waits while it may still become one.
    """

    __slots__ = ("_at", "_broken", "_content", "_paragraphs", "_regions", "_start", "_state", "_tag", "_wordings")

    def __init__(self, wordings: Wordings, paragraphs: Paragraphs, tag: int = 0) -> None:
        self._wordings = wordings
        self._paragraphs = paragraphs
        self._tag = tag
        self._state = wordings.start
        self._start: int | None = None  # of what may become a notice
        self._content = 0  # where that ends, as far as it has come
        self._at = paragraphs.at
        self._broken: int | None = None  # where a paragraph began that ended before it was a notice
        self._regions: list[Region] = []

    def read(self, char: str) -> None:
        """Read the character that the paragraphs took last."""
        self._at += 1
        self._broken = None
        state = self._state
        if state is None:
            return
        if self._start is not None and self._at - self._start > self._wordings.reach:
            self._state = self._start = None
            return
        if not self._paragraphs.inside:
            return
        for letter in self._wordings.symbols(char):
            if self._start is None:
                self._start = self._at - 1
            state = self._wordings.step(state, letter)
            if state is None:
                self._start = None
                break
        self._state = state
        self._content = self._at

    def feed(self) -> None:
        """Follow the paragraphs, which took a character (``read`` gets it next) or were closed."""
        if self._paragraphs.settled:
            if self._state is not None and self._state.complete and self._start is not None:
                self._regions.append(Region(self._start, self._content, {self._tag}))
            else:
                self._broken = self._start
            self._state, self._start = self._wordings.start, None

    @property
    def busy(self) -> bool:
        """Return whether there is a notice, or what is one if the text ends here."""
        return bool(self._regions) or (self._state is not None and self._state.complete)

    def hold(self) -> int:
        """Return the first character that some continuation could put into a notice, or take out of one."""
        return self._at if self._start is None else self._start

    def regions(self) -> list[Region]:
        """Return the notices so far."""
        return self._regions

    def cut(self, before: int) -> int | None:
        """Return where text that may have become a notice begins, if the text is cut here and that lies before
        ``before``."""
        return None if self._broken is None or self._broken >= before else self._broken

    def forget(self, before: int) -> None:
        """Forget everything before ``before``, which will not be needed again."""
        if self._regions:
            self._regions = [region for region in self._regions if region.end > before]

    def place(self) -> Reading | None:
        """Return the state without positions; None if this paragraph can no longer become a notice."""
        if self._state is None:
            return None
        return (
            Reading(self._state)
            if self._start is None
            else Reading(self._state, self._at - self._start, self._at - self._content)
        )

    def resume(self, reading: Reading | None, at: int) -> None:
        """Be as ``reading`` says, at ``at``."""
        self._at = at
        self._state = self._start = None
        if reading is not None:
            self._state, self._content = reading.state, at - reading.space
            self._start = at - reading.begun if reading.begun else None


def joined(wordings: Wordings, readings: list[Reading | None]) -> Reading | None:
    """Return the reading of a paragraph that may be at any of ``readings``."""
    alive = [reading for reading in readings if reading is not None]
    state = wordings.join(reading.state for reading in alive)
    return None if state is None else Reading(state, max(reading.begun for reading in alive))


def reading_of(wordings: Wordings, text: str) -> Reading | None:
    """Return the reading of the last paragraph of ``text``, if it may become a notice."""
    paragraphs = Paragraphs()
    forgery = Forgery(wordings, paragraphs)
    for char in text:
        paragraphs.feed(char)
        forgery.feed()
        forgery.read(char)
    return forgery.place()
