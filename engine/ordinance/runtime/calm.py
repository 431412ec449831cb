"""Where text flows and nothing happens: places between which a stream can stride without looking at each character.

A stream is calm where nothing is pending but starts that may still become matches: no region, no marker, no open
question about marks or sentences. Such a place is described without positions, so all streams share it. What a text
does from there is worked out with three tables that fill as text is met (characters, the automaton, the frame of
clusters and sentences) and remembered for the whole delta. Where any of it would not stay calm, nobody strides: the
stream takes the text exactly, character by character.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ordinance.runtime.automaton import Automaton, State
from ordinance.runtime.clusters import Cluster, cluster_class, join
from ordinance.runtime.disguise import REACH
from ordinance.runtime.normalise import fold_char
from ordinance.runtime.sentences import Sentences, sentence_class

#: Strides remembered for one set of rules, about 40 MB; past it memory starts anew.
CAP = 100_000
#: A longer delta is not remembered.
_LONGEST = 12
#: Longer texts are taken in slices of this size, so that what is new in one does not make all of it slow.
SLICE = 16

SentencePlace = tuple[str, str, str, str, bool, int]


@dataclass(slots=True, eq=False)
class Frame:
    """Where people see edges: the open grapheme cluster and the finite part of the sentence tracker.

    ``following`` is where sorts of characters lead that begin nothing but a cluster (a sort is a class for clusters
    and one for sentences); ``turns`` what the others do. Both fill as characters are met.
    """

    cluster: Cluster
    sentence: SentencePlace
    following: dict[str, Frame] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)


class Turn(NamedTuple):
    """Where a character leads that begins a sentence, and how long that is with it; None where it is not calm."""

    to: Frame | None
    restart: int


@dataclass(slots=True, eq=False)
class Calm:
    """A calm place: a state, how far back each live start lies, and a frame.

    ``held`` is how many characters rules of scope span keep there. ``following`` is where a text leads in which no
    sentence begins, ``strides`` where the others do.
    """

    state: State
    distances: tuple[int, ...]
    frame: Frame
    held: int
    following: dict[str, Calm]
    strides: dict[str, Stride]


class Stride(NamedTuple):
    """Where a text leads, and how long the sentence is that began in it, or −1."""

    to: Calm
    restart: int


class Flow:
    """A calm stream: its place, and the positions that a place leaves out.

    ``at`` is how much text has come in, ``start`` where the open sentence begins, ``held`` the text that has come in
    and not left.
    """

    __slots__ = ("_reach", "_strides", "at", "calm", "held", "start")

    def __init__(self, strides: Strides, calm: Calm, at: int, start: int, held: str) -> None:
        self._strides = strides
        self._reach = strides.reach
        self.calm = calm
        self.at = at
        self.start = start
        self.held = held

    def take(self, text: str) -> str | None:
        """What may leave now that ``text`` has come in. None if that is not calm, or too much at once; then nothing
        has changed."""
        calm, at, start = self.calm, self.at + len(text), self.start
        to = calm.following.get(text)
        if to is None:
            stride = calm.strides.get(text) or self._strides.find(calm, text)
            if stride is None:
                return None
            to = stride.to
            if stride.restart >= 0:
                start = at - stride.restart
        keep = to.held
        if self._reach >= 0:
            open_for = at - start
            if open_for >= self._reach - 1:
                return None
            if open_for > keep:
                keep = open_for
        self.at, self.start, self.calm = at, start, to
        held = self.held + text
        count = len(held) - keep
        if count <= 0:
            self.held = held
            return ""
        self.held = held[count:]
        return held[:count]


class Strides:
    """The calm places that one set of rules has met, for all streams.

    ``spans`` are the families of ``automaton`` that remove what they match and no more. Others remove sentences, which
    are cut into pieces every ``reach`` characters; −1 if none does.
    """

    def __init__(self, automaton: Automaton, spans: int, reach: int) -> None:
        self._automaton = automaton
        self._spans = spans
        self.reach = reach
        self._chars: dict[str, tuple[tuple[int, ...], str]] = {}
        self._frames: dict[tuple[Cluster, SentencePlace], Frame] = {}
        self._places: dict[tuple[State, tuple[int, ...], Frame], Calm] = {}
        self._restarts = 0
        self._count = 0

    def at(self, state: State, distances: tuple[int, ...], cluster: Cluster, sentence: SentencePlace) -> Calm:
        """The calm place of a stream."""
        return self._calm(state, distances, self._frame(cluster, sentence))

    def _calm(self, state: State, distances: tuple[int, ...], frame: Frame) -> Calm:
        calm = self._places.get((state, distances, frame))
        if calm is None:
            oldest = state.oldest(self._spans)
            held = 0 if oldest < 0 else distances[oldest]
            if not held and self._automaton.can_join(frame.cluster, state.before, self._spans):
                held = 1
            calm = self._places[state, distances, frame] = Calm(state, distances, frame, held, {}, {})
        return calm

    def find(self, calm: Calm, text: str) -> Stride | None:
        """Where ``text`` leads from ``calm``; None if that is not calm, or too long."""
        if len(text) > SLICE:
            return None
        if calm.distances and calm.distances[0] + len(text) > REACH:
            return None  # what has lived so long may have to be ended
        automaton, chars = self._automaton, self._chars
        state, frame = calm.state, calm.frame
        starts = [-distance for distance in calm.distances]
        began, at = -1, 0
        for char in text:
            symbols, sort = chars.get(char) or self._meet(char)
            if not symbols:
                return None
            to = frame.following.get(sort)
            if to is None:
                turn = frame.turns.get(sort) or self._turn(frame, sort)
                if turn.to is None:
                    return None
                to = turn.to
                if turn.restart >= 0:
                    began = at + 1 - turn.restart
            frame = to
            for symbol_class in symbols:
                following = state.following.get(symbol_class)
                if following is None:
                    step = automaton.step(state, symbol_class)
                    if step.ended or step.completed or step.closed:
                        return None
                    starts = [at if number < 0 else starts[number] for number in step.kept]
                    following = step.state
                state = following
            at += 1
        if state.closing:
            return None
        restarted = began >= 0
        if restarted and self.reach >= 0 and starts and starts[0] < began:
            return None  # a match may still reach back into a sentence that has ended
        calm_then = self._calm(state, tuple([at - start for start in starts]) if starts else (), frame)
        stride = Stride(calm_then, at - began if restarted else -1)
        if at <= _LONGEST:
            self._note(calm, text, stride)
        return stride

    def _note(self, calm: Calm, text: str, stride: Stride) -> None:
        self._count += 1
        if self._count > CAP or self._restarts != self._automaton.restarts:
            places, self._places, self._frames = self._places, {}, {}
            self._count, self._restarts = 1, self._automaton.restarts
            for place in list(places.values()):
                place.following.clear()  # else they keep each other
                place.strides.clear()
        if stride.restart < 0:
            calm.following[text] = stride.to
        else:
            calm.strides[text] = stride

    def _meet(self, char: str) -> tuple[tuple[int, ...], str]:
        symbols = self._automaton.classes(char) if fold_char(char) else ()
        found = self._chars[char] = symbols, cluster_class(char) + sentence_class(char)
        return found

    def _frame(self, cluster: Cluster, sentence: SentencePlace) -> Frame:
        frame = self._frames.get((cluster, sentence))
        if frame is None:
            frame = self._frames[cluster, sentence] = Frame(cluster, sentence)
        return frame

    def _turn(self, frame: Frame, sort: str) -> Turn:
        joins, cluster = join(frame.cluster, sort[0])
        tracker = Sentences()
        tracker.resume(frame.sentence)
        tracker.start = -1
        tracker.take(sort[1])
        calm = not joins and tracker.split is None
        restart = -1 if tracker.start < 0 else tracker.at - tracker.start
        to = self._frame(cluster, tracker.place()) if calm else None
        if to is not None and restart < 0:
            frame.following[sort] = to
        else:
            frame.turns[sort] = Turn(to, restart)
        return Turn(to, restart)
