"""A form in the engine: what of a text it looks at, and how that is written instead (semantics, rules 40 to 44)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ordinance.detection import Form as GivenForm

#: A form sees so many characters at once at most; they wait for it.
WIDEST = 500

#: What no passage contains: signs that open, close or belong to what is not prose.
_NO_PROSE = r"\s`\"„“”«»‹›‚‘「」『』《》〈〉<>{}\[\]§@/\\_$#|*=~^"


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a ``slot``, such as `numbers`.

    ``start`` finds where a unit may begin, by the character there and those before it. ``unit`` matches there what may
    be rewritten; it looks at no more than ``width`` characters from its start on, and so many wait for it at most.
    ``open`` matches, from the start to the end of what has come, what may still become another unit; where it does
    not match, the unit is certain. ``rewrite`` takes at most ``width`` characters before the unit, as the model wrote
    them, and the unit; it gives what stands instead, or None to leave it. Where it raises, the unit stays.

    The witness is asked about each rewriting. Where it cannot tell, only what is ``proven`` is made: the engine's own,
    of which tests show that each is sound. What is ``lossless``, another script with a way back, it is not asked about:
    it reads no two scripts.
    """

    slot: str
    width: int
    start: re.Pattern[str]
    open: re.Pattern[str]
    unit: re.Pattern[str]
    rewrite: Callable[[str, str], str | None]
    proven: bool = False
    lossless: bool = False


@dataclass(frozen=True, slots=True)
class Quotes:
    """How a quotation is opened and closed."""

    opening: str
    closing: str


def of_plugin(slot: str, given: GivenForm) -> Form:
    """Return the form of a plugin. It is shown passages: of each line as many whole words as have fewer than ``width``
    characters together. Raises ``ValueError`` for a width that is none."""
    if not 2 <= given.width <= WIDEST:
        raise ValueError(f"the width of a form is from 2 to {WIDEST}")
    word, rewrite = f"[^{_NO_PROSE}]", given.rewrite
    return Form(
        slot,
        given.width,
        start=re.compile(rf"(?<!\S){word}"),
        open=re.compile(rf"(?:{word}|[^\S\n])*\Z"),
        unit=re.compile(rf"(?=((?:{word}|[^\S\n]){{0,{given.width - 2}}}{word}(?!\S)))\1"),
        rewrite=lambda _, unit: rewrite(unit),
    )
