"""One text on its way out: characters go in, and what may leave comes out, at once and never too early.

A ``Redactor`` knows regions, markers and the ledger; it knows nothing of notices or people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from ordinance.runtime.match.matcher import Match, Matcher, Watch
from ordinance.runtime.match.passages import Recent
from ordinance.runtime.match.segments import Finding
from ordinance.runtime.redact.activation import (
    OBSERVING,
    PROTECTED,
    REFUSING,
    REMOVING,
    WITHHOLDING,
    Activation,
    NearbyRule,
    SegmentRule,
    Withheld,
)
from ordinance.runtime.redact.continuation import Beginning, begin
from ordinance.runtime.redact.ends import End, long_before
from ordinance.runtime.redact.flow import Flow
from ordinance.runtime.redact.forgery import Forgery
from ordinance.runtime.redact.ledger import Cut, Ledger
from ordinance.runtime.redact.regions import Edges, Region, Removal, RuleRemoval, SpanRemoval, removal_of
from ordinance.runtime.redact.scans import Scans
from ordinance.runtime.redact.signs import is_masked, sign
from ordinance.runtime.redact.strides import SLICE
from ordinance.runtime.redact.watched import Watched


class Redactor:
    """Feed text in any cutting; the concatenated output is the same. After ``refused`` is set nothing more leaves.

    ``beginning`` is where the text begins, if it continues another; ``placeholders`` is what masks write, by tag.
    ``refused``, ``omitted``, ``observed`` and ``tried`` are tags of ``Activation.rules`` and of signs that the model
    wrote itself; ``tried`` is what rules on trial have found, removed or not. ``failed`` are those of the rules whose
    detector failed. Where that is a red line's, ``fault`` is ``detector`` and the text ends as refused; what any other
    rule might have removed is removed, with the tag ``Activation.unchecked`` (semantics, rule 13).

    A ``rigid`` text may not be edited (semantics, rule 9): it ends where a region begins, and ``severed`` says why.
    ``cuts`` is what was edited so far; whoever reads it may empty it. ``contexts`` is what else may stand before the
    text, folded, for checks that look at it.
    """

    def __init__(
        self,
        activation: Activation,
        beginning: Beginning | None = None,
        placeholders: Mapping[int, str] | None = None,
        *,
        rigid: bool = False,
        contexts: Sequence[str] = (),
    ) -> None:
        beginning = beginning or begin(activation)
        self.refused: frozenset[int] = frozenset()
        self.severed: frozenset[int] = frozenset()
        self.cuts: list[Cut] = []
        self.fault = "detector" if beginning.fault else ""
        self.failed: set[int] = set()
        self.omitted: set[int] = set()
        self._watched = Watched(activation.rules)
        self.observed, self.tried = self._watched.observed, self._watched.tried
        self._placeholders = activation.placeholders if placeholders is None else placeholders
        self.ledger = Ledger()
        self._activation = activation
        self._edges = Edges()
        before = activation.before
        self._recent = Recent(beginning.readings, before, contexts)  # what a check may be asked about, and has left
        self._looks_back = before > 0
        self._remembers = activation.recalls or self._looks_back
        self._lost = beginning.lost
        self._sentences, self._paragraphs, segments = beginning.copy()
        self._scans = scans = Scans(activation, segments, beginning.nearby_on(activation, self._source))
        self._matcher = matcher = Matcher(activation.answer)
        matcher.resume(beginning.matcher, 0)
        self._observing, self._protected = scans.watch(matcher, OBSERVING), Watch(matcher, 1 << PROTECTED)
        self._alike: dict[Withheld, RuleRemoval] = {}
        for number, each in enumerate(activation.removals, WITHHOLDING):
            unit = self._sentences if each.scope.unit == "sentence" else self._paragraphs
            self._alike[each] = removal_of(each.scope, scans.watch(matcher, number), self._edges, unit)
        self._withholding = list(self._alike.values())
        self._refusing = SpanRemoval(scans.watch(matcher, REFUSING), self._edges)
        self._forgery = Forgery(activation.wordings, self._paragraphs, activation.forged)
        self._forgery.resume(beginning.reading, 0)
        rules = enumerate((self._refusing, *self._withholding), REFUSING)
        self._removals: list[Removal] = [each for family, each in rules if family in activation.removing_families]
        self._removals.append(self._forgery)
        self._cut_regions: list[Region] = []
        self._protected_spans: list[Match] = []
        self._flow: Flow | None = None  # while calm, what the stream is; then the other parts are not up to date
        self._text: list[str] = []
        self._base = 0
        self._marker: set[int] | None = None
        self._removed = (0, 0)  # what the marker stands for
        self._rigid = rigid
        # What leaves before the end must not wait for what ends the text, nor for what ends a sentence.
        self._by_character = rigid or not activation.only_spans
        self._closed = False
        self._abandoned = False

    def feed(self, text: str) -> str:
        """Take ``text``, and return what may leave now."""
        flow = self._flow
        if flow is not None:
            out = flow.take(text)
            if out is not None:
                if self._looks_back:
                    self._recent.leave(out)
                return out
        return "".join([self._take(text[at : at + SLICE]) for at in range(0, len(text), SLICE)])

    def _take(self, text: str) -> str:
        if self._flow is not None:
            out = self._flow.take(text)
            if out is not None:
                if self._looks_back:
                    self._recent.leave(out)
                return out
            self._wake()
        return self._walk(text)

    def _walk(self, text: str) -> str:
        """Take every character exactly."""
        out: list[str] = []
        ledger = self.ledger
        for char in text:
            ledger.received += 1
            if self._has_ended():
                ledger.deleted += 1
                continue
            self._observe(char)
            if self._has_ended():
                self._drop()
            elif self._by_character:
                self._release(self._hold(), out)
        if not self._has_ended():
            if not self._by_character:
                self._release(self._hold(), out)
            self._settle()
        return self._written(out)

    # calm: see strides.py

    def _settle(self) -> None:
        """Be calm, where nothing is pending."""
        strides = self._activation.strides
        if strides is None or self._marker is not None or self._protected_spans or self._watched or self._scans:
            return
        edges, sentences = self._edges, self._sentences
        if self._matcher.closing or any(removal.busy for removal in self._removals):
            return
        calm = strides.at(self._matcher.place(edges.at), edges, sentences, self._paragraphs, self._forgery.place())
        self._flow = Flow(strides, calm, edges.at, sentences, "".join(self._text), edges)

    def _wake(self) -> None:
        """Leave the calm: give every part its positions again."""
        flow = self._flow
        if flow is None:
            return
        self._flow = None
        calm, at, base = flow.calm, flow.at, flow.at - len(flow.held)
        self._matcher.resume((calm.state, calm.distances), at, flow.held)
        flow.settle_edges()
        ledger, came, left = self.ledger, at - self._sentences.at, base - self._base
        self._sentences.at, self._sentences.start = at, flow.start
        self._sentences.resume(calm.frame.sentence, flow.held, flow.split)
        self._paragraphs.resume(calm.frame.paragraph, at)
        self._forgery.resume(calm.reading, at)
        self._text, self._base = list(flow.held), base
        ledger.received += came
        ledger.released += left
        ledger.written += left

    def close(self, end: End = End.OWN) -> str:
        """End the text in this way, and return what is certain and leaves now."""
        self._wake()
        self._closed = True
        if self._has_ended():
            return ""
        self._observe_end()
        out: list[str] = []
        if self._has_ended():
            self._drop()
        else:
            self._cut_regions = self._cut(end)
            self._release(self._edges.at, out)
            self._settle_watched()
            self._flush_marker(out)
        return self._written(out)

    def _cut(self, end: End) -> list[Region]:
        """Return the regions that may not leave because more of them could have come (semantics, rule 6)."""
        at = self._edges.at
        found: list[tuple[int, bool]] = []
        if end is not End.OWN:
            before = long_before(self._text, self._base)
            begun = [(self._refusing.cut(before), True)]
            begun += [
                (removal.cut(before), each.masks)
                for each, removal in self._alike.items()
                if end is End.CUT or not each.numbers
            ]
            found += [(start, bare) for start, bare in begun if start is not None]
        if self._activation.checks:
            starts = self._matcher.starts(REMOVING)
            number = self._activation.checks.breaking_off(starts, at, self._source)
            found += [] if number is None else [(self._edges.left(number), True)]
        found += [(self._edges.left(number), True) for number in self._scans.breaking_off(at)]
        return [Region(start, at, {self._activation.cut}, bare) for start, bare in found]

    def abandon(self) -> None:
        """Nothing more leaves; what is held is deleted."""
        self._wake()
        self._abandoned = True
        self._drop()

    def _has_ended(self) -> bool:
        return self._abandoned or bool(self.refused or self.fault or self.severed)

    @property
    def received(self) -> int:
        """How much text has come in. (``ledger`` counts what flows calmly only once it no longer does.)"""
        flow = self._flow
        return self.ledger.received + (0 if flow is None else flow.at - self._sentences.at)

    @property
    def settled(self) -> int:
        """What stands before this position has left, or was removed and its place is written."""
        if self._flow is not None:
            return self._flow.at - len(self._flow.held)
        return self._base if self._marker is None else self._removed[0]

    # what comes in

    def _observe_end(self) -> None:
        settled = self._sentences.close()
        self._paragraphs.close()
        for removal in self._removals:
            removal.feed()
        self._sort(self._matcher.close())
        self._heed(self._scans.close(settled))

    def _observe(self, char: str) -> None:
        at = self._edges.at
        self._text.append(char)
        self._edges.feed(char)
        settled = self._sentences.feed(char)
        self._paragraphs.feed(char)
        for removal in self._removals:
            removal.feed()
        self._forgery.read(char)
        found = self._matcher.feed(char, at)
        if found:
            self._sort(found)
        if self._scans:
            self._heed(self._scans.feed(char, settled))

    def _source(self, start: int, end: int) -> list[tuple[str, str]]:
        return self._recent.between(start, end, self._base, self._text)

    def _sort(self, found: list[Match]) -> None:
        """Sort matches by what they do, without candidates that are not accepted."""
        for match in self._activation.checks.certain(found, self._source, self._lost):
            self._meet(match)

    def _heed(self, found: Iterable[tuple[SegmentRule | NearbyRule, Sequence[Finding]]]) -> None:
        for rule, findings in found:
            for start, end, failed in findings:
                self._meet(Match(start, end, rule.tag, rule.family, failed))

    def _meet(self, match: Match) -> None:
        """Take a match as what it does. Where it failed, it counts as found, or is told (semantics, rule 13)."""
        if match.end <= 0:  # it lies in a text that the answer continues
            return
        if match.failed:
            self.failed.add(match.tag)
        if match.family == OBSERVING:
            if not match.failed:
                self._watched.add([match])
        elif match.family == PROTECTED:
            self._protected_spans.append(match)
        elif match.family == REFUSING and match.failed:
            self.fault = "detector"
        elif match.family == REFUSING:
            self.refused |= {match.tag}
        else:
            found = replace(match, tag=self._activation.unchecked) if match.failed else match
            self._withholding[match.family - WITHHOLDING].add(found)

    def _hold(self) -> int:
        held = self._edges.at
        for removal in self._removals:
            held = min(held, removal.hold())
        return self._scans.hold(held) if self._scans else held

    # what goes out

    def _release(self, until: int, out: list[str]) -> None:
        if until <= self._base:
            return
        regions = [
            region
            for found in (*[removal.regions() for removal in self._removals], self._cut_regions)
            for region in found
            if region.end > self._base and region.start < until
        ]
        at = self._base
        if not regions:
            self._emit(at, until, out)
            at = until
        elif self._rigid:
            self._sever(regions, out)
            return
        else:
            at = self._release_around(regions, until, out)
        if self._remembers:
            self._recent.keep(self._text[: at - self._base], at, self._observing.oldest)
        del self._text[: at - self._base]
        self._base = at
        self._edges.forget(at)
        for removal in self._removals:
            removal.forget(at)
        if self._protected_spans:
            self._protected_spans = [span for span in self._protected_spans if span.end > at]
        self._settle_watched()

    def _sever(self, regions: list[Region], out: list[str]) -> None:
        """End the text where the first of ``regions`` begins."""
        start = max(self._base, min(region.start for region in regions))
        self._emit(self._base, start, out)
        del self._text[: start - self._base]
        self._base = start
        self.severed = frozenset(self._causes(set[int]().union(*(region.tags for region in regions))))
        self._drop()

    def _settle_watched(self) -> None:
        oldest = None if self._closed else self._observing.oldest
        self._watched.settle(self._base, [oldest, *self._scans.starts()])

    def _release_around(self, regions: list[Region], until: int, out: list[str]) -> int:
        """Release up to ``until`` without ``regions``; stops early where a region may yet turn out protected."""
        pending = None if self._closed else self._protected.oldest
        spans = [(region.start, region.end) for region in regions]
        spans += [(span.start, span.end) for span in self._protected_spans]
        places = {place for span in (*spans, (pending or 0,)) for place in span if self._base < place < until}
        for at, following in pairwise((self._base, *sorted(places), until)):  # all that lies between two is alike
            here = [region for region in regions if region.start <= at < region.end]
            masked = is_masked(set[int]().union(*(region.tags for region in here)), self._placeholders)
            if not masked and self._is_protected(at):
                here = [region for region in here if region.bare]
            if not here:
                self._emit(at, following, out)
                continue
            if not masked and pending is not None and at >= pending:
                return at
            tags = self._causes(set[int]().union(*(region.tags for region in here)))
            self._removed = (at if self._marker is None else self._removed[0], following)
            self._marker = tags if self._marker is None else self._marker | tags
            self.ledger.deleted += following - at
            self._watched.remove(at, following)
        return until

    def _causes(self, tags: set[int]) -> set[int]:
        """``tags`` of what is removed; where something else removes it too, that it was cut is no cause."""
        return tags - {self._activation.cut} or tags

    def _is_protected(self, at: int) -> bool:
        return any(span.start <= at < span.end for span in self._protected_spans)

    def _emit(self, start: int, end: int, out: list[str]) -> None:
        self._flush_marker(out)
        out.append("".join(self._text[start - self._base : end - self._base]))
        self.ledger.released += end - start

    def _flush_marker(self, out: list[str]) -> None:
        if self._marker is not None:
            self.omitted |= self._marker
            written = sign(self._marker, self._placeholders)
            self._marker = None
            self.cuts.append(Cut(*self._removed, written))
            out.append(written)
            self.ledger.added += len(written)

    def _drop(self) -> None:
        self.ledger.deleted += len(self._text)
        self._text.clear()
        if self._marker is not None:  # its place will not be written
            self._base, self._marker = self._removed[0], None

    def _written(self, out: list[str]) -> str:
        text = "".join(out)
        self.ledger.written += len(text)
        return text
