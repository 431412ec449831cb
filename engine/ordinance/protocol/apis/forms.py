"""Events that only say more of the text that is open: recognised by their bytes, so that only that text is decoded.

Nothing else of such an event passes, so unlike in `plain.py` it does not matter what stands around the text, only that
it is the same and means the same; the number of an event may change.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

_DECODE = msgspec.json.Decoder(str).decode
_NUMBER = re.compile(rb'"sequence_number": ?(\d+)')


class Form:
    """The bytes ``before`` and ``after`` the text, quotes included; ``tail`` stands behind the number, if there is
    one."""

    __slots__ = ("_after", "_before", "_end", "_start", "_tail")

    def __init__(self, before: bytes, after: bytes, tail: bytes | None) -> None:
        self._before, self._after, self._tail = before, after, tail
        self._start, self._end = len(before) - 1, len(after)

    def text_in(self, data: bytes) -> str | None:
        """The text of an event of this form; None for any other."""
        if not data.startswith(self._before):
            return None
        at = len(data) - self._end if self._tail is None else data.rfind(self._after)
        if at < self._start + 1 or not data.startswith(self._after, at):
            return None
        if self._tail is not None and not (
            data.endswith(self._tail) and data[at + self._end : len(data) - len(self._tail)].isdigit()
        ):
            return None
        try:
            return _DECODE(data[self._start : at + 1])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def form_of(data: bytes, key: bytes, same: Callable[[bytes], bool]) -> Form | None:
    """The form of an event whose text is the value of ``key``; None where it is not plain to see. ``same`` says
    whether other bytes are the same event but for the text, which is ``?`` there."""
    at = data.find(key + b":")
    start = data.find(b'"', at + len(key) + 1) + 1
    if at < 0 or not start or data.count(key) != 1 or data[at + len(key) + 1 : start - 1].strip():
        return None
    end = start
    while end < len(data) and data[end : end + 1] != b'"':
        end += 2 if data[end : end + 1] == b"\\" else 1
    before, after = data[:start], data[end:]
    try:
        if not same(before + b"?" + after):
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    numbers = list(_NUMBER.finditer(after))
    if not numbers:
        return Form(before, after, None)
    place = numbers[0].span(1)
    return Form(before, after[: place[0]], after[place[1] :]) if len(numbers) == 1 else None
