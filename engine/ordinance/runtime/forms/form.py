"""A form in the engine: what of a text it looks at, and how that is written instead (semantics, rules 40 to 44)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ordinance.detection import Form as GivenForm

#: A form sees so many characters at once at most; they wait for it.
WIDEST = 500
#: And so many at least, or a plugin's form would see no word.
NARROWEST = 2


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a ``slot``, such as `numbers`.

    ``unit`` finds what it may rewrite, in running text: never empty, no longer than ``width`` characters with all that
    the pattern looks at. ``open`` matches, from a place to the end of what has come, what may still become a unit;
    where it does not match, the place is decided. ``rewrite`` takes the ``width`` characters before a unit, as the
    model wrote them, and the unit; it gives what stands instead, or None to leave it. It may raise: the unit stays
    then.

    The witness is asked about each rewriting. Where it cannot tell, only what is ``proven`` is made: the engine's own,
    of which tests show that each is sound.
    """

    slot: str
    width: int
    unit: re.Pattern[str]
    open: re.Pattern[str]
    rewrite: Callable[[str, str], str | None]
    proven: bool = False


def of_plugin(slot: str, given: GivenForm) -> Form:
    """Return the form of a plugin. It is shown passages: of each line as many whole words as have at most ``width``
    characters. Raises ``ValueError`` for a width that is none."""
    if not 1 <= given.width <= WIDEST:
        raise ValueError(f"the width of a form is from 1 to {WIDEST}")
    rewrite = given.rewrite
    within = given.width - 1
    unit = re.compile(rf"(?<!\S)\S(?:[^\n]{{0,{max(within - 1, 0)}}}\S)?(?!\S)")
    return Form(slot, given.width, unit, re.compile(rf"\S[^\n]{{0,{within}}}\Z"), lambda _, unit: rewrite(unit))
