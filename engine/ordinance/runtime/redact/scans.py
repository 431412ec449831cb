"""What is looked for on one stream beside its automaton: by detectors that see sentences, and two things near each
other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ordinance.runtime.match.matcher import JointWatch, Matcher, Watch
from ordinance.runtime.match.nearby import NearbyScan
from ordinance.runtime.match.segments import Finding, SegmentScan
from ordinance.runtime.redact.activation import OBSERVING, Activation, NearbyRule, SegmentRule
from ordinance.runtime.text.sentences import Sentence

#: What a rule finds.
Found = Iterator[tuple[SegmentRule | NearbyRule, list[Finding]]]


class Scans:
    """The scans of one stream, in the order of ``Activation.segments`` and of ``Activation.nearby``."""

    __slots__ = ("_nearby", "_segments")

    def __init__(self, activation: Activation, segments: Sequence[SegmentScan], nearby: Sequence[NearbyScan]) -> None:
        self._segments = list(zip(activation.segments, segments, strict=True))
        self._nearby = list(zip(activation.nearby, nearby, strict=True))

    def __bool__(self) -> bool:
        return bool(self._segments or self._nearby)

    def feed(self, char: str, settled: Sequence[Sentence]) -> Found:
        """Read ``char``, which ends the sentences ``settled``, and yield what that makes certain."""
        for rule, scan in self._segments:
            yield rule, scan.feed(char, settled)
        for near, pair in self._nearby:
            yield near, pair.feed(char)

    def close(self, settled: Sequence[Sentence]) -> Found:
        """End the text, and yield what that makes certain."""
        for rule, scan in self._segments:
            yield rule, scan.close(settled)
        for near, pair in self._nearby:
            yield near, pair.close()

    def starts(self) -> list[int]:
        """Return for each the first position that may lie in what it finds from now on."""
        return [*(scan.start for _, scan in self._segments), *(pair.start for _, pair in self._nearby)]

    def hold(self, held: int) -> int:
        """Return ``held``, or the first character that waits for a detector that sees sentences. What waits for two
        things near each other is for their ``watch`` to say."""
        return min([held, *(scan.start for rule, scan in self._segments if rule.family != OBSERVING)])

    def watch(self, matcher: Matcher, family: int) -> Watch:
        """Return what ``matcher`` and the scans know about a family."""
        others = [pair for rule, pair in self._nearby if rule.family == family]
        return JointWatch(matcher, 1 << family, others) if others else Watch(matcher, 1 << family)

    def breaking_off(self, end: int) -> list[int]:
        """Return where numbers begin near another thing that lack only their check digits at ``end``."""
        found = (pair.breaking_off(end) for rule, pair in self._nearby if rule.family != OBSERVING)
        return [start for start in found if start is not None]
