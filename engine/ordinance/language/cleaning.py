"""What people's editors put into a pack unseen: repaired for the parser, and told.

Each repair keeps the length of the text, so that every later finding points at the right column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ordinance.language.diagnostics import MOST, Diagnostic, diagnose
from ordinance.language.source import Source

QUOTES = "„“”‟«»‚‘‛‹›"

_ODD_SPACES = "\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\v\f\r\x85"
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")

#: What a terminal obeys and a reader does not see; between words it is an odd space or a stray sign.
_CONTROL = re.compile("[\x00-\x08\v\f\r\x0e-\x1f\x7f-\x9f\u2028\u2029]")

#: What may have to be repaired or told; a text without any of it is as it should be.
_ODD = re.compile(f"[{QUOTES}{_ODD_SPACES}]|{_DIRECTION.pattern}|{_CONTROL.pattern}")

_PIECE = re.compile(
    rf"""(?P<comment>\#[^\n]*)
       | (?P<plain>"[^"\n]*")
       | (?P<quoted>[{QUOTES}][^"{QUOTES}\n]*["{QUOTES}’])
       | (?P<space>[{_ODD_SPACES}]+)""",
    re.VERBOSE,
)


def clean(source: Source) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """Return the text for the parser, as long as the source's, and a finding for each repair.

    The text is None if more had to be repaired than is worth reporting: that is not a pack.
    """
    if not _ODD.search(source.text):
        return source.text, ()
    found = list(hidden_directions(source))
    pieces: list[str] = []
    end = 0
    for match in _PIECE.finditer(source.text):
        repaired = _repair(match, source, found)
        if len(found) >= MOST:
            message = "the rest of the file was not checked"
            found[MOST - 1 :] = [diagnose("too-many", source.span(*match.span()), message)]
            return None, tuple(found)
        if repaired:
            pieces += (source.text[end : match.start()], repaired)
            end = match.end()
    return "".join((*pieces, source.text[end:])), tuple(found)


def hidden_directions(source: Source) -> Iterator[Diagnostic]:
    """Report characters that change the direction of text invisibly."""
    for match in islice(_DIRECTION.finditer(source.text), MOST):
        message = f"the character U+{ord(match[0]):04X} changes the direction of text"
        yield diagnose("hidden-direction", source.span(*match.span()), message)


def _repair(match: re.Match[str], source: Source, found: list[Diagnostic]) -> str:
    """Return the replacement for a piece of text, and add a finding; an empty string if nothing is wrong."""
    text = match[0]
    if match.lastgroup in ("plain", "comment") and (control := _CONTROL.search(text)):
        at = match.start() + control.start()
        where = "comment" if match.lastgroup == "comment" else "text"
        message = f"the {where} contains the control character U+{ord(control[0]):04X}"
        found.append(diagnose("control-character", source.span(at, at + 1), message))
    if match.lastgroup == "quoted":
        message = f"{text[0]}…{text[-1]} is used where plain quotes are needed"
        found.append(diagnose("typographic-quote", source.span(*match.span()), message))
        return f'"{text[1:-1]}"'
    if match.lastgroup == "space":
        message = f"this space is the character U+{ord(text[0]):04X}, not an ordinary space"
        found.append(diagnose("odd-space", source.span(*match.span()), message))
        return " " * len(text)
    return ""
