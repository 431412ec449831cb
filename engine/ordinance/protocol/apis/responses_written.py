"""Governed answers of the responses API, written anew: ids, numbers and the sequence of events are our own, and each
text that is said to be done is what has left of it.

The last event is `response.completed` whatever the status, as vLLM has it: the helpers of clients wait for that one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ordinance.protocol.api import Choices, Metadata
from ordinance.protocol.apis.blocks import Key, in_order
from ordinance.protocol.apis.chunks import with_metadata
from ordinance.protocol.apis.logprobs import write_token
from ordinance.protocol.apis.responses_items import Item, item_of, items_of
from ordinance.protocol.apis.responses_object import response
from ordinance.protocol.asked import Request
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import CONTENT, FILTERED, Call, Said, Token, Top, Usage
from ordinance.protocol.sse import named

_ENCODE = msgspec.json.Encoder().encode


def whole_response(request: Request, top: Top, said: Said, usage: Usage | None) -> dict[str, Any]:
    """Write a whole answer."""
    return response(request, top, [item.whole() for item in items_of(said)], said.finish, usage)


class ResponsesWriter:
    """The ``Writer`` of one stream."""

    done = b""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._number = 0
        self._key: Key | None = None
        self._item: Item | None = None  # the one that is open
        self._before = self._after = b""  # what stands in its deltas up to the number, and behind it
        self._places = 0
        self._output: list[dict[str, Any]] = []

    def write(self, top: Top, choices: Choices, usage: Usage | None, metadata: Metadata | None) -> bytes:
        out = [] if self._number else [self._start(top)]
        for _, said in choices:
            broken = said.finish == FILTERED
            for key, piece in in_order(said, self._key):
                out.append(self._say(key, piece, said.tokens.get(CONTENT, []) if key == CONTENT else [], broken))
            if said.tokens and not said.texts.get(CONTENT) and self._key == CONTENT:
                out.append(self._say(CONTENT, "", said.tokens.get(CONTENT, []), broken))
            if said.finish is not None:
                out.append(self._close(broken=broken))
                ended = response(self._request, top, self._output, said.finish, usage)
                out.append(self._event("response.completed", response=with_metadata(ended, metadata)))
        return b"".join(out)

    def more(self, top: Top, index: int, name: str, text: str) -> bytes:
        if name != self._key:
            return self.write(top, [(index, Said({name: text}))], None, None)
        return self._say(name, text, [], broken=False)

    def problem(self, problem: Problem, metadata: Metadata) -> bytes:
        """In both forms in which clients look for it."""
        error = problem.body()
        told = {"code": problem.code, "message": problem.message, "param": problem.param, **error}
        return self._close(broken=True) + self._event("error", **told, ordinance=metadata)

    def _start(self, top: Top) -> bytes:
        open_yet = response(self._request, top, [], None, None)
        begun = self._event("response.created", response=open_yet)
        return begun + self._event("response.in_progress", response=open_yet)

    def _event(self, kind: str, **members: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return named(kind.encode(), _ENCODE({"type": kind, "sequence_number": number, **members}))

    def _say(self, key: Key, piece: str | Call, tokens: list[Token], broken: bool) -> bytes:
        item, opening = self._item, b""
        if item is None or key != self._key:
            opening = self._close(broken=broken)
            item, begun = self._begin(key, piece)
            opening += begun
        text = piece.arguments if isinstance(piece, Call) else piece
        if not text and not tokens:
            return opening
        item.pieces.append(text)
        number, self._number = self._number, self._number + 1
        delta = self._before + str(number).encode() + self._after + _ENCODE(text)
        if key == CONTENT:
            item.tokens += tokens
            delta += b',"logprobs":' + (_ENCODE(list(map(write_token, tokens))) if tokens else b"[]")
        return opening + delta + b"}\n\n"

    def _begin(self, key: Key, piece: str | Call) -> tuple[Item, bytes]:
        item = item_of(key, piece)
        self._key, self._item = key, item
        kind, place = f"{item.kind.events}.delta", self._where(item)
        start = _ENCODE({"type": kind, **place})[:-1]
        self._before = b"event: " + kind.encode() + b"\ndata: " + start + b',"sequence_number":'
        self._after = b',"delta":'
        begun = self._event("response.output_item.added", output_index=self._places, item=item.begun())
        if item.kind.part:
            begun += self._event("response.content_part.added", **place, part=item.part(""))
        return item, begun

    def _where(self, item: Item) -> dict[str, Any]:
        return {"item_id": item.id, "output_index": self._places, **({"content_index": 0} if item.kind.part else {})}

    def _close(self, *, broken: bool) -> bytes:
        """End the item that is open, if one is. A call that is ``broken`` off is not in the answer."""
        item, place = self._item, self._places
        if item is None:
            return b""
        where, text = self._where(item), item.text
        self._key = self._item = None
        self._places += 1
        named_too = {"name": item.call.name} if item.call and not item.call.custom else {}
        logprobs: dict[str, Any] = {"logprobs": []} if item.kind.part == "output_text" else {}
        done = self._event(f"{item.kind.events}.done", **where, **{item.kind.member: text}, **named_too, **logprobs)
        if item.kind.part:
            done += self._event("response.content_part.done", **where, part=item.part(text))
        dropped = broken and item.call is not None
        whole = item.whole("incomplete" if dropped else "completed")
        if not dropped:
            self._output.append(whole)
        return done + self._event("response.output_item.done", output_index=place, item=whole)
