"""How a text ends (semantics, rule 6): by the model's own choice, or cut by somebody else."""

from __future__ import annotations

from enum import Enum

#: A live start of so many characters, from its first on, does not leave where a text is cut. The smallest number with
#: which at most 1 in 200 ordinary answers that are cut at a random place carries a marker for it
#: (``benchmarks/ends.py``); what one character less gives away stands in ``docs/security.md``.
LEAST = 12


class End(Enum):
    """The kind of a text's end. Released text is the same function of the model's text and of this kind, for every
    cutting."""

    OWN = "own"
    CUT = "cut"
