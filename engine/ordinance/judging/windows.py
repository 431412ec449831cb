"""Text that does not fit before a judge: overlapping windows, each of which is judged. Nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterator

#: So many characters of a window are in the next one too.
OVERLAP = 500
#: Of what was asked, so many characters are shown with an answer, from its end. It was judged by itself before.
CONTEXT = 2_000


def windows(text: str, size: int, start: int = 0) -> Iterator[str]:
    """Yield the windows of ``text``, of at most ``size`` characters, that have something from the offset ``start`` on:
    the others were judged before. Where they begin depends on the text alone."""
    step = size - OVERLAP
    at = 0
    while True:
        end = at + size
        if end > start or end >= len(text):
            yield text[at:end]
        if end >= len(text):
            return
        at += step


def context(asked: str) -> str:
    """Return what is shown of what was ``asked``."""
    return asked[-CONTEXT:]
