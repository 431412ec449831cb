"""How people write a number: the short notation of ``numbers.toml``, as patterns of the engine's dialect.

``#`` is a digit, ``@`` a capital letter, ``DD``, ``MM`` and ``YY`` are parts of a date; the rest is the dialect itself
(docs/patterns.md), of which Python's ``re`` knows every word.
"""

from __future__ import annotations

import re

_PARTS = {
    "#": "[0-9]",
    "@": "[A-Z]",
    "DD": "(?:0[1-9]|[12][0-9]|3[01])",
    "MM": "(?:0[1-9]|1[0-2])",
    "YY": "[0-9]{2}",
}
_PART = re.compile("|".join(_PARTS))
#: What a count in braces may follow; runs of the same part are written with one.
_RUN = re.compile(r"(\[0-9\]|\[A-Z\])\1+")


def pattern(shape: str) -> str:
    """Return ``shape`` as a pattern that finds whole words."""
    written = _PART.sub(lambda part: _PARTS[part[0]], shape)
    return rf"\b(?:{_RUN.sub(lambda run: f'{run[1]}{{{len(run[0]) // len(run[1])}}}', written)})\b"
