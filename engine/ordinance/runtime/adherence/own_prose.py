"""What of a released text its author says in words of the answer's own: without code, quotations, links and addresses.

It is read as it is shown: without what nobody sees, and with letters for those that only look otherwise (full width,
mathematical, in circles, as entities). Pieces come out as lines end, and of a long line as it goes on, so that memory
is bounded; where a piece ends depends on the text alone, however it was cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import NamedTuple
from unicodedata import normalize

#: Stands where something was left out, so that what stood on both sides of it does not meet.
GAP = "\u25a1"

#: What nobody sees; joiners have an effect in scripts of India and in Arabic ones.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
    "|(?<![\u0600-\u0dff])[\u200c\u200d]"
)
#: Letters and digits that stand for others.
_DRESSED = re.compile(
    "[\u24b6-\u24e9\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\U0001f130-\U0001f149]+"
)

#: Emphasis of a part of a word, as Markdown and HTML write it.
_WITHIN_WORD = re.compile(
    r"(?<=[^\W\d_])(?:\*++|~~|</?(?:b|i|u|em|strong|span|mark|small|font|wbr)\b[^<>]{0,100}>)++(?=[^\W\d_])",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)

#: A longer line is cut at the first space or full stop behind so many characters, or so many.
_LONG, _LONGEST = 2_000, 2_400
_REST = re.compile(r"[\s。！？]")
#: A line that also ends the backticks with which it begins is code within a line, and no fence.
_FENCE = re.compile(r"\s{0,12}(`{3,}(?!.*`)|~{3,})")
_QUOTED_LINE = re.compile(r"\s{0,3}>")
_ITEM = re.compile(r"\s*(?:[-*+•·‣▪]|\(?[0-9０-９]{1,3}[.)、．]|[|#]+)\s*")
#: A sign that opens something ends the search for what closes an earlier one, so that no text is searched twice.
_LEFT_OUT = re.compile(
    r"`[^`]*`|\$\$[^$]*\$\$|</?[A-Za-z][^<>]{0,200}>|\bhttps?://\S{1,2000}|\bwww\.\S{1,2000}"
    r"|(?<=\])\([^()\s]{1,2000}\)|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}"
    '|"[^"]*"|„[^„“”"]*[“”"]|“[^“”]*”|”[^”]*”|«[^«»]*»|»[^«»]*«|‘[^‘’]*’(?!\\w)|‚[^‚‘’]*[‘’]'
    "|「[^「」]*」|『[^『』]*』|《[^《》]*》"
)
#: Without one of these nothing is left out; most lines have none, and the search for what is takes longer.
_MAY_OPEN = re.compile(r'[`$</\]@"„“”«»‘‚「『《]|www\.')


class Piece(NamedTuple):
    """Some prose: a line or a part of one. ``ends``: no more follows in its line; ``item``: it belongs to a list, a
    table or a heading, which need no whole sentence."""

    text: str
    ends: bool
    item: bool


class Prose:
    """Feed it a released text in any cutting; it gives the pieces that are known by then. ``added`` is what the engine
    writes into a text: the marker and the placeholders of masks."""

    def __init__(self, added: Iterable[str] = ()) -> None:
        self._added = tuple(each for each in added if each)
        self._open = ""
        self._item: bool | None = None  # of the open line, if a part of it has been given
        self._skips = False  # the open line is a quotation, code, or the edge of code
        self._fence = ""

    def take(self, text: str) -> Iterator[Piece]:
        """Yield the pieces that ``text`` completes."""
        self._open += text
        if "\n" not in text and len(self._open) < _LONG:
            return
        *lines, self._open = self._open.split("\n")
        for line in lines:
            yield from self._long(line, ends=True)
        yield from self._long(self._open, ends=False)

    def close(self) -> Iterator[Piece]:
        """Yield what is left."""
        rest, self._open = self._open, ""
        yield from self._long(rest, ends=True)

    def _long(self, line: str, *, ends: bool) -> Iterator[Piece]:
        """Yield a line in parts. One that goes on keeps its last part open."""
        while len(line) > _LONGEST:
            found = _REST.search(line, _LONG, _LONGEST)
            at = found.end() if found else _LONGEST
            yield from self._piece(line[:at], ends=False)
            line = line[at:]
        if ends:
            yield from self._piece(line, ends=True)
            self._item, self._skips = None, False
        else:
            self._open = line

    def _piece(self, text: str, *, ends: bool) -> Iterator[Piece]:
        if self._item is None:
            self._item = self._begin(text)
        if self._skips or not text.strip():
            return
        text = _shown(text)
        for each in self._added:
            text = text.replace(each, GAP)
        if _MAY_OPEN.search(text):
            text = _LEFT_OUT.sub(GAP, text)
        yield Piece(text, ends, self._item)

    def _begin(self, line: str) -> bool:
        """Return whether a line belongs to a list, and note whether it is prose at all."""
        fence = _FENCE.match(line)
        if fence and (not self._fence or fence[1].startswith(self._fence)):
            self._fence = "" if self._fence else fence[1]
            self._skips = True
        else:
            self._skips = bool(self._fence) or bool(_QUOTED_LINE.match(line))
        return bool(_ITEM.match(line))


def _shown(text: str) -> str:
    """Return ``text`` as people see it."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    if any(sign in text for sign in "*~<"):
        text = _WITHIN_WORD.sub("", text)
    if text.isascii():
        return text
    return _DRESSED.sub(lambda found: normalize("NFKC", found[0]), _UNSEEN.sub("", text))
