"""What a detector is shown: text as it was written, beside it as rules compare it, and what stands before it."""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.detection import Passage
from ordinance.runtime.text.folding import fold_char, key


def shown(text: str, before: str = "") -> Passage:
    """Return ``text`` as a detector sees it, behind ``before``, which is folded already."""
    if text.isascii() and text.isprintable():
        return Passage(text, text.lower(), range(len(text) + 1), before)
    folded: list[str] = []
    offsets: list[int] = []
    for at, char in enumerate(text):
        for symbol in fold_char(char):
            folded.append(key(symbol))
            offsets.append(at)
    offsets.append(len(text))
    return Passage(text, "".join(folded), tuple(offsets), before)


def tail(text: str, most: int, at: int | None = None) -> str:
    """Return the last ``most`` folded characters of ``text``, or of what stands in it before ``at``."""
    kept: list[str] = []
    at = len(text) if at is None else at
    while at > 0 and len(kept) < most:
        at -= 1
        kept += map(key, reversed(fold_char(text[at])))
    return "".join(reversed(kept[:most]))


class Recent:
    """The text of one stream that has left, as far back as a candidate may still reach, and what stood before it: one
    of ``readings`` (semantics, rule 10), or one of ``contexts``, folded. A check is shown ``most`` folded characters
    before its candidate."""

    __slots__ = ("_before", "_gone", "_most", "_passed", "_readings")

    def __init__(self, readings: Sequence[str], most: int = 0, contexts: Sequence[str] = ()) -> None:
        self._readings = readings
        self._most = most
        self._gone = ""
        self._passed = ""  # what stands before that and is not folded yet
        befores = [tail(reading, most) for reading in readings] if most else [""]
        self._before = tuple(dict.fromkeys([*befores, *contexts]))

    def keep(self, gone: Sequence[str], at: int, oldest: int | None) -> None:
        """Note that ``gone`` leaves now, up to ``at``; candidates begin at ``oldest`` or later."""
        count = 0 if oldest is None else max(0, at - oldest)
        known = self._gone + "".join(gone)
        split = max(0, len(known) - count)
        self._gone = known[split:]
        self._pass(known[:split])

    def leave(self, gone: str) -> None:
        """Note that ``gone`` leaves now, and that no candidate begins in it."""
        self._pass(self._gone + gone)
        self._gone = ""

    def _pass(self, text: str) -> None:
        if self._most:
            self._passed += text
            if len(self._passed) > 1024 + 4 * self._most:
                self._before, self._passed = tuple(self._befores("")), ""

    def _befores(self, text: str) -> list[str]:
        """Return what may stand before a candidate in front of which ``text`` stands."""
        last = tail(self._passed + text, self._most)
        if len(last) == self._most:
            return [last]
        return list(dict.fromkeys((before + last)[-self._most :] for before in self._before))

    def before(self, start: int, base: int, held: Sequence[str]) -> list[str]:
        """Return what may stand before the position ``start``, folded, where ``held`` begins at ``base``."""
        return self._befores(self._gone + "".join(held[: start - base]))

    def between(self, start: int, end: int, base: int, held: Sequence[str]) -> list[tuple[str, str]]:
        """Return the text from ``start`` to ``end`` with what stands before it, once for each reading, where ``held``
        begins at ``base``; nothing where that is not known."""
        if not self._most and start >= base:
            return [("".join(held[start - base : end - base]), "")]
        known = self._gone + "".join(held)
        base -= len(self._gone)
        if start >= base:
            text = known[start - base : end - base]
            return [(text, before) for before in (self._befores(known[: start - base]) if self._most else [""])]
        if base > 0:
            return []
        return [
            (reading[start:] + known[:end], tail(reading, self._most, len(reading) + start))
            for reading in self._readings
            if len(reading) >= -start
        ]
