"""What of a text must come back as it is: protected spans, each with the values that it can have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a protected span is."""

    NUMBER = "number"
    UNIT = "unit"
    DATE = "date"
    NAME = "name"
    NEGATION = "negation"
    HEDGE = "hedge"
    QUOTATION = "quotation"
    CODE = "code"
    LINK = "link"
    CITATION = "citation"
    CONTACT = "contact"
    NOTICE = "notice"


class State(StrEnum):
    """Whether what is protected came back. Whoever asks treats ``CANNOT_TELL`` as ``DIFFERS``."""

    SOUND = "sound"
    DIFFERS = "differs"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Span:
    """The characters ``start`` to ``end`` of a text are a ``kind`` and can mean each of ``readings``.

    ``written`` is how it is written, without what is form alone; a span with more than one reading counts by it.
    """

    kind: Kind
    start: int
    end: int
    written: str
    readings: frozenset[str]

    def beside(self, other: Span) -> State:
        """Return whether this span and the ``other`` mean the same."""
        if self.written == other.written or (len(self.readings) == 1 and self.readings == other.readings):
            return State.SOUND
        return State.CANNOT_TELL if self.readings & other.readings else State.DIFFERS


def only(kind: Kind, start: int, end: int, value: str) -> Span:
    """Return a span that can mean ``value`` alone."""
    return Span(kind, start, end, value, frozenset({value}))


#: Stands in the place of each character that a reader has taken, so that the next does not read it again.
TAKEN = "\ufffc"


def without(text: str, spans: Iterable[Span]) -> str:
    """Return ``text`` with the characters of ``spans``, which are in order, taken."""
    parts: list[str] = []
    at = 0
    for span in spans:
        start = max(at, span.start)
        parts += (text[at:start], TAKEN * (span.end - start))
        at = max(at, span.end)
    return "".join((*parts, text[at:]))
