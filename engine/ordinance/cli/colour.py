"""Colours findings and errors on a terminal that has colours, unless ``NO_COLOR`` is set (https://no-color.org)."""

from __future__ import annotations

import os
import re
from typing import TextIO

_RED, _YELLOW, _BLUE, _END = "\x1b[1;31m", "\x1b[1;33m", "\x1b[36m", "\x1b[0m"
#: What stands in a finding or an error, and its colour.
_PARTS = (
    (re.compile(r"^(.*?)(\berror\[[^\]\n]*\])", re.MULTILINE), _RED),
    (re.compile(r"^(.*?)(\bwarning\[[^\]\n]*\])", re.MULTILINE), _YELLOW),
    (re.compile(r"^( +\| *)(\^+)$", re.MULTILINE), _RED),
    (re.compile(r"^( +)((?:help|law):)", re.MULTILINE), _BLUE),
)


def wanted(stream: TextIO) -> bool:
    """Return whether ``stream`` is a terminal with colours and nobody has turned them off."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def coloured(text: str, stream: TextIO) -> str:
    """Return ``text`` as ``stream`` should show it: with colours where they are `wanted`, else unchanged."""
    if wanted(stream):
        for part, colour in _PARTS:
            text = part.sub(rf"\g<1>{colour}\g<2>{_END}", text)
    return text
