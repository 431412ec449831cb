"""Paragraphs on a stream: from the first character that is no space up to a blank line (semantics, rule 5).

Lines end where UAX #29 sees a line end (CR LF counts as one); a line is blank that has nothing but spaces, and marks or
invisible characters behind them. The space between two paragraphs belongs to neither.
"""

from __future__ import annotations

from ordinance.runtime.text.sentences import Sentence, sentence_class

_BREAKS = "pnr"
_FOLLOWERS = "EF"

#: Whether the line is blank so far, the last character was space, it was a carriage return, a paragraph is open.
ParagraphPlace = tuple[bool, bool, bool, bool]


class Paragraphs:
    """The state of one stream; ``feed`` and ``close`` give the paragraphs that they settle, with the same fields as
    ``Sentences``. ``start`` is where the open paragraph begins, or the place reached where none is open.

    That a paragraph has ended is certain with the blank line's own end; until then its trailing space may yet turn out
    to stand within it.
    """

    __slots__ = ("_blank", "_return", "_space", "at", "content", "settled", "split", "split_content", "start")

    def __init__(self, at: int = 0) -> None:
        self.at = self.start = self.content = self.split_content = at
        self.split: int | None = None  # nothing is ever in doubt but the end
        self.settled: list[Sentence] = []
        self._blank = True  # nothing but space on this line so far
        self._space = True  # the last character was space, or followed one
        self._return = False

    def feed(self, char: str) -> list[Sentence]:
        """Take the next character."""
        return self.take(sentence_class(char))

    def take(self, found: str) -> list[Sentence]:
        """Take the next character, by its class for sentences."""
        self.settled = []
        self.at += 1
        if found in _BREAKS:
            if not (found == "n" and self._return):
                if self._blank:
                    self._end()
                self._blank = True
            self._space = True
        elif found == "s":
            self._space = True
        elif not (found in _FOLLOWERS and self._space):
            self._space = self._blank = False
            self.content = self.at
        self._return = found == "r"
        if self.content <= self.start:
            self.start = self.content = self.at
        return self.settled

    def close(self) -> list[Sentence]:
        """End the text, and with it the paragraph."""
        self.settled = []
        self._end()
        return self.settled

    @property
    def inside(self) -> bool:
        """Return whether the last character belongs to a paragraph and is no space."""
        return not self._space

    def place(self) -> ParagraphPlace:
        """Return the state without positions."""
        return self._blank, self._space, self._return, self.content > self.start

    def resume(self, place: ParagraphPlace, at: int) -> None:
        """Be as ``place`` says, at ``at``. Where an open paragraph began is forgotten: it seems to begin there."""
        self._blank, self._space, self._return, is_open = place
        self.at = self.content = at
        self.start = at - is_open

    def _end(self) -> None:
        if self.content > self.start:
            self.settled.append(Sentence(self.start, self.at, self.content))
        self.start = self.content = self.at
