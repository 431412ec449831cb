"""Detectors that see one closed sentence at a time (semantics, rules 6 and 12): the open one waits."""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.detection import Segments
from ordinance.runtime.sentences import Sentence

#: A sentence that does not end is judged every so many characters.
BOUND = 1000


class DetectorError(Exception):
    """A detector raised, or gave spans that do not lie in its sentence."""


class SegmentScan:
    """One detector on one stream. ``start`` is where the segment begins that it has not seen yet."""

    __slots__ = ("_segments", "_text", "start")

    def __init__(self, segments: Segments, at: int) -> None:
        self._segments = segments
        self._text: list[str] = []
        self.start = at

    def copy(self) -> SegmentScan:
        """A scan at the same place, for another stream."""
        other = SegmentScan(self._segments, self.start)
        other._text = list(self._text)
        return other

    def feed(self, char: str, settled: Sequence[Sentence]) -> list[tuple[int, int]]:
        """The spans found in segments that are closed now, in stream positions. Raises ``DetectorError``."""
        self._text.append(char)
        found = self._settle(settled)
        if len(self._text) >= BOUND:
            found += self._judge(len(self._text))
        return found

    def close(self, settled: Sequence[Sentence]) -> list[tuple[int, int]]:
        """The spans in what is left when the text ends."""
        return self._settle(settled) + (self._judge(len(self._text)) if self._text else [])

    def _settle(self, settled: Sequence[Sentence]) -> list[tuple[int, int]]:
        return [
            span for sentence in settled if sentence.end > self.start for span in self._judge(sentence.end - self.start)
        ]

    def _judge(self, length: int) -> list[tuple[int, int]]:
        segment = "".join(self._text[:length])
        del self._text[:length]
        at, self.start = self.start, self.start + length
        return [(at + start, at + end) for start, end in find(self._segments, segment)]


def find(segments: Segments, segment: str) -> list[tuple[int, int]]:
    """Ask a detector about one segment. Raises ``DetectorError`` for whatever goes wrong in it."""
    try:
        spans = [(int(start), int(end)) for start, end in segments.find(segment)]
    except Exception as fault:
        raise DetectorError(type(fault).__name__) from None
    if any(not 0 <= start < end <= len(segment) for start, end in spans):
        raise DetectorError("span outside its segment")
    return spans
