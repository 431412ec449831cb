"""What the kit asks a plugin about, besides its own examples: shipped prose, and texts that were made to be hard."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.authoring.prose import PROSE
from ordinance.plugin import Passage, Span
from ordinance.runtime.match.passages import shown, tail
from ordinance.runtime.match.segments import BOUND
from ordinance.runtime.text.sentences import Sentences

_ZERO_WIDTH = "\u200b"
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if chr(code).isalnum()}
#: It has no sentence in it, and says nothing.
_FILLER = "la, "

#: Texts on which careless code takes long, fails, or finds what is not there.
HARD = (
    "a" * BOUND, "1" * BOUND, "1-" * (BOUND // 2), " " * BOUND, "aA1 " * 100, "(" * 100, "\u0301" * 100,
    "e\u0301" * 100, _ZERO_WIDTH * 100, "\u0130\ufb03\ud7a3" * 50, "\U0001f469\u200d\U0001f52c" * 50,
    "\u202e" + "abc" * 50, "\x00\x1b[31m" * 50, "\ufeff", "x",
)  # fmt: skip


def prose() -> Iterator[str]:
    """Yield the sentences of the prose that ships, of each language."""
    for text in PROSE.values():
        yield from sentences_of(text)


def sentences_of(text: str) -> Iterator[str]:
    """Yield the sentences of ``text``, as detectors see them."""
    sentences = Sentences()
    for sentence in [each for char in text for each in sentences.feed(char)] + list(sentences.close()):
        yield text[sentence.start : sentence.end]


def disguised(text: str, found: Span) -> Iterator[tuple[str, str]]:
    """Yield how the part ``found`` of ``text`` may be written so that people read the same, and the text with it."""
    start, end = found
    part = text[start:end]
    yield "in full-width characters", f"{text[:start]}{part.translate(_WIDE)}{text[end:]}"
    for at in range(start + 1, end):
        if text[at - 1].isalnum() and text[at].isalnum():
            yield "with a character of no width in it", f"{text[:at]}{_ZERO_WIDTH}{text[at:]}"
            return


def placed(part: str, at: int) -> str:
    """Return ``part`` at position ``at`` of a text that does not end, with a little more behind it."""
    return f"{_filler(at)}{part}{_filler(20)}"


def _filler(length: int) -> str:
    return (_FILLER * (length // len(_FILLER) + 1))[-length:] if length else ""


def passage(text: str, before: str = "") -> Passage:
    """Return ``text`` as the engine shows it to a detector, folded beside what was written, behind the text ``before``
    (as it was written; it is folded here)."""
    return shown(text, tail(before, len(before)))
