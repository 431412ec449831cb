"""One governed tool call. Its name and arguments are never edited: a region in them removes the call (semantics,
rule 9).

On a stream arguments leave as far as nothing is held; if a region comes later, nothing more of the call leaves, so its
arguments stay incomplete, and the choice ends. In a whole answer such a call is not there.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from ordinance.policy.vocabulary import Channel
from ordinance.protocol.problems import malformed
from ordinance.protocol.said import Call
from ordinance.runtime.judged.judged_text import JudgedText
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import JsonText
from ordinance.runtime.session import Session
from ordinance.runtime.stream import Stream

#: An id in which no phrase is found says nothing, if it is one of these. Others are replaced.
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
#: An id in which no words can be read: what servers draw. Where a judge would have to read it, others are replaced.
_DRAWN_ID = re.compile(
    r"(?:(?:call|toolu|fc|chatcmpl-tool)[_-])?(?:[A-Za-z0-9]{1,9}|[0-9a-f]{8,64}|[0-9a-f-]{36})", re.ASCII
)


class GovernedCall:
    """Feed it the pieces of a call, then close it once. The name leaves whole, before the first of the arguments; where
    arguments follow, it has the end ``named``."""

    def __init__(self, stream: Stream, session: Session, named: End, *, custom: bool = False) -> None:
        self._stream = stream
        self._session = session
        self._name, self._arguments = stream.call(custom=custom)
        self._call: Call | None = None
        self._said = ""
        self._end_of_name = named
        self._named = False
        self._closed = False
        self._ready = Call(None)

    def take(self, piece: Call) -> Call | None:
        """Take a piece of the call. Returns what may leave now, or None."""
        if self._call is None:
            kind = Call(piece.index, self._id(piece), custom=piece.custom, namespace=piece.namespace)
            self._call = self._ready = kind
        again = piece.name == self._said and bool(piece.arguments)  # some servers name the call in every piece
        if piece.name and not again:
            if self._named:
                raise malformed("the name of a tool call goes on after its arguments")
            self._said += piece.name
            self._ready.name += self._name.feed(piece.name)
        if piece.arguments:
            if self._closed:
                raise malformed("a tool call goes on after its end")
            self._end_name(self._end_of_name)
            if not self._stream.ended:
                self._ready.arguments += self._arguments.feed(piece.arguments)
        return self._leaving()

    def close(self, end: End) -> Call | None:
        """Close the call, which ends in this way. Returns what is left of it, or None."""
        if self._closed:
            return None
        self._closed = True
        self._end_name(end)
        if isinstance(self._arguments, JsonText | JudgedText) and self._arguments.within:
            end = End.CUT  # whatever a server says of its end
        if not self._stream.ended:
            self._ready.arguments += self._arguments.close(end)
        return self._leaving()

    def whole(self, call: Call, end: End) -> Call | None:
        """Govern a whole call, which ends in this way. Returns None if it is removed."""
        begun = self.take(call) or Call(call.index)
        rest = self.close(end) or Call(call.index)
        if self._stream.ended:
            self._name.take_back()
            return None
        arguments = begun.arguments + rest.arguments
        return replace(call, id=begun.id or rest.id, name=begun.name + rest.name, arguments=arguments)

    def _end_name(self, end: End) -> None:
        if not self._named and not self._stream.ended:
            self._ready.name += self._name.close(end)
            self._named = not self._stream.ended

    def _leaving(self) -> Call | None:
        """Return what has become free since the last time; nothing before the name is known to be clean."""
        ready = self._ready
        if not self._named or not (ready.id or ready.name or ready.arguments):
            return None
        self._ready = Call(ready.index, custom=ready.custom, namespace=ready.namespace)
        return ready

    def _id(self, piece: Call) -> str:
        if piece.index is None:
            return ""
        plain = _DRAWN_ID if self._session.judges(Channel.TOOL_CALL) else _PLAIN_ID
        if plain.fullmatch(piece.id) and self._session.clean(piece.id):
            return piece.id
        return f"call_{secrets.token_hex(12)}"
