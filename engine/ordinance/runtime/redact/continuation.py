"""Answers that continue a text: the state that this text leads to (semantics, rule 10).

Otherwise a phrase asked for four characters at a time would walk out whole. How a server joins an answer to what stands
before it is not always known (it may trim, join parts with a line break, or begin anew), so there may be several
readings, and a match under any of them counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from ordinance.policy.vocabulary import Effect
from ordinance.runtime.match.automaton import Automaton, State
from ordinance.runtime.match.checks import Lost, Source
from ordinance.runtime.match.disguise import FAINT
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.match.nearby import NearbyScan
from ordinance.runtime.match.nearby import joined as joined_scans
from ordinance.runtime.match.passages import tail
from ordinance.runtime.match.segments import Asking, SegmentScan
from ordinance.runtime.match.spacing import EMPHASIS
from ordinance.runtime.redact.activation import OBSERVING, Activation
from ordinance.runtime.redact.forgery import Reading, joined, reading_of
from ordinance.runtime.text.folding import fold_char
from ordinance.runtime.text.paragraphs import Paragraphs
from ordinance.runtime.text.sentences import Sentences

#: No match is longer than a pattern may be, so what lies further back cannot matter. Characters with which a client
#: could push a phrase out of reach are not counted: ignorable ones, white space and emphasis signs.
REACH = 2000


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where the text of an answer begins, at position 0; made once for all choices.

    ``matcher`` is a place in ``Activation.answer``; ``scans`` are in the order of ``Activation.segments``, ``nearby``
    in that of ``Activation.nearby``; ``reading`` is the notice that the paragraph may become. ``readings`` is what may
    stand before position 0. ``fault`` is set where a red line's detector failed on it. All choices note in ``lost``
    what has failed for good.
    """

    matcher: tuple[State, tuple[int, ...]]
    sentences: Sentences
    paragraphs: Paragraphs
    scans: tuple[SegmentScan, ...]
    nearby: tuple[NearbyScan, ...]
    reading: Reading | None
    readings: tuple[str, ...] = ("",)
    fault: bool = False
    lost: Lost = field(default_factory=set)

    def copy(self) -> tuple[Sentences, Paragraphs, list[SegmentScan]]:
        """Copy the trackers for one choice."""
        return copy(self.sentences), copy(self.paragraphs), [scan.copy() for scan in self.scans]

    def nearby_on(self, activation: Activation, source: Source, *, joined: bool = False) -> list[NearbyScan]:
        """Copy ``nearby`` for one choice, whose text ``source`` gives. What removes nothing, and all where they are
        ``joined``, finds two things as one."""
        return [
            scan.copy(source, self.lost, joined=joined or rule.family == OBSERVING)
            for rule, scan in zip(activation.nearby, self.nearby, strict=True)
        ]


def begin(activation: Activation, texts: Sequence[str] = (), certain: bool = True) -> Beginning:
    """Return the beginning of an answer that continues one of ``texts``, the likeliest first.

    If ``certain`` is false, the answer may also begin anew. Without texts it begins anew.
    """
    readings = list(dict.fromkeys(_near(text) for text in texts))
    if not readings or not certain:
        readings.append("")
    first = readings[0]
    sentences, paragraphs = Sentences(-len(first)), Paragraphs(-len(first))
    scans = [SegmentScan(Asking(rule.segments), -len(first)) for rule in activation.segments]
    rules = [activation.rules[rule.tag] for rule in activation.segments]
    guards = [rule.removes and rule.effect is Effect.REFUSE for rule in rules]
    fault = False
    for char in first:
        settled = sentences.feed(char)
        paragraphs.feed(char)
        for scan, guard in zip(scans, guards, strict=True):
            failed = any(found.failed for found in scan.feed(char, settled))
            fault = fault or (failed and guard)
    place = _match(activation.answer, readings)
    reading = joined(activation.wordings, [reading_of(activation.wordings, text) for text in readings])
    nearby = _nearby(activation, readings)
    return Beginning(place, sentences, paragraphs, tuple(scans), nearby, reading, tuple(readings), fault)


def follow(activation: Activation, before: Beginning, said: str) -> Beginning:
    """Return the beginning of a text that goes on in another block: it continues ``said``, which began at ``before``,
    or begins anew. A match under either reading counts, however many blocks there are."""
    readings = list(dict.fromkeys(_near(reading + said) for reading in before.readings))
    first = begin(activation, readings[:1], certain=False)
    wordings = activation.wordings
    automaton = activation.answer
    matcher = Matcher(automaton)
    matcher.resume(before.matcher, -len(said))
    for at, char in enumerate(said, -len(said)):
        matcher.feed(char, at)
    known = (
        readings if activation.recalls or activation.before or activation.nearby else readings[:1]
    )  # only checks ask for the others
    return replace(
        first,
        matcher=automaton.join([matcher.place(0), begin(activation).matcher]),
        nearby=_nearby_after(activation, before, said),
        reading=joined(wordings, [first.reading, *(reading_of(wordings, text) for text in readings[1:])]),
        readings=tuple(dict.fromkeys([*known, ""])),
        fault=first.fault or before.fault,
        lost=before.lost,
    )


def _match(automaton: Automaton, readings: Sequence[str]) -> tuple[State, tuple[int, ...]]:
    places = []
    for text in dict.fromkeys(readings):
        matcher = Matcher(automaton)
        for at, char in enumerate(text, -len(text)):
            matcher.feed(char, at)
        places.append(matcher.place(0))
    return automaton.join(places)


def _nearby(activation: Activation, readings: Sequence[str]) -> tuple[NearbyScan, ...]:
    found = []
    for rule in activation.nearby:
        scans = [NearbyScan(rule.nearby, _source([text], rule.nearby.checks.before), set()) for text in readings]
        found.append(joined_scans([_fed(scan, text) for scan, text in zip(scans, readings, strict=True)]))
    return tuple(found)


def _nearby_after(activation: Activation, before: Beginning, said: str) -> tuple[NearbyScan, ...]:
    anew = _nearby(activation, [""])
    found = []
    for scan, rule, fresh in zip(before.nearby, activation.nearby, anew, strict=True):
        source = _source([reading + said for reading in before.readings], rule.nearby.checks.before)
        found.append(joined_scans([_fed(scan.copy(source, before.lost), said), fresh]))
    return tuple(found)


def _fed(scan: NearbyScan, text: str) -> NearbyScan:
    """Let ``scan`` read ``text``, which an answer continues, and stand where the answer begins."""
    scan.begin_at(-len(text))
    for char in text:
        scan.feed(char)
    return scan


def _source(readings: Sequence[str], most: int) -> Source:
    """Return what gives the text before an answer, up to position 0, with at most ``most`` characters before it."""

    def between(start: int, end: int) -> list[tuple[str, str]]:
        known = [text for text in readings if len(text) >= -start]
        return [(text[len(text) + start : len(text) + end], tail(text, most, len(text) + start)) for text in known]

    return between


def _near(text: str) -> str:
    """Return the end of ``text`` without characters that are invisible and in which nothing is hidden."""
    kept: list[str] = []
    count = 0
    for char in reversed(text):
        symbols = fold_char(char)
        if symbols or char in FAINT:
            kept.append(char)
        if symbols.strip() and symbols not in EMPHASIS:
            count += 1
            if count == REACH:
                break
    return "".join(reversed(kept))
