"""Where text flows and nothing happens: places between which a stream can stride without looking at each character.

A stream is calm where nothing is pending but starts that may still become matches: no region, no marker, no open
question about marks or sentences. Such a place is described without positions, so all streams share it, and what a
character or a whole delta does from there to the next calm place is worked out once and remembered. The outcome is by
construction that of the exact steps, because it was recorded from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ordinance.runtime.automaton import State
from ordinance.runtime.clusters import Cluster

#: Strides remembered for one set of rules, about 40 MB; past it memory starts anew.
CAP = 100_000
#: A longer delta is not remembered as a whole, only by its characters.
_LONGEST = 12
#: Longer texts are taken in slices of this size, so that what is new in one does not make all of it slow.
SLICE = 16


class Place(NamedTuple):
    """What a calm stream is, without its positions.

    ``matchers`` are states with how far back each live start lies, ``cluster`` the open grapheme cluster,
    ``sentence`` the finite part of the sentence tracker.
    """

    matchers: tuple[tuple[State, tuple[int, ...]], ...]
    cluster: Cluster
    sentence: tuple[str, str, str, str, bool, int]


@dataclass(slots=True, eq=False)
class Calm:
    """A calm place. ``held`` is how many characters rules of scope span keep there."""

    place: Place
    held: int
    strides: dict[str, Stride] = field(default_factory=dict)


class Stride(NamedTuple):
    """Where some text leads. ``restart`` is how long the sentence is that began on the way, or −1."""

    to: Calm
    restart: int


class Strides:
    """The calm places that one set of rules has met, for all streams."""

    def __init__(self) -> None:
        self._places: dict[Place, Calm] = {}
        self._count = 0

    def at(self, place: Place, held: int) -> Calm:
        """The calm place, remembered from now on."""
        calm = self._places.get(place)
        if calm is None:
            calm = self._places[place] = Calm(place, held)
        return calm

    def find(self, calm: Calm, text: str) -> Stride | None:
        """Where ``text`` leads from ``calm``, if all of its characters have been met there before."""
        to, restart = calm, -1
        for char in text:
            step = to.strides.get(char)
            if step is None:
                return None
            restart = step.restart if step.restart >= 0 else restart + 1 if restart >= 0 else -1
            to = step.to
        stride = Stride(to, restart)
        if 1 < len(text) <= _LONGEST:
            self.note(calm, text, stride)
        return stride

    def note(self, calm: Calm, text: str, stride: Stride) -> None:
        """Remember where ``text`` leads from ``calm``."""
        self._count += 1
        if self._count > CAP:
            self._places, self._count = {}, 0
        calm.strides[text] = stride
