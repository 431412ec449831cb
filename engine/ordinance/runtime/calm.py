"""Where text flows and nothing happens: places between which a stream can stride without looking at each character.

A stream is calm where nothing is pending but starts that may still become matches or notices: no region, no marker, no
open question about sentences. Such a place is described without positions, so all streams share it. What a text
does from there is worked out with three tables that fill as text is met (characters, the automaton, the frame of
clusters, sentences and paragraphs) and remembered for the whole delta. Where any of it would not stay calm, nobody
strides: the stream takes the text exactly, character by character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ordinance.runtime.automaton import Automaton, State
from ordinance.runtime.clusters import cluster_class
from ordinance.runtime.disguise import REACH
from ordinance.runtime.forgery import Reading
from ordinance.runtime.normalise import fold_char
from ordinance.runtime.paragraphs import ParagraphPlace, Paragraphs
from ordinance.runtime.regions import MARK_RUN, EdgePlace, Edges
from ordinance.runtime.sentences import MOST_SPACE, SentencePlace, Sentences, sentence_class
from ordinance.runtime.wordings import Wordings

#: Strides remembered for one set of rules, about 40 MB; past it memory starts anew.
CAP = 100_000
#: A longer delta is not remembered.
_LONGEST = 12
#: Longer texts are taken in slices of this size, so that what is new in one does not make all of it slow.
SLICE = 16


@dataclass(slots=True, eq=False)
class Frame:
    """Where people see edges: the open grapheme cluster, and the finite parts of the trackers of sentences and
    paragraphs.

    ``following`` is where sorts of characters lead that begin no sentence (a sort is a class for clusters and one for
    sentences, and whether folding leaves nothing of the character); ``turns`` what the others do. Both fill as
    characters are met. The last character is ``plain`` where it is a cluster of its own that counts; what begins with
    it begins ``lead`` characters earlier. It is ``inside`` where it belongs to a paragraph and is no space; whether a
    paragraph ``is_open``.
    """

    edges: EdgePlace
    sentence: SentencePlace
    paragraph: ParagraphPlace
    plain: bool
    lead: int
    inside: bool
    is_open: bool
    following: dict[str, Frame] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)


class Turn(NamedTuple):
    """Where a character leads that begins a sentence, and how long that is with it; None where it is not calm."""

    to: Frame | None
    restart: int


class Pieces(NamedTuple):
    """What a rule holds that removes sentences in pieces of ``bound`` characters: ``live`` is how far back the oldest
    start of a match of its lies, or 0; ``begins`` whether one can begin at the next character."""

    bound: int
    live: int
    begins: bool


@dataclass(slots=True, eq=False)
class Calm:
    """A calm place: a state, how far back each live start lies, a frame, and what the paragraph may become.

    ``leads`` are how much further back clusters reach than the starts, or empty where none does. ``held`` is how many
    characters are kept there, ``pieces`` what rules on sentences keep besides. ``following`` is where a text of plain
    characters leads in which no sentence begins, ``strides`` where the others do.
    """

    state: State
    distances: tuple[int, ...]
    leads: tuple[int, ...]
    frame: Frame
    reading: Reading | None
    held: int
    pieces: tuple[Pieces, ...]
    following: dict[str, Calm]
    strides: dict[str, Stride]


class Stride(NamedTuple):
    """Where a text leads, how long the sentence is that began in it, or −1, and whether all of it is plain."""

    to: Calm
    restart: int
    plain: bool


class Flow:
    """A calm stream: its place, and the positions that a place leaves out.

    ``at`` is how much text has come in, ``start`` where the open sentence begins, ``held`` the text that has come in
    and not left. ``edges`` are the stream's; they know where clusters lie before ``_fence``, where ``_behind`` is the
    frame, as far as not all of ``held`` is plain.
    """

    __slots__ = ("_behind", "_edges", "_fence", "_rough", "_strides", "at", "calm", "held", "start")

    def __init__(self, strides: Strides, calm: Calm, at: int, start: int, held: str, edges: Edges) -> None:
        self._strides = strides
        self._edges = edges
        self.calm = calm
        self.at = at
        self.start = start
        self.held = held
        plain = edges.plain
        self._behind: Frame = calm.frame
        self._fence = -1 if plain else at  # -1: all that is held is plain
        self._rough = -1 if plain else at  # what stands behind is plain

    def take(self, text: str) -> str | None:
        """What may leave now that ``text`` has come in. None if that is not calm, or too much at once; then nothing
        has changed."""
        calm, at, start = self.calm, self.at + len(text), self.start
        plain = True
        to = calm.following.get(text)
        if to is None:
            stride = calm.strides.get(text) or self._strides.find(calm, text)
            if stride is None:
                return None
            to, restart, plain = stride
            if restart >= 0:
                start = at - restart
        keep = to.held
        if to.pieces:
            open_for = at - start
            for bound, live, begins in to.pieces:
                waits = open_for % bound
                if live:
                    if live > open_for:
                        return None  # a match may reach back into a sentence that has ended
                    waits = open_for - (open_for - live) // bound * bound
                elif waits == bound - 1 and not begins:
                    waits = 0
                if waits > keep:
                    keep = waits
        held = self.held + text
        count = len(held) - keep
        if not plain or self._fence >= 0:
            self._keep_track(plain, at, held, count)
        self.at, self.start, self.calm = at, start, to
        if count <= 0:
            self.held = held
            return ""
        self.held = held[count:]
        return held[:count]

    def _keep_track(self, plain: bool, at: int, held: str, count: int) -> None:
        """Know where clusters lie in what is held, now that the stream is at ``at`` and ``count`` characters of
        ``held`` leave."""
        base = at - len(held)
        if self._fence < 0:
            self._fence, self._behind = self.at, self.calm.frame
            self._edges.resume(self._behind.edges, base, self.at)
        if not plain:
            self._rough = at
        after = base + max(count, 0)
        if after >= self._rough:
            self._fence = -1
        elif after > self._fence:
            self._behind = self._strides.follow(self._behind, held[self._fence - base : after - base])
            self._fence = after

    def settle_edges(self) -> None:
        """Bring the stream's edges up to date."""
        edges, base = self._edges, self.at - len(self.held)
        if self._fence < 0:
            edges.resume(self.calm.frame.edges, base, self.at)
            return
        if edges.at != self._fence:
            edges.resume(self._behind.edges, self._fence, self._fence)
        else:
            edges.forget(base)
        for char in self.held[self._fence - base :]:
            edges.feed(char)


class Strides:
    """The calm places that one set of rules has met, for all streams.

    ``spans`` are the families of ``automaton`` that remove what they match and no more. ``units`` are those that remove
    sentences, each with the length of the pieces into which these are cut. ``wordings`` are the notices that a
    paragraph may become.
    """

    def __init__(self, automaton: Automaton, spans: int, units: Sequence[tuple[int, int]], wordings: Wordings) -> None:
        self._automaton = automaton
        self._spans = spans
        self._units = tuple(units)
        self._wordings = wordings
        self._anew = Reading(wordings.start) if wordings.start is not None else None
        self._chars: dict[str, tuple[tuple[int, ...], str, str]] = {}
        self._frames: dict[tuple[EdgePlace, SentencePlace, ParagraphPlace], Frame] = {}
        self._places: dict[tuple[State, tuple[int, ...], tuple[int, ...], Frame, Reading | None], Calm] = {}
        self._restarts = 0
        self._count = 0

    def at(
        self,
        place: tuple[State, tuple[int, ...]],
        edges: Edges,
        sentences: Sentences,
        paragraphs: Paragraphs,
        reading: Reading | None,
    ) -> Calm:
        """The calm place of a stream."""
        frame = self._frame(edges.place(), sentences.place(), paragraphs.place())
        state, distances = place
        starts = [edges.at - distance for distance in distances]
        leads = tuple([start - edges.left(start) for start in starts])
        return self._calm(state, distances, leads if any(leads) else (), frame, reading)

    def follow(self, frame: Frame, text: str) -> Frame:
        """Where a text leads that a stream has strided over."""
        for char in text:
            sort = self._sort(char)
            to = frame.following.get(sort)
            if to is None:
                to = (frame.turns.get(sort) or self._turn(frame, sort)).to
                if to is None:
                    raise AssertionError("a stride led over a character that is not calm")
            frame = to
        return frame

    def _calm(
        self,
        state: State,
        distances: tuple[int, ...],
        leads: tuple[int, ...],
        frame: Frame,
        reading: Reading | None,
    ) -> Calm:
        place = (state, distances, leads, frame, reading)
        calm = self._places.get(place)
        if calm is None:
            calm = self._places[place] = Calm(
                state, distances, leads, frame, reading, self._held(*place), self._pieces(state, distances), {}, {}
            )
        return calm

    def _held(
        self,
        state: State,
        distances: tuple[int, ...],
        leads: tuple[int, ...],
        frame: Frame,
        reading: Reading | None,
    ) -> int:
        """How many characters wait: those of the oldest start, those that a match may begin with, those of what may
        become a notice."""
        automaton, spans = self._automaton, self._spans
        oldest = state.oldest(spans)
        held = 0 if oldest < 0 else distances[oldest] + (leads[oldest] if leads else 0)
        cluster, length, ignorable, ignored, _ = frame.edges
        reach = min(ignored or length, MARK_RUN)
        if reach > held and (
            automaton.can_join(cluster, state.before, spans) or (ignorable and automaton.startable(state.before, spans))
        ):
            held = reach
        return held if reading is None else max(held, reading.begun)

    def _pieces(self, state: State, distances: tuple[int, ...]) -> tuple[Pieces, ...]:
        found = []
        for families, bound in self._units:
            oldest = state.oldest(families)
            live = 0 if oldest < 0 else distances[oldest]
            found.append(Pieces(bound, live, bool(self._automaton.startable(state.before, families))))
        return tuple(found)

    def find(self, calm: Calm, text: str) -> Stride | None:
        """Where ``text`` leads from ``calm``; None if that is not calm, or too long."""
        if len(text) > SLICE:
            return None
        if calm.distances and calm.distances[0] + len(text) > REACH:
            return None  # what has lived so long may have to be ended
        automaton, chars = self._automaton, self._chars
        state, frame, reading = calm.state, calm.frame, calm.reading
        starts = [-distance for distance in calm.distances]
        leads = dict(zip(starts, calm.leads, strict=True)) if calm.leads else {}
        plain = True
        began, at = -1, 0
        for char in text:
            symbols, sort, letters = chars.get(char) or self._meet(char)
            was_open = frame.is_open
            to = frame.following.get(sort)
            if to is None:
                turn = frame.turns.get(sort) or self._turn(frame, sort)
                if turn.to is None:
                    return None
                to = turn.to
                if turn.restart >= 0:
                    began = at + 1 - turn.restart
            frame = to
            if not frame.plain:
                plain = False
            for symbol_class in symbols:
                following = state.following.get(symbol_class)
                if following is None:
                    step = automaton.step(state, symbol_class)
                    if step.ended or step.completed:
                        return None
                    starts = [at if number < 0 else starts[number] for number in step.kept]
                    if frame.lead:
                        leads[at] = frame.lead
                    following = step.state
                state = following
            at += 1
            if reading is not None:
                reading = self._read(reading, frame, letters)
                if reading is not None and reading.state.complete:
                    return None
            if was_open and not frame.is_open:
                reading = self._anew
        restarted = began >= 0
        if restarted and self._units and starts and starts[0] < began:
            return None  # a match may still reach back into a sentence that has ended
        distances = tuple([at - start for start in starts]) if starts else ()
        further = tuple([leads.get(start, 0) for start in starts]) if leads else ()
        calm_then = self._calm(state, distances, further if any(further) else (), frame, reading)
        stride = Stride(calm_then, at - began if restarted else -1, plain)
        if at <= _LONGEST:
            self._note(calm, text, stride)
        return stride

    def _read(self, reading: Reading, frame: Frame, letters: str) -> Reading | None:
        """What the paragraph may become with a character that counts as ``letters``."""
        state, begun, space = reading
        if begun:
            begun += 1
            if begun > self._wordings.reach:
                return None
        if not frame.inside:
            return Reading(state, begun, space + 1 if begun else 0)
        for letter in letters:
            following = self._wordings.step(state, letter)
            if following is None:
                return None
            state, begun = following, begun or 1
        return Reading(state, begun)

    def _note(self, calm: Calm, text: str, stride: Stride) -> None:
        self._count += 1
        if self._count > CAP or self._restarts != self._automaton.restarts:
            places, self._places, self._frames = self._places, {}, {}
            self._count, self._restarts = 1, self._automaton.restarts
            for place in list(places.values()):
                place.following.clear()  # else they keep each other
                place.strides.clear()
        if stride.restart < 0 and stride.plain:
            calm.following[text] = stride.to
        else:
            calm.strides[text] = stride

    def _meet(self, char: str) -> tuple[tuple[int, ...], str, str]:
        found = self._automaton.classes(char), self._sort(char), self._wordings.symbols(char)
        self._chars[char] = found
        return found

    def _sort(self, char: str) -> str:
        return cluster_class(char) + sentence_class(char) + ("" if fold_char(char) else "i")

    def _frame(self, edges: EdgePlace, sentence: SentencePlace, paragraph: ParagraphPlace) -> Frame:
        place = (edges, sentence, paragraph)
        frame = self._frames.get(place)
        if frame is None:
            _, length, ignorable, ignored, _ = edges
            plain = length == 1 and not (ignorable or ignored)
            lead = min(max(ignored or length, 1) - 1, MARK_RUN)
            frame = self._frames[place] = Frame(*place, plain, lead, not paragraph[1], paragraph[3])
        return frame

    def _turn(self, frame: Frame, sort: str) -> Turn:
        edges, sentences, paragraphs = Edges(), Sentences(), Paragraphs()
        edges.resume(frame.edges, 0, 0)
        edges.take(sort[0], len(sort) > 2)
        sentences.start = -1 - MOST_SPACE
        sentences.resume(frame.sentence)
        sentences.take(sort[1])
        paragraphs.resume(frame.paragraph, 0)
        paragraphs.take(sort[1])
        calm = sentences.split is None
        restart = -1 if sentences.start < 0 else sentences.at - sentences.start
        to = self._frame(edges.place(), sentences.place(), paragraphs.place()) if calm else None
        if to is not None and restart < 0:
            frame.following[sort] = to
        else:
            frame.turns[sort] = Turn(to, restart)
        return Turn(to, restart)
