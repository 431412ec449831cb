"""Where text flows and nothing happens: places between which a stream can stride without looking at each character.

A stream is calm where nothing is pending but starts that may still become matches or notices: no region, no marker.
Such a place is described without positions, so all streams share it. What a text does from there is worked out with
three tables that fill as text is met (characters, the automaton, the frame of clusters, sentences and paragraphs) and
remembered for the whole delta. Where any of it would not stay calm, nobody strides: the stream takes the text exactly,
character by character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ordinance.runtime.match.automaton import Automaton, State
from ordinance.runtime.match.disguise import REACH
from ordinance.runtime.redact.forgery import Reading
from ordinance.runtime.redact.regions import MARK_RUN, EdgePlace, Edges, is_hidden
from ordinance.runtime.redact.wordings import Wordings
from ordinance.runtime.text.clusters import cluster_class
from ordinance.runtime.text.folding import fold_char
from ordinance.runtime.text.paragraphs import ParagraphPlace, Paragraphs
from ordinance.runtime.text.sentences import SentencePlace, Sentences, sentence_class

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

    ``following`` is where plain sorts of characters lead that neither begin a sentence nor end a paragraph (a sort is a
    class for clusters and one for sentences, and whether folding leaves nothing of the character); ``turns`` what the
    others do. Both fill as characters are met. The last character is ``plain`` where it is a cluster of its own that
    counts; what begins with it begins ``lead`` characters earlier. It is ``inside`` where it belongs to a paragraph and
    is no space; a paragraph ``is_open`` or not; ``space`` is how much trailing space there is, as in ``SentencePlace``.
    ``reaches`` is how much of what stands last a match may begin with, by the kind of symbol that came before; it fills
    too.
    """

    edges: EdgePlace
    sentence: SentencePlace
    paragraph: ParagraphPlace
    plain: bool
    lead: int
    inside: bool
    is_open: bool
    space: int
    following: dict[str, Frame] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)
    reaches: dict[int, int] = field(default_factory=dict)


#: In the place of a length or a position: what was there before; where the split was that was there; none.
SAME, AT_SPLIT, NOWHERE = -1, -2, -3
#: A position behind every text that is strided over.
_LATER = SLICE


class Turn(NamedTuple):
    """Where a character leads that ``Frame.following`` leaves out. ``restart`` is how long the open sentence is with
    it, ``split`` how far back that may already have ended (0: nowhere)."""

    to: Frame
    restart: int
    split: int


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
    """Where a text leads; ``restart`` and ``split`` as in ``Turn``; whether all of it is ``plain``."""

    to: Calm
    restart: int
    split: int
    plain: bool


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
        #: The length of the shortest pieces into which sentences are cut.
        self.shortest = min((bound for _, bound in self._units), default=0)
        self._wordings = wordings
        self._chars: dict[str, tuple[tuple[int, ...], str]] = {}
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
        """Return the calm place of a stream."""
        frame = self._frame(edges.place(), sentences.place(), paragraphs.place())
        state, distances = place
        starts = [edges.at - distance for distance in distances]
        leads = tuple([start - edges.left(start) for start in starts])
        return self._calm(state, distances, leads if any(leads) else (), frame, reading)

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
            pieces = self._pieces(state, distances) if self._units else ()
            calm = self._places[place] = Calm(*place, self._held(*place), pieces, {}, {})
        return calm

    def _held(
        self,
        state: State,
        distances: tuple[int, ...],
        leads: tuple[int, ...],
        frame: Frame,
        reading: Reading | None,
    ) -> int:
        """Return how many characters wait: those of the oldest start, those that a match may begin with, those of what
        may become a notice."""
        spans = self._spans
        oldest = state.oldest(spans)
        held = 0 if oldest < 0 else distances[oldest]
        if leads:  # not the oldest start need reach back furthest
            starts = zip(distances, leads, state.groups, strict=True)
            held = max((far + lead for far, lead, group in starts if group.families & spans), default=0)
        reach = frame.reaches.get(state.before)
        if reach is None:
            reach = frame.reaches[state.before] = self._reach(state.before, frame)
        if reach > held:
            held = reach
        return held if reading is None else max(held, reading.begun)

    def _reach(self, before: int, frame: Frame) -> int:
        """Return how much of what stands last a match may begin with."""
        automaton, spans = self._automaton, self._spans
        cluster, length, ignorable, ignored, _ = frame.edges
        if automaton.can_join(cluster, before, spans) or (ignorable and automaton.can_start(before, spans)):
            return min(ignored or length, MARK_RUN)
        return 0

    def _pieces(self, state: State, distances: tuple[int, ...]) -> tuple[Pieces, ...]:
        found = []
        for families, bound in self._units:
            oldest = state.oldest(families)
            live = 0 if oldest < 0 else distances[oldest]
            found.append(Pieces(bound, live, self._automaton.can_start(state.before, families)))
        return tuple(found)

    def find(self, calm: Calm, text: str) -> Calm | Stride | None:
        """Return where ``text`` leads from ``calm``; None if that is not calm, or too long."""
        if len(text) > SLICE:
            return None
        if calm.distances and calm.distances[0] + len(text) > REACH:
            return None  # what has lived so long may have to be ended
        automaton, chars = self._automaton, self._chars
        state, frame = calm.state, calm.frame
        # What the paragraph may become, where its first letter stands, and where its last space began.
        said, begun, space = None, _LATER, 0
        if calm.reading is not None:
            said, begun, space = calm.reading.state, -calm.reading.begun or _LATER, -calm.reading.space
        starts = [-distance for distance in calm.distances]
        leads = dict(zip(starts, calm.leads, strict=True)) if calm.leads else {}
        plain = True
        began, split, at = SAME, SAME, 0  # positions here
        for char in text:
            symbols, sort = chars.get(char) or self._meet(char)
            to = frame.following.get(sort)
            if to is None:
                to, length, since = frame.turns.get(sort) or self._turn(frame, sort)
                if length == AT_SPLIT:
                    began = split if split >= 0 else AT_SPLIT
                elif length != SAME:
                    began = at + 1 - length
                if since != SAME:
                    split = at + 1 - since if since else NOWHERE
                plain = plain and to.plain
                if frame.is_open and not to.is_open:
                    said, begun = self._wordings.start, _LATER
            frame = to
            for symbol_class in symbols:
                step = state.steps.get(symbol_class) or automaton.step(state, symbol_class)
                if step.found is not None:
                    return None
                kept = step.kept
                if kept is not None:
                    starts = [starts[number] for number in kept] if kept else []
                if step.fresh:
                    starts.append(at)
                    if frame.lead and not is_hidden(char):
                        leads[at] = frame.lead
                state = step.state
            if said is not None and frame.inside:
                for letter in self._wordings.symbols(char):
                    begun = min(begun, at)
                    said = self._wordings.step(said, letter)
                    if said is None:
                        break
                    if said.complete:
                        return None
                space = at + 1
            at += 1
        if state.closing:
            return None
        if began >= 0 and self._units and starts and starts[0] < began:
            return None  # a match may still reach back into a sentence that has ended
        distances = tuple([at - start for start in starts]) if starts else ()
        further = tuple([leads.get(start, 0) for start in starts]) if leads else ()
        reading = None
        if said is not None:
            reading = Reading(said) if begun == _LATER else Reading(said, at - begun, at - space)
            if reading.begun > self._wordings.reach:
                reading = None
        to_calm = self._calm(state, distances, further if any(further) else (), frame, reading)
        stride: Calm | Stride = to_calm
        if not (began == split == SAME and plain):
            restart = began if began < 0 else at - began
            stride = Stride(to_calm, restart, SAME if split == SAME else at - split if split >= 0 else 0, plain)
        if at <= _LONGEST:
            self._note(calm, text, stride)
        return stride

    def _note(self, calm: Calm, text: str, stride: Calm | Stride) -> None:
        self._count += 1
        if self._count > CAP or self._restarts != self._automaton.restarts:
            places, self._places, self._frames = self._places, {}, {}
            self._count, self._restarts = 1, self._automaton.restarts
            for place in list(places.values()):
                place.following.clear()  # else they keep each other
                place.strides.clear()
        if isinstance(stride, Stride):
            calm.strides[text] = stride
        else:
            calm.following[text] = stride

    def _meet(self, char: str) -> tuple[tuple[int, ...], str]:
        """Return the classes of a character and its sort."""
        sort = cluster_class(char) + sentence_class(char) + ("" if fold_char(char) else "i")
        found = self._chars[char] = self._automaton.classes(char), sort
        return found

    def _frame(self, edges: EdgePlace, sentence: SentencePlace, paragraph: ParagraphPlace) -> Frame:
        place = (edges, sentence, paragraph)
        frame = self._frames.get(place)
        if frame is None:
            _, length, ignorable, ignored, _ = edges
            plain = length == 1 and not (ignorable or ignored)
            lead = min(max(ignored or length, 1) - 1, MARK_RUN)
            frame = self._frames[place] = Frame(*place, plain, lead, not paragraph[1], paragraph[3], sentence[5])
        return frame

    def _turn(self, frame: Frame, sort: str) -> Turn:
        edges, sentences, paragraphs = Edges(), Sentences(), Paragraphs()
        edges.resume(frame.edges, "", 0)
        edges.take(sort[0], len(sort) > 2)
        before, at_split = -200, -100  # positions that stand for those that a place leaves out
        sentences.start = before
        sentences.resume(frame.sentence, split=at_split)
        had = sentences.split
        sentences.take(sort[1])
        paragraphs.resume(frame.paragraph, 0)
        paragraphs.take(sort[1])
        to = self._frame(edges.place(), sentences.place(), paragraphs.place())
        at, start, split = sentences.at, sentences.start, sentences.split
        length = SAME if start == before else AT_SPLIT if start == at_split else at - start
        since = SAME if split == had else 0 if split is None else at - split
        turn = Turn(to, length, since)
        if length == since == SAME and to.plain and (to.is_open or not frame.is_open):
            frame.following[sort] = to
        else:
            frame.turns[sort] = turn
        return turn
