"""JSON character by character, cut anywhere: what each character says, and in which string it stands.

Escapes in strings are decoded (RFC 8259, section 7); a lone surrogate reads as U+FFFD. Text that is no JSON is read
without complaint, for it must be searched as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

#: Where a value stands: the keys and indexes that lead to it.
Path = tuple[str | int, ...]

_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_HEX = frozenset("0123456789abcdefABCDEF")
_LONE = "\N{REPLACEMENT CHARACTER}"


class Role(Enum):
    """What a character is: part of no string, a quote that opens or closes one, or inside one."""

    OUTSIDE = auto()
    OPENS = auto()
    INSIDE = auto()
    CLOSES = auto()


class Unit(NamedTuple):
    """A character as it reads, how many characters of the source it takes, and its role."""

    char: str
    length: int
    role: Role


class JsonReader:
    """The state between two characters of one text.

    When a quote has opened a string, ``path`` is where its value stands; None for a key.
    """

    __slots__ = ("_escape", "_frames", "_high", "_in_string", "_key", "_loose", "_takes_key", "path")

    def __init__(self) -> None:
        self.path: Path | None = ()
        self._in_string = False
        self._loose = False  # something stood in no string, list or object
        self._takes_key = False
        self._key: list[str] = []
        self._frames: list[str | int | None] = []  # an index in a list; in an object the last key, None before one
        self._escape = ""  # the source of an escape that is not complete
        self._high = ""  # a high surrogate whose low one may follow, decoded from what came before _escape

    @property
    def within(self) -> bool:
        """Return whether a string, a list or an object has begun and not ended, or something stood in none of them, of
        which nothing says where it ends."""
        return self._in_string or self._loose or bool(self._frames)

    def feed(self, source: str) -> Iterator[Unit]:
        """Yield the characters that ``source`` completes."""
        for char in source:
            if self._escape:
                yield from self._escaped(char)
            elif self._in_string:
                yield from self._inside(char)
            else:
                yield self._outside(char)

    def close(self) -> Iterator[Unit]:
        """End the text: what is left of an escape is not a whole character."""
        if self._high:
            yield Unit(_LONE, 6, Role.INSIDE)
        if self._escape:
            yield Unit(_LONE, len(self._escape), Role.INSIDE)
        self._high = self._escape = ""

    def _outside(self, char: str) -> Unit:
        frames = self._frames
        if char == '"':
            self._in_string = True
            self._takes_key = bool(frames) and frames[-1] is None
            self._key = []
            self.path = None if self._takes_key else tuple([step for step in frames if step is not None])
            return Unit(char, 1, Role.OPENS)
        if char == "{":
            frames.append(None)
        elif char == "[":
            frames.append(0)
        elif char in "}]":
            if frames:
                frames.pop()
        elif not frames:
            self._loose = self._loose or not char.isspace()
        elif char == ",":
            last = frames[-1]
            frames[-1] = last + 1 if isinstance(last, int) else None
        return Unit(char, 1, Role.OUTSIDE)

    def _inside(self, char: str) -> Iterator[Unit]:
        if char == "\\":
            self._escape = char
            return
        if self._high:
            yield self._lone()
        if char == '"':
            self._in_string = False
            if self._takes_key:
                self._frames[-1] = "".join(self._key)
            yield Unit(char, 1, Role.CLOSES)
            return
        yield self._said(char, 1)

    def _escaped(self, char: str) -> Iterator[Unit]:
        escape = self._escape = self._escape + char
        if len(escape) == 2 and char != "u":
            yield from self._decoded(_SHORT.get(char))
        elif len(escape) > 2 and char not in _HEX:
            self._escape = ""
            if self._high:
                yield self._lone()
            yield from (self._said(each, 1) for each in escape[:-1])
            yield from self.feed(char)
        elif len(escape) == 6:
            yield from self._decoded(chr(int(escape.removeprefix("\\u"), 16)))

    def _decoded(self, char: str | None) -> Iterator[Unit]:
        """Yield the unit that an escape reads as: ``char``, or None if it is not a valid escape."""
        escape, self._escape = self._escape, ""
        if self._high:
            if char is not None and "\udc00" <= char <= "\udfff":
                both = (self._high + char).encode("utf-16", "surrogatepass").decode("utf-16")
                self._high = ""
                yield self._said(both, 12)
                return
            yield self._lone()
        if char is None:
            yield from (self._said(each, 1) for each in escape)
        elif "\ud800" <= char <= "\udbff":
            self._high = char
        else:
            yield self._said(_LONE if "\udc00" <= char <= "\udfff" else char, len(escape))

    def _lone(self) -> Unit:
        self._high = ""
        return self._said(_LONE, 6)

    def _said(self, char: str, length: int) -> Unit:
        if self._takes_key:
            self._key.append(char)
        return Unit(char, length, Role.INSIDE)
