"""One text on its way out: characters go in, and what may leave comes out, at once and never too early.

A ``Redactor`` knows regions, markers and the ledger; it knows nothing of notices or people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ordinance.policy.plan import Scope
from ordinance.policy.vocabulary import Effect
from ordinance.runtime.activation import OBSERVING, PROTECTED, REFUSING, WITHHOLDING, Activation, SegmentRule
from ordinance.runtime.calm import SLICE, Flow
from ordinance.runtime.continuation import Beginning, begin
from ordinance.runtime.matcher import Match, Matcher, Watch
from ordinance.runtime.regions import Edges, Region, Removal, SpanRemoval, UnitRemoval
from ordinance.runtime.rendering import is_masked, sign
from ordinance.runtime.segments import Finding


@dataclass(slots=True)
class Ledger:
    """Characters in, released, deleted and added. Nobody outside the session sees more than whether it balances."""

    received: int = 0
    released: int = 0
    deleted: int = 0
    written: int = 0
    added: int = 0

    @property
    def balanced(self) -> bool:
        """Every character that came in was released or deleted, and all that went out was released or added."""
        return self.received == self.released + self.deleted and self.written == self.released + self.added


class Redactor:
    """Feed text in any cutting; the concatenated output is the same. After ``refused`` is set nothing more leaves.

    ``beginning`` is where the text begins, if it continues another; ``placeholders`` is what masks write, by tag.
    ``refused``, ``omitted``, ``observed`` and ``tried`` are tags of ``Activation.rules`` and of signs that the model
    wrote itself; ``tried`` is what rules on trial have found, removed or not. ``failed`` are those of the rules whose
    detector failed. Where that is a red line's, ``fault`` is ``detector`` and the text ends as refused; what any other
    rule might have removed is removed, with the tag ``Activation.unchecked`` (semantics, rule 13).
    """

    def __init__(
        self,
        activation: Activation,
        beginning: Beginning | None = None,
        placeholders: Mapping[int, str] | None = None,
    ) -> None:
        beginning = beginning or begin(activation)
        self.refused: frozenset[int] = frozenset()
        self.fault = "detector" if beginning.fault else ""
        self.failed: set[int] = set()
        self.omitted: set[int] = set()
        self.observed: set[int] = set()
        self.tried: set[int] = set()
        self._placeholders = activation.placeholders if placeholders is None else placeholders
        self.ledger = Ledger()
        self._activation = activation
        self._edges = Edges()
        self._sentences, self._paragraphs, scans = beginning.copy()
        self._scans = list(zip(activation.segments, scans, strict=True))
        self._matcher = Matcher(activation.answer)
        self._matcher.resume(beginning.matcher, 0)
        self._observing, self._protected = Watch(self._matcher, 1 << OBSERVING), Watch(self._matcher, 1 << PROTECTED)
        self._withholding = [
            self._removal(scope, Watch(self._matcher, 1 << number))
            for number, scope in enumerate(activation.scopes, WITHHOLDING)
        ]
        self._by_scope = dict(zip(activation.scopes, self._withholding, strict=True))
        self._removals: list[Removal] = [
            SpanRemoval(Watch(self._matcher, 1 << REFUSING), self._edges),
            *self._withholding,
        ]
        self._protected_spans: list[Match] = []
        self._watched: list[Match] = []  # of rules that remove nothing, until their text has left
        self._gone: list[tuple[int, int]] = []  # what was removed, while something watched may reach into it
        self._by_paragraph = any(scope.unit == "paragraph" for scope in activation.scopes)
        self._flow: Flow | None = None  # while calm, what the stream is; then the other parts are not up to date
        self._text: list[str] = []
        self._base = 0
        self._marker: set[int] | None = None
        self._closed = False
        self._abandoned = False

    def _removal(self, scope: Scope, matcher: Watch) -> Removal:
        if scope.unit == "span":
            return SpanRemoval(matcher, self._edges)
        return UnitRemoval(matcher, self._sentences if scope.unit == "sentence" else self._paragraphs, scope.bound)

    def feed(self, text: str) -> str:
        """What may leave now that ``text`` has come in."""
        flow = self._flow
        if flow is not None:
            out = flow.take(text)
            if out is not None:
                return out
        return "".join([self._take(text[at : at + SLICE]) for at in range(0, len(text), SLICE)])

    def _take(self, text: str) -> str:
        if self._flow is not None:
            out = self._flow.take(text)
            if out is not None:
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
            else:
                self._release(self._hold(), out)
        if not self._has_ended():
            self._settle()
        return self._written(out)

    # calm: see calm.py

    def _settle(self) -> None:
        """Be calm, where nothing is pending."""
        if self._by_paragraph or self._marker is not None or self._protected_spans or self._watched or self._scans:
            return
        edges, sentences = self._edges, self._sentences
        if not edges.plain or sentences.split is not None or any(removal.busy for removal in self._removals):
            return
        at, strides = edges.at, self._activation.strides
        if 0 <= strides.reach <= at - sentences.start + 1:
            return
        calm = strides.at(*self._matcher.place(at), edges.cluster, sentences.place())
        self._flow = Flow(strides, calm, at, sentences.start, "".join(self._text))

    def _wake(self) -> None:
        """Leave the calm: give every part its positions again."""
        flow = self._flow
        if flow is None:
            return
        self._flow = None
        calm, at, base = flow.calm, flow.at, flow.at - len(flow.held)
        self._matcher.resume((calm.state, calm.distances), at)
        self._edges.resume(calm.frame.cluster, base, at)
        ledger, came, left = self.ledger, at - self._sentences.at, base - self._base
        self._sentences.at, self._sentences.start = at, flow.start
        self._sentences.resume(calm.frame.sentence)
        self._text, self._base = list(flow.held), base
        ledger.received += came
        ledger.released += left
        ledger.written += left

    def close(self) -> str:
        """The text ends: what is certain now leaves."""
        self._wake()
        self._closed = True
        if self._has_ended():
            return ""
        self._observe_end()
        out: list[str] = []
        if self._has_ended():
            self._drop()
        else:
            self._release(self._edges.at, out)
            self._settle_watched()
            self._flush_marker(out)
        return self._written(out)

    def abandon(self) -> None:
        """Nothing more leaves; what is held is deleted."""
        self._wake()
        self._abandoned = True
        self._drop()

    def _has_ended(self) -> bool:
        return self._abandoned or bool(self.refused or self.fault)

    # what comes in

    def _observe_end(self) -> None:
        settled = self._sentences.close()
        self._paragraphs.close()
        for removal in self._removals:
            removal.feed()
        self._sort(self._matcher.close())
        for rule, scan in self._scans:
            self._found(rule, scan.close(settled))

    def _observe(self, char: str) -> None:
        at = self._edges.at
        self._text.append(char)
        self._edges.feed(char)
        settled = self._sentences.feed(char)
        if self._by_paragraph:
            self._paragraphs.feed(char)
        for removal in self._removals:
            removal.feed()
        found = self._matcher.feed(char, at)
        if found:
            self._sort(found)
        for rule, scan in self._scans:
            self._found(rule, scan.feed(char, settled))

    def _sort(self, found: Sequence[Match]) -> None:
        for match in found:
            if match.family == REFUSING:
                self.refused |= {match.tag}
            elif match.family == OBSERVING:
                self._watch([match])
            elif match.family == PROTECTED:
                self._protected_spans.append(match)
            else:
                self._withholding[match.family - WITHHOLDING].add(match)

    def _watch(self, found: Iterable[Match]) -> None:
        """What a rule that removes nothing has found. A trial is for the record alone, so it counts at once."""
        for match in found:
            if self._activation.rules[match.tag].trial:
                self.tried.add(match.tag)
            else:
                self._watched.append(match)

    def _found(self, rule: SegmentRule, findings: Sequence[Finding]) -> None:
        planned = self._activation.rules[rule.tag]
        for start, end, failed in findings:
            if end <= 0:  # it lies in a text that the answer continues
                continue
            if failed:
                self.failed.add(rule.tag)
            if not planned.removes:
                if not failed:
                    self._watch([Match(start, end, rule.tag)])
            elif failed and planned.effect is Effect.REFUSE:
                self.fault = "detector"
            elif failed:
                self._by_scope[planned.scope].add(Match(start, end, self._activation.unchecked))
            elif planned.effect is Effect.REFUSE:
                self.refused |= {rule.tag}
            else:
                self._by_scope[planned.scope].add(Match(start, end, rule.tag))

    def _hold(self) -> int:
        held = self._edges.at
        for removal in self._removals:
            held = min(held, removal.hold())
        for rule, scan in self._scans:
            if self._activation.rules[rule.tag].removes:
                held = min(held, scan.start)
        return held

    # what goes out

    def _release(self, until: int, out: list[str]) -> None:
        if until <= self._base:
            return
        regions = [
            region
            for removal in self._removals
            for region in removal.regions()
            if region.end > self._base and region.start < until
        ]
        at = self._base
        if not regions:
            self._emit(at, until, out)
            at = until
        else:
            at = self._release_around(regions, until, out)
        del self._text[: at - self._base]
        self._base = at
        self._edges.forget(at)
        for removal in self._removals:
            removal.forget(at)
        if self._protected_spans:
            self._protected_spans = [span for span in self._protected_spans if span.end > at]
        if self._watched or self._gone:
            self._settle_watched()

    def _note_gone(self, at: int) -> None:
        if self._gone and self._gone[-1][1] == at:
            self._gone[-1] = (self._gone[-1][0], at + 1)
        else:
            self._gone.append((at, at + 1))

    def _settle_watched(self) -> None:
        """What a rule that removes nothing has seen counts once all of it has left. What reaches into removed text does
        not: an addition would tell what stood there (semantics, rule 16)."""
        left = self._base
        waiting = []
        for match in self._watched:
            if match.end > left:
                waiting.append(match)
            elif not any(match.start < end and start < match.end for start, end in self._gone):
                self.observed.add(match.tag)
        self._watched = waiting
        starts = [match.start for match in waiting] + [scan.start for _, scan in self._scans]
        if self._observing.oldest is not None and not self._closed:
            starts.append(self._observing.oldest)
        if self._gone:
            reach = min([left, *starts])
            self._gone = [(start, end) for start, end in self._gone if end > reach]

    def _release_around(self, regions: list[Region], until: int, out: list[str]) -> int:
        """Release up to ``until`` without ``regions``; stops early where a region may yet turn out protected."""
        pending = None if self._closed else self._protected.oldest
        at = self._base
        while at < until:
            tags: set[int] = set()
            for region in regions:
                if region.start <= at < region.end:
                    tags |= region.tags
            masked = is_masked(tags, self._placeholders)
            removed = masked or (bool(tags) and not self._is_protected(at))
            if removed and not masked and pending is not None and at >= pending:
                break
            if removed:
                self._marker = tags if self._marker is None else self._marker | tags
                self.ledger.deleted += 1
                self._note_gone(at)
                at += 1
            else:
                following = at + 1 if tags else min([until, *(region.start for region in regions if region.start > at)])
                self._emit(at, following, out)
                at = following
        return at

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
            out.append(written)
            self.ledger.added += len(written)

    def _drop(self) -> None:
        self.ledger.deleted += len(self._text)
        self._text.clear()
        self._marker = None

    def _written(self, out: list[str]) -> str:
        text = "".join(out)
        self.ledger.written += len(text)
        return text
