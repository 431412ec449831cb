"""How a text ends (semantics, rule 6): by the model's own choice, or cut by somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from ordinance.runtime.match.disguise import BETWEEN, FAINT, SPELLING
from ordinance.runtime.text.folding import fold_char

#: A live start of so many characters does not leave where a text is cut. The smallest number with which in each shipped
#: language at most 1 in 200 ordinary answers that are cut at a random place carries a marker for it
#: (``benchmarks/ends.py``); what one character less gives away stands in ``docs/security.md``.
LEAST = 5


class End(Enum):
    """The kind of a text's end. Released text is the same function of the model's text and of this kind, for every
    cutting. ``LIMITED`` is that of a closed string in JSON which a schema may have ended: a cut, but of numbers with
    check digits only what could be computed counts, or no postcode could stand there."""

    OWN = "own"
    CUT = "cut"
    LIMITED = "limited"


def long_before(held: Sequence[str], base: int) -> int:
    """Return the position before which live starts are too long to leave at a cut; ``held`` begins at ``base``.

    A start's length runs to the last letter, digit or mark, including hidden letters and those of flags. A disguised
    phrase goes on after any signs and spaces, and counting them would take words such as "kann." from the ends of
    ordinary sentences.
    """
    for at in range(len(held), 0, -1):
        if held[at - 1] in FAINT or not all(map(_is_sign, fold_char(held[at - 1]))):
            return base + at - LEAST + 1
    return base - LEAST + 1


def _is_sign(symbol: str) -> bool:
    return symbol in BETWEEN and symbol not in SPELLING
