"""Events that say nothing but text: recognised by their bytes, so that an unchanged one goes on byte for byte.

All events of a stream that carry a piece of content are alike but for that piece. The first of them is read strictly,
and all that stands around its text is looked at once; after that the same bytes are known to be harmless.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ordinance.protocol.api import Api
from ordinance.protocol.said import Top
from ordinance.protocol.sse import LEAD, TAIL
from ordinance.runtime.session import Session

_DECODE = msgspec.json.Decoder(str).decode
_ENCODE = msgspec.json.Encoder().encode


class Plain:
    """The bytes before and after the text of one choice's events, quotes included, as they stand on the wire.
    ``written`` are those that stand there instead when it leaves; ``verbatim`` says that they are the same."""

    __slots__ = ("_after", "_before", "_end", "_least", "_start", "_written", "index", "top", "verbatim")

    def __init__(self, before: bytes, after: bytes, index: int, top: Top, written: tuple[bytes, bytes]) -> None:
        self._before, self._after = LEAD + before, after + TAIL
        self._start, self._end = len(self._before) - 1, 1 - len(self._after)
        self._least = len(self._before) + len(self._after)
        self._written = LEAD + written[0][:-1], written[1][1:] + TAIL
        self.index = index
        self.top = top
        self.verbatim = written == (before, after)

    def text_in(self, event: bytes) -> str | None:
        """The text of an event of this form, which is all that these bytes are; None for any others."""
        if event.startswith(self._before) and event.endswith(self._after) and len(event) >= self._least:
            try:
                return _DECODE(event[self._start : self._end])
            except (msgspec.DecodeError, UnicodeDecodeError):
                return None
        return None

    def with_text(self, text: str) -> bytes:
        """The event of this form that says ``text``."""
        before, after = self._written
        return before + _ENCODE(text) + after


def learn(api: Api, data: bytes, session: Session, model: str = "") -> Plain | None:
    """The form of an event, if it says nothing but text; None where it says more, or where anything in it could be read
    as part of the answer. It leaves with the name ``model`` in the place of the upstream's, if one is given."""
    key = f'"{api.plain_key}"'.encode()
    at = data.find(key)
    start = data.find(b'"', at + len(key)) + 1
    if at < 0 or not start or data.count(key) != 1:
        return None
    end = start
    while end < len(data) and data[end : end + 1] != b'"':
        end += 2 if data[end : end + 1] == b"\\" else 1
    before, after = data[:start], data[end:]
    if b"\\" in before + after or b"\n" in before + after:
        return None
    try:
        index, top = api.read_plain(before + b"?" + after)
        written = _renamed(before, after, top.model, model) if model else (before, after)
        around = b"".join(written).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # What is the answer's alone is looked at by itself, so that the rest is the same for all answers, and remembered.
    rest = around.replace(top.id, "", 1).replace(str(top.created), "", 1)
    if written == (b"", b"") or not (harmless(top, session) and session.clean(rest)):
        return None
    return Plain(before, after, index, replace(top, model=model) if model else top, written)


def _renamed(before: bytes, after: bytes, old: str, new: str) -> tuple[bytes, bytes]:
    """The bytes with another model's name; empty where it is not clear which of them it is."""
    name = _ENCODE(old)
    if before.count(name) + after.count(name) != 1:
        return b"", b""
    return before.replace(name, _ENCODE(new)), after.replace(name, _ENCODE(new))


def harmless(top: Top, session: Session) -> bool:
    """Whether an upstream's own words at the top of its answer may stand there."""
    words = [top.id, top.model, top.fingerprint or "", str(top.created)]
    return bool(top.id and top.model) and all(len(word) < 200 and session.clean(word) for word in words)
