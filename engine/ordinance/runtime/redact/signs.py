"""What stands in the place of what is removed (semantics, rules 8, 11 and 17).

The same sign stands there whatever was removed: the marker, or where nothing but masks removed it their placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ordinance.detection import Pattern
from ordinance.policy.vocabulary import MARKER

_OPENING, _CLOSING = "[⟦〚⟬〘]", "[⟧〛⟭〙]"
#: What stands between them: an ellipsis folds to three full stops; space, Braille's too; and what Markdown does not
#: show, emphasis and escapes.
_DOT, _SPACE, _SIGN = ".⋯⋮⋰⋱·•‧∙⋅⁝⁞᠁。・●", "\\s\u2800", r"\\*_`~"
_ELLIPSIS = rf"(?:[⋯⋮⋰⋱]|\.[\s{_SIGN}]?\.)"

#: The marker and what looks like it: dots, or nothing, in double brackets of any kind; and an opening one with an
#: ellipsis, emphasised or not, closed or not.
LOOKALIKES = (
    Pattern(rf"{_OPENING}[{_DOT}{_SPACE}]{{0,60}}{_CLOSING}"),
    Pattern(rf"{_OPENING}[{_SPACE}{_SIGN}]{{0,20}}[{_DOT}][{_DOT}{_SPACE}{_SIGN}]{{0,60}}{_CLOSING}"),
    Pattern(rf"{_OPENING}[{_SPACE}{_SIGN}]{{0,20}}{_ELLIPSIS}"),
)

#: The marker in a text that a client sends back, whatever the client made of its dots.
RETURNED_MARKER = re.compile(rf"{_OPENING}[^\w⟦〚⟬〘]{{0,60}}{_CLOSING}")


def placeholder(label: str) -> str:
    """How a mask shows what stood there: ``[label]``."""
    return f"[{label}]"


def imitation(tag: int) -> int:
    """Return the tag of a placeholder that the model wrote itself; ``tag`` is the number of the rule whose placeholder
    it is."""
    return ~tag


def is_masked(tags: Iterable[int], placeholders: Mapping[int, str]) -> bool:
    """Whether a mask is among the rules ``tags``: what is protected does not reach into it (semantics, rule 14)."""
    return any(_rule(tag) in placeholders for tag in tags)


def sign(tags: Iterable[int], placeholders: Mapping[int, str]) -> str:
    """Return the sign that replaces a region that the rules ``tags`` removed. The marker wins over masks; if several
    masks touch, their placeholders follow each other, each once, in a fixed order."""
    found = {placeholders.get(_rule(tag), MARKER) for tag in tags}
    return MARKER if MARKER in found else "".join(sorted(found))


def _rule(tag: int) -> int:
    return tag if tag >= 0 else imitation(tag)
