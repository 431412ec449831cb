"""Events that only say more of one text: recognised by their bytes, so that only that text is decoded.

All events of a stream that carry a piece of one text are alike but for that piece, and for their number where they have
one. The first is read strictly; after that the same bytes around a text mean the same. They have no line end, and JSON
allows none in a text: so bytes on the wire that have a form are one event and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from ordinance.protocol.said import CONTENT, NO_TOP, Top

_DECODE = msgspec.json.Decoder(str).decode
_NUMBER = re.compile(rb'"sequence_number": ?(\d+)')


class Form:
    """The bytes ``before`` and ``after`` the text in an event's data, quotes included; ``tail`` is what follows the
    number, if there is one. The text is that of this ``name`` in the choice of this ``index``, and ``top`` is what such
    an event says of the answer, if anything of that passes.

    ``verbatim`` says whether an event of this form may go on as the bytes that came; None until somebody looked.
    """

    __slots__ = ("_end", "_start", "_tail", "after", "before", "index", "name", "top", "verbatim")

    def __init__(
        self, before: bytes, after: bytes, tail: bytes | None, *, name: str = CONTENT, index: int = 0, top: Top = NO_TOP
    ) -> None:
        self.before, self.after, self._tail = before, after, tail
        self._start, self._end = len(before) - 1, len(after)
        self.name, self.index, self.top = name, index, top
        self.verbatim: bool | None = None

    def text_in(self, data: bytes) -> str | None:
        """Return the text of an event of this form; None for any other."""
        if not data.startswith(self.before):
            return None
        tail = self._tail
        if tail is None:
            at = len(data) - self._end
            if at <= self._start or not data.endswith(self.after):
                return None
        else:
            at = data.rfind(self.after)
            number = data[at + self._end : len(data) - len(tail)]
            if at <= self._start or not data.endswith(tail) or not number.isdigit():
                return None
        try:
            return _DECODE(data[self._start : at + 1])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def form_of(
    data: bytes,
    key: bytes,
    same: Callable[[bytes], object],
    *,
    name: str = CONTENT,
    index: int = 0,
    top: Top = NO_TOP,
) -> Form | None:
    """Find the form of an event whose text is the value of ``key``, quotes included; None if it is not plain to see.
    ``same`` says whether other bytes are the same event but for the text, which is ``?`` there; it may raise
    ``msgspec.DecodeError``. The other parameters are those of ``Form``."""
    at = data.find(key + b":")
    start = data.find(b'"', at + len(key) + 1) + 1
    if at < 0 or not start or data.count(key) != 1 or data[at + len(key) + 1 : start - 1].strip():
        return None
    end = start
    while end < len(data) and data[end : end + 1] != b'"':
        end += 2 if data[end : end + 1] == b"\\" else 1
    before, after, tail = data[:start], data[end:], None
    if b"\n" in before + after or b"\r" in before + after:
        return None
    try:
        if not same(before + b"?" + after):
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    numbers = list(_NUMBER.finditer(after))
    if len(numbers) > 1:
        return None
    if numbers:
        place, last = numbers[0].span(1)
        after, tail = after[:place], after[last:]
    return Form(before, after, tail, name=name, index=index, top=top)
