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
from ordinance.protocol.sse import LEAD, TAIL

_DECODE = msgspec.json.Decoder(str).decode
_NUMBER = re.compile(rb'"sequence_number": ?(\d+)')


class Form:
    """The bytes ``before`` and ``after`` the text in an event's data, quotes included; ``tail`` is what follows the
    number, if there is one. The data stands on the wire behind ``lead``. The text is that of this ``name`` in the
    choice of this ``index``, and ``top`` is what such an event says of the answer, if anything of that passes.

    ``verbatim`` says whether an event of this form may go on as the bytes that came; None until somebody looked.
    """

    __slots__ = ("_after", "_before", "_end", "_start", "_tail", "around", "index", "lead", "name", "top", "verbatim")

    def __init__(
        self,
        before: bytes,
        after: bytes,
        tail: bytes | None,
        *,
        lead: bytes = LEAD,
        name: str = CONTENT,
        index: int = 0,
        top: Top = NO_TOP,
    ) -> None:
        self.around = before + after
        self._before = lead + before
        self._after = after + TAIL if tail is None else after
        self._tail = None if tail is None else tail + TAIL
        self._start, self._end = len(self._before) - 1, 1 - len(self._after)
        self.lead, self.name, self.index, self.top = lead, name, index, top
        self.verbatim: bool | None = None

    def text_in(self, event: bytes) -> str | None:
        """Return the text of an event of this form, as it stands on the wire; None for any other bytes."""
        if not event.startswith(self._before):
            return None
        tail = self._tail
        if tail is None:
            if not event.endswith(self._after):
                return None
            quoted = event[self._start : self._end]
        else:
            at = event.rfind(self._after)
            number = event[at + len(self._after) : -len(tail)]
            if not event.endswith(tail) or not number.isdigit():
                return None
            quoted = event[self._start : at + 1]
        try:
            return _DECODE(quoted)  # raises where both ends share bytes: a quote alone is no text
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def form_of(
    data: bytes,
    key: bytes,
    same: Callable[[bytes], object],
    *,
    lead: bytes = LEAD,
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
    return Form(before, after, tail, lead=lead, name=name, index=index, top=top)
