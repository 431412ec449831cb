"""Where running prose is, character by character: outside code, quotations, links, markup and citations.

What cannot be known without reading on counts as none: from what opens a quotation or code on, nothing is prose until
it is closed, or its paragraph ends.
"""

from __future__ import annotations

import re

#: What closes a quotation, by what opens it.
_CLOSERS = {
    '"': '"', "„": '“”"', "“": "”“", "”": "”", "«": "»", "»": "«", "‹": "›", "›": "‹", "‚": "‘’", "‘": "’", "'": "'",
    "「": "」", "『": "』", "《": "》", "〈": "〉",
}  # fmt: skip
#: These also close, or stand within words: they open at the beginning of a word alone.
_AT_WORDS = "\"'‘”»›"
#: These also stand within words, so they close at the end of a word alone.
_APOSTROPHES = "'’"
#: Until a line ends; what else there is goes on until its paragraph does.
_IN_LINE = frozenset({"line", "link", "target", "tag", "bracket", "citation"})
_FENCE = re.compile(r"^\s{0,12}(```|~~~)", re.MULTILINE)
#: Of the last paragraph of a text that goes on, so many characters are looked at.
_LONGEST = 20_000
#: Opens nothing, unless the sign of a tag stands before it.
_PLAIN = re.compile(r"(?:[^\W_]|[ ,;:!?%)-])(?:[^\W_]|[ ,;:!?%()-])*")
#: What begins a literal in a line of code: in a call, or behind a sign of equality.
_LITERAL, _CODE_BEFORE = "\"'", re.compile(r"\w\($|= ?$")
_LINK_ENDS = '<>"“”«»'
_INDENTED = 4


class RunningProse:
    """Feed it a text, which goes on from ``before``; ``free`` says whether the next character is prose, unless it opens
    something."""

    __slots__ = (
        "_blank", "_closers", "_closing", "_depth", "_fence", "_head", "_indent", "_inside", "_last", "_run", "_ticks",
    )  # fmt: skip

    def __init__(self, before: str = "") -> None:
        self._inside = ""
        self._closers = ""
        self._closing = False  # an apostrophe came that closes, unless the word goes on
        self._last = "\n\n\n"  # the last three characters
        self._blank, self._indent, self._head = True, 0, ""  # of the line; with what it begins
        self._run = 0  # of backticks
        self._fence = ""
        self._ticks = self._depth = 0
        if before:
            self._begin_behind(before)

    def _begin_behind(self, before: str) -> None:
        """Be as behind a text that goes on: of what it opened before its last paragraph only a fence can be open."""
        paragraph = before.rfind("\n\n") + 1
        for fence in _FENCE.finditer(before, 0, paragraph):
            if self._inside == "fence" and fence[1][0] == self._fence:
                self._inside = ""
            elif not self._inside:
                self._inside, self._fence = "fence", fence[1][0]
        for char in before[max(paragraph, len(before) - _LONGEST) :]:
            self.feed(char)

    @property
    def free(self) -> bool:
        """Whether nothing is open."""
        return not self._inside and not self._run

    def opens(self, char: str) -> bool:
        """Whether ``char``, the next, opens a quotation."""
        begins = char in _CLOSERS and (char not in _AT_WORDS or not self._behind_word())
        return self.free and begins and not self._begins_literal(char)

    def closes(self, char: str) -> bool:
        """Whether ``char``, the next, closes a quotation."""
        return self._inside == "quotation" and char in self._closers

    def _begins_literal(self, char: str) -> bool:
        return char in _LITERAL and _CODE_BEFORE.search(self._last) is not None

    def _behind_word(self) -> bool:
        last = self._last[-1]
        return not (last.isspace() or last in "([{-–—/*_" or last in _CLOSERS)

    def take(self, text: str) -> None:
        """Take the next of the text."""
        if self._blank or self._inside or self._run or self._last[-1] == "<" or not _PLAIN.fullmatch(text):
            for char in text:
                self.feed(char)
            return
        self._head = (self._head + "".join(text.split()))[:3]
        self._last = (self._last + text)[-3:]

    def feed(self, char: str) -> None:
        """Take the next character."""
        if char == "\n":
            self._end_line()
        else:
            self._take(char)
            self._blank = self._blank and char.isspace()
        self._last = self._last[1:] + char

    def _end_line(self) -> None:
        self._end_run()
        if self._inside in _IN_LINE or (self._blank and self._inside != "fence"):
            self._inside = ""
        self._closing = False
        self._blank, self._indent, self._head = True, 0, ""

    def _take(self, char: str) -> None:
        if self._blank and self._begin_line(char):
            return
        fences = False
        if len(self._head) < 3 and not char.isspace():
            self._head += char
            fences = self._head in ("```", "~~~")
        if char == "`":
            self._run += 1
        else:
            self._end_run()
        if fences:
            self._toggle_fence(char)
        elif char != "`":
            if self._inside:
                self._go_on(char)
            else:
                self._open(char)

    def _begin_line(self, char: str) -> bool:
        if char in " \t":
            self._indent += _INDENTED if char == "\t" else 1
            if self._indent >= _INDENTED and not self._inside:
                self._inside = "line"
            return True
        if char == ">" and not self._inside:
            self._inside = "line"
            return True
        return False

    def _toggle_fence(self, sign: str) -> None:
        if self._inside == "fence":
            if sign == self._fence:
                self._inside, self._run = "line", 0
        else:
            self._inside, self._fence, self._run = "fence", sign, 0

    def _end_run(self) -> None:
        if not self._run:
            return
        if not self._inside:
            self._inside, self._ticks = "code", self._run
        elif self._inside == "code" and self._run == self._ticks:
            self._inside = ""
        self._run = 0

    def _open(self, char: str) -> None:
        last = self._last
        if self._begins_literal(char):
            self._inside = "line"
        elif self.opens(char):
            self._inside, self._closers = "quotation", _CLOSERS[char]
        elif (last + char).endswith(("://", "www.")) or (char == "@" and last[-1].isalnum()):
            self._inside = "link"
        elif char == "(" and last[-1] == "]":
            self._inside = "target"
        elif last[-1] == "<" and (char.isalpha() or char == "/"):
            self._inside = "tag"
        elif char == "{":
            self._inside, self._depth = "braces", 1
        elif char == "[":
            self._inside = "bracket"
        elif char == "§":
            self._inside = "citation"
        elif char == "$" and last[-1] == "$":
            self._inside = "mathematics"

    def _go_on(self, char: str) -> None:
        inside = self._inside
        if self._closing:
            self._closing = False
            if not char.isalnum():
                self._inside = ""
                self._open(char)
                return
        if inside == "quotation" and char in self._closers:
            if char in _APOSTROPHES:
                self._closing = True
            else:
                self._inside = ""
        elif inside == "link":
            if char.isspace() or char in _LINK_ENDS:
                self._inside = ""
        elif inside == "target":
            if char.isspace() or char == ")":
                self._inside = ""
        elif (inside, char) in (("tag", ">"), ("bracket", "]")) or (inside == "citation" and char in ",;)"):
            self._inside = ""
        elif inside == "braces":
            self._depth += (char == "{") - (char == "}")
            if not self._depth:
                self._inside = ""
        elif inside == "mathematics" and char == "$" and self._last[-1] == "$":
            self._inside = ""
