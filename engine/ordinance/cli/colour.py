"""Colours findings, errors and headings on a terminal that has colours.

Variables decide otherwise, in this order: ``NO_COLOR`` (none, https://no-color.org), ``FORCE_COLOR`` and
``CLICOLOR_FORCE`` (even in a file or a pipe), ``CLICOLOR=0`` (none), ``TERM=dumb`` (none). JSON is never coloured.
"""

from __future__ import annotations

import os
import re
from typing import TextIO

_RED, _YELLOW, _BLUE, _BOLD, _END = "\x1b[1;31m", "\x1b[1;33m", "\x1b[36m", "\x1b[1m", "\x1b[0m"
#: What stands in a finding, an error or a result, and its colour.
_PARTS = (
    (re.compile(r"^(.*?)(\berror\[[^\]\n]*\])", re.MULTILINE), _RED),
    (re.compile(r"^(.*?)(\bwarning\[[^\]\n]*\])", re.MULTILINE), _YELLOW),
    (re.compile(r"^(ordinance: )(warning:)", re.MULTILINE), _YELLOW),
    (re.compile(r"^(\S+:\d+:\d+: )(failed:)", re.MULTILINE), _RED),
    (re.compile(r"^(\S+:\d+:\d+: )(not run:)", re.MULTILINE), _YELLOW),
    (re.compile(r"^()(OPEN \(\d+\))$", re.MULTILINE), _RED),
    (re.compile(r"^()(NOT TRIED \(\d+\))$", re.MULTILINE), _YELLOW),
    (re.compile(r"^( +\| *)(\^+)$", re.MULTILINE), _RED),
    (re.compile(r"^( +)((?:help|law):)", re.MULTILINE), _BLUE),
)


def wanted(stream: TextIO) -> bool:
    """Return whether ``stream`` is a terminal with colours and nobody has turned them off; or somebody forces them."""
    says = os.environ.get
    if says("NO_COLOR"):
        return False
    if any(says(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.isatty() and says("CLICOLOR") != "0" and says("TERM", "dumb") != "dumb"


def coloured(text: str, stream: TextIO) -> str:
    """Return ``text`` as ``stream`` should show it: with colours where they are `wanted`, else unchanged."""
    if wanted(stream):
        for part, colour in _PARTS:
            text = part.sub(rf"\g<1>{colour}\g<2>{_END}", text)
    return text


def heading(text: str, stream: TextIO) -> str:
    """Return ``text`` as a heading, such as the first row of a table: in bold where colours are `wanted`."""
    return f"{_BOLD}{text}{_END}" if wanted(stream) and text else text


def tell(text: str, stream: TextIO) -> None:
    """Print ``text`` on ``stream``, `coloured`."""
    print(coloured(text, stream), file=stream)
