"""What people's editors put into a pack unseen: repaired for the parser, and told.

Each repair keeps the length of the text, so that every later finding points at the right column.
"""

from __future__ import annotations

import re

from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.language.source import Source

QUOTES = "„“”‟«»‚‘‛‹›"

_ODD_SPACES = "\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\v\f\r\x85"
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")

_PIECE = re.compile(
    rf"""(?P<comment>\#[^\n]*)
       | (?P<plain>"[^"\n]*")
       | (?P<quoted>[{QUOTES}][^"{QUOTES}\n]*["{QUOTES}’])
       | (?P<space>[{_ODD_SPACES}])""",
    re.VERBOSE,
)


def clean(source: Source) -> tuple[str, tuple[Diagnostic, ...]]:
    """The text for the parser, as long as the source's, and what had to be repaired in it."""
    found: list[Diagnostic] = []
    for match in _DIRECTION.finditer(source.text):
        message = f"the character U+{ord(match[0]):04X} reorders text"
        found.append(diagnose("hidden-direction", source.span(*match.span()), message))

    def repair(match: re.Match[str]) -> str:
        text = match[0]
        span = source.span(*match.span())
        if match.lastgroup == "quoted":
            message = f"{text[0]}…{text[-1]} stands where plain quotes are needed"
            found.append(diagnose("typographic-quote", span, message))
            return f'"{text[1:-1]}"'
        if match.lastgroup == "space":
            found.append(diagnose("odd-space", span, f"the space here is U+{ord(text):04X}, not an ordinary one"))
            return " "
        return text

    return _PIECE.sub(repair, source.text), tuple(found)
