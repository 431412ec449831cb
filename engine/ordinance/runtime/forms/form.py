"""A form in the engine: what of a text it looks at, and how that is written instead (semantics, rules 40 to 44)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

#: A form sees so many characters at once at most; they wait for it.
WIDEST = 500
#: And so many at least, or a plugin's form would see no word.
NARROWEST = 2


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
