"""The pattern dialect: classes, bounded repetition, alternation, ``\\b \\B ^ $``. ``docs/patterns.md`` teaches it.

A pattern becomes a small tree of the nodes below. What lies outside the dialect, has no bound, or would mean
something else once text is folded is a ``PatternError`` that says what to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from ordinance.errors import PatternError
from ordinance.runtime.text.folding import fold_char, symbol_kind

#: A pattern may not be longer than this when written out, in symbols; repetition counts each copy.
MAX_SIZE = 500
MAX_DEPTH = 40

#: Patterns whose trees are kept.
_KEPT = 512


class Assertion(Enum):
    """A test of the place between two symbols."""

    BOUNDARY = "\\b"
    NOT_BOUNDARY = "\\B"
    LINE_START = "^"
    LINE_END = "$"
    NO_MARK = "no mark follows"


@dataclass(frozen=True, slots=True)
class SymbolSet:
    """A set of symbols: ranges and named sets (``d``, ``w``, ``s`` and their capitals), perhaps the complement."""

    ranges: tuple[tuple[str, str], ...] = ()
    named: frozenset[str] = frozenset()
    negated: bool = False
    any_case: bool = False

    def __contains__(self, symbol: str) -> bool:
        found = self._holds(symbol)
        if not found and self.any_case:
            found = self._holds(symbol.lower()) or self._holds(symbol.upper())
        return found != self.negated

    def _holds(self, symbol: str) -> bool:
        return any(low <= symbol <= high for low, high in self.ranges) or any(
            in_named_set(name, symbol) for name in self.named
        )


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    part: Node
    least: int
    most: int


Node = SymbolSet | Sequence | Choice | Repeat | Assertion

_ASSERTIONS = {"b": Assertion.BOUNDARY, "B": Assertion.NOT_BOUNDARY}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_NOT_NEWLINE = SymbolSet((("\n", "\n"),), negated=True)


def in_named_set(name: str, symbol: str) -> bool:
    """Whether ``\\d``, ``\\w``, ``\\s`` or the complement (a capital) has ``symbol``."""
    match name.lower():
        case "d":
            found = "0" <= symbol <= "9"
        case "w":
            found = symbol_kind(symbol) in "wm" or symbol.isalpha()
        case _:
            found = symbol.isspace()
    return found != name.isupper()


@lru_cache(maxsize=_KEPT)
def parse_pattern(source: str, any_case: bool = False) -> Node:
    """Parse a pattern into its tree, once for bounds, checks and automata. Raises ``PatternError`` with the offset of
    the fault."""
    node = _Parser(source, any_case).whole()
    least, most = width(node)
    if most > MAX_SIZE:
        raise PatternError(
            f"the pattern is too large: up to {most} characters, {MAX_SIZE} are allowed.",
            help="Lower the counts in braces, or split it into several patterns.",
        )
    if least == 0:
        raise PatternError("the pattern also matches empty text.", help="Make at least one character of it required.")
    return node


def size(node: Node) -> int:
    """How many symbols and assertions ``node`` has, repetitions written out."""
    match node:
        case Sequence(parts) | Choice(parts):
            return 1 + sum(map(size, parts))
        case Repeat(part, _, most):
            return most * size(part)
        case _:
            return 1


def width(node: Node) -> tuple[int, int]:
    """Return the fewest and the most symbols that ``node`` matches."""
    match node:
        case SymbolSet():
            return 1, 1
        case Assertion():
            return 0, 0
        case Sequence(parts):
            widths = [width(part) for part in parts]
            return sum(least for least, _ in widths), sum(most for _, most in widths)
        case Choice(parts):
            widths = [width(part) for part in parts]
            return min(least for least, _ in widths), max(most for _, most in widths)
        case Repeat(part, fewest, most_times):
            least, most = width(part)
            return least * fewest, most * most_times


class _Parser:
    """Recursive descent over the source; depth is bounded, so a hostile pattern cannot exhaust the stack."""

    def __init__(self, source: str, any_case: bool) -> None:
        self.source = source
        self.any_case = any_case
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.choice()
        if self.at < len(self.source):
            raise self.error(
                "this parenthesis has no opening parenthesis.", "Remove it, or write \\) for the character."
            )
        return node

    def error(self, message: str, help: str, at: int | None = None) -> PatternError:
        return PatternError(message, help=help, offset=self.at if at is None else at)

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def choice(self) -> Node:
        parts = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            start = self.at
            atom = self.atom()
            parts.append(self.repeated(atom, start))
        return Sequence(tuple(parts))

    def repeated(self, atom: Node, start: int) -> Node:
        char = self.peek()
        if not char or char not in "*+?{":
            return atom
        at = self.at
        if isinstance(atom, Assertion):
            raise self.error("a boundary cannot be repeated.", "Remove the repetition.")
        if char in "*+":
            least = "0" if char == "*" else "1"
            raise self.error(
                f"'{char}' has no upper bound, so text could be held back for ever.",
                f"Write how many at most: {{{least},20}}.",
            )
        if char == "?":
            self.at += 1
            least_times, most_times = 0, 1
        else:
            least_times, most_times = self.braces()
        if self.peek() and self.peek() in "?+*{":
            raise self.error(
                "a repetition cannot follow a repetition.",
                "All matches are found, so lazy and possessive forms have no meaning: write one repetition.",
            )
        node = Repeat(atom, least_times, most_times)
        if width(node)[1] > MAX_SIZE:
            raise self.error(
                f"this repetition makes the pattern longer than {MAX_SIZE} characters.", "Lower the count.", at
            )
        return node

    def braces(self) -> tuple[int, int]:
        start = self.at
        end = self.source.find("}", start)
        body = self.source[start + 1 : end] if end >= 0 else ""
        low, comma, high = body.partition(",")
        if not (low.isdecimal() and low.isascii() and (not comma or not high or (high.isdecimal() and high.isascii()))):
            raise self.error("this brace is not a repetition.", "Write {2}, {0,20}, or \\{ for the character.", start)
        if comma and not high:
            raise self.error(
                f"'{{{body}}}' has no upper bound, so text could be held back for ever.",
                f"Write how many at most: {{{low},{max(20, int(low) * 2)}}}.",
                start,
            )
        if len(low) > 6 or len(high) > 6:
            raise self.error(f"a repetition counts to {MAX_SIZE} at most.", "Lower the count.", start)
        least, most = int(low), int(high) if comma else int(low)
        if least > most or most == 0:
            raise self.error(
                "the counts in this brace are in the wrong order, or the upper one is 0.", "Write {1,20}.", start
            )
        self.at = end + 1
        return least, most

    def atom(self) -> Node:
        char = self.peek()
        start = self.at
        if char == "(":
            return self.group()
        self.at += 1
        if char == "[":
            return self.bracket(start)
        if char == ".":
            return _NOT_NEWLINE
        if char == "^":
            return Assertion.LINE_START
        if char == "$":
            return Assertion.LINE_END
        if char == "\\":
            return self.escape(start)
        if char in "*+?{":
            raise self.error(f"'{char}' has nothing to repeat.", f"Write \\{char} for the character.", start)
        return self.folded(char, start)

    def group(self) -> Node:
        start = self.at
        self.at += 1
        if self.source.startswith("?:", self.at):
            self.at += 2
        elif self.peek() == "?":
            raise self.error(
                "look-around, named groups and flags are not in the dialect.",
                "Write (…) or (?:…); for case, say 'any case' in the pack; list what may stand before or after.",
                start,
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"parentheses are nested deeper than {MAX_DEPTH}.", "Split the pattern.", start)
        node = self.choice()
        self.depth -= 1
        if self.peek() != ")":
            raise self.error("this parenthesis is never closed.", "Add ) or write \\( for the character.", start)
        self.at += 1
        return node

    def escape(self, start: int) -> Node:
        char = self.peek()
        self.at += 1
        if char in _ASSERTIONS:
            return _ASSERTIONS[char]
        if char and char in "dDwWsS":
            return SymbolSet(named=frozenset(char))
        return self.folded(self.plain_escape(char, start), start)

    def plain_escape(self, char: str, start: int) -> str:
        if not char:
            raise self.error("the pattern ends in a lone backslash.", "Write \\\\ for the character.", start)
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isdigit():
            raise self.error("back-references are not in the dialect.", "Write out what may repeat.", start)
        if char.isalnum():
            raise self.error(
                f"'\\{char}' is not in the dialect.", "Known: \\d \\w \\s \\D \\W \\S \\b \\B \\n \\t.", start
            )
        return char

    def folded(self, char: str, start: int) -> Node:
        found = _letter(char, self.any_case)
        if found is None:
            raise self.error(
                "this character is invisible or a mark, and folding drops it: it would match nothing.",
                "Remove it.",
                start,
            )
        return found

    def bracket(self, start: int) -> Node:
        negated = self.peek() == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        named: set[str] = set()
        first = True
        while self.peek() != "]" or first:
            if not self.peek():
                raise self.error("this bracket is never closed.", "Add ] or write \\[ for the character.", start)
            first = False
            at = self.at
            low = self.member(named)
            if low is None:
                continue
            high = low
            if self.peek() == "-" and self.source[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                end = self.member(named)
                if end is None or end < low:
                    raise self.error("this range does not go from a lower to a higher character.", "Swap its ends.", at)
                high = end
            self.stable(low, high, at)
            ranges.append((low, high))
        self.at += 1
        return SymbolSet(tuple(ranges), frozenset(named), negated, self.any_case)

    def member(self, named: set[str]) -> str | None:
        """One character of a class, or None after noting a named set."""
        start = self.at
        char = self.peek()
        self.at += 1
        if char == "[" and self.peek() in (":", ".", "="):
            raise self.error("POSIX classes are not in the dialect.", "Write \\d, \\w, \\s or the range.", start)
        if char != "\\":
            return char
        char = self.peek()
        self.at += 1
        if char and char in "dDwWsS":
            named.add(char)
            return None
        return self.plain_escape(char, start)

    def stable(self, low: str, high: str, at: int) -> None:
        """Check that a class contains only characters that folding leaves as they are."""
        if char := _unstable(low, high):
            folded = fold_char(char)
            said = f"to '{folded}'" if folded else "away"
            raise self.error(
                f"folding takes '{char}' in this class {said}, so the class would not mean what it says.",
                "Text is compared without accents and look-alikes: write the plain letters, "
                "or put several letters into an alternation (a|ss).",
                at,
            )


@lru_cache(maxsize=_KEPT)
def _letter(char: str, any_case: bool) -> Node | None:
    """Return what matches a character once it is folded; None if nothing of it is left."""
    sets = tuple(SymbolSet(((symbol, symbol),), any_case=any_case) for symbol in fold_char(char))
    return None if not sets else sets[0] if len(sets) == 1 else Sequence(sets)


@lru_cache(maxsize=_KEPT)
def _unstable(low: str, high: str) -> str:
    """Return the first character of a range that folding changes; an empty string if there is none."""
    codes = range(ord(low), min(ord(high), ord(low) + 0x3000) + 1)
    return next((char for char in map(chr, codes) if fold_char(char) != char), "")
