"""Detectors that see one closed sentence at a time (semantics, rules 6, 12 and 13): the open one waits.

Whatever goes wrong in a detector becomes a ``Finding`` that says so; what that means is decided where it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ordinance.detection import Segments, exact
from ordinance.runtime.match.passages import shown
from ordinance.runtime.text.sentences import Sentence

#: A sentence that does not end is judged in windows of so many characters.
BOUND = 1000
#: Two windows share so many of them at most.
MOST_OVERLAP = BOUND // 2


class DetectorError(Exception):
    """A detector raised, died, outran its budget, or gave spans that do not lie in its sentence.

    ``lasting``: it is not asked again in the same request, for that may cost as much once more.
    """

    def __init__(self, what: str, *, lasting: bool = False) -> None:
        super().__init__(what)
        self.lasting = lasting


class Finding(NamedTuple):
    """Where a detector found something, or, where it ``failed``, the segment that nobody has looked at."""

    start: int
    end: int
    failed: bool = False


class Asking:
    """One detector in one request. Once it has failed for good, it is not asked any more."""

    __slots__ = ("_lost", "_segments")

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._lost = False

    @property
    def overlap(self) -> int:
        return self._segments.overlap

    def findings(self, segment: str, at: int = 0) -> list[Finding]:
        """Return the findings in a ``segment`` that begins at ``at``; if the detector fails, the whole segment, as
        failed."""
        if not self._lost:
            try:
                return [Finding(at + start, at + end) for start, end in find(self._segments, segment)]
            except DetectorError as fault:
                self._lost = fault.lasting
        return [Finding(at, at + len(segment), failed=True)]


class SegmentScan:
    """One detector on one stream. What stands before ``start`` cannot lie in what it may still find."""

    __slots__ = ("_asking", "_seen", "_text", "start")

    def __init__(self, asking: Asking, at: int) -> None:
        self._asking = asking
        self._text: list[str] = []  # from ``start`` on
        self._seen = 0  # how many of these characters stood in a window before
        self.start = at

    def copy(self) -> SegmentScan:
        """Copy this scan, at the same place, for another stream of the same request."""
        other = SegmentScan(self._asking, self.start)
        other._text, other._seen = list(self._text), self._seen
        return other

    def feed(self, char: str, settled: Sequence[Sentence]) -> list[Finding]:
        """Read ``char``, and return the findings in segments that are now closed, in stream positions."""
        self._text.append(char)
        found = self._settle(settled)
        if len(self._text) >= BOUND:
            found += self._judge(len(self._text), self._asking.overlap)
        return found

    def close(self, settled: Sequence[Sentence]) -> list[Finding]:
        """End the text, and return the findings in what is left."""
        return self._settle(settled) + self._judge(len(self._text))

    def _settle(self, settled: Sequence[Sentence]) -> list[Finding]:
        return [
            found
            for sentence in settled
            if sentence.end > self.start
            for found in self._judge(sentence.end - self.start)
        ]

    def _judge(self, length: int, repeated: int = 0) -> list[Finding]:
        """Return the findings in the first ``length`` characters; the last ``repeated`` of them are shown again."""
        new, at = length > self._seen, self.start
        segment = "".join(self._text[:length]) if new else ""
        done = length - repeated
        del self._text[:done]
        self.start += done
        self._seen = repeated if new else self._seen - done
        return self._asking.findings(segment, at) if new else []


def find(segments: Segments, segment: str) -> list[tuple[int, int]]:
    """Ask a detector about one segment. Raises ``DetectorError`` for whatever goes wrong in it."""
    try:
        spans = exact(segments.find(shown(segment)))
    except DetectorError:
        raise
    except Exception as fault:
        raise DetectorError(type(fault).__name__) from None
    if any(not 0 <= start < end <= len(segment) for start, end in spans):
        raise DetectorError("span outside its segment")
    return spans
