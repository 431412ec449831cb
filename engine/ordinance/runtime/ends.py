"""How a text ends (semantics, rule 6): by the model's own choice, or cut by somebody else."""

from __future__ import annotations

from enum import Enum


class End(Enum):
    """The kind of a text's end. Released text is the same function of the model's text and of this kind, for every
    cutting."""

    OWN = "own"
    CUT = "cut"
