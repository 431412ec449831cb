"""Events of the two older APIs: each says of itself where it stands, so none is needed to read another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ordinance.protocol.api import Choices, Metadata
from ordinance.protocol.asked import Request
from ordinance.protocol.forms import Form, form_of
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import CONTENT, Reply, Said, Top, Usage
from ordinance.protocol.sse import DONE, framed

_ENCODE = msgspec.json.Encoder().encode


#: Events in which forms are looked for: several where there are several choices, or where the first says more.
_TRIES = 8


class Separate:
    """The ``Reader`` of such events, each of which ``read`` reads. ``plain`` decodes one that says nothing but a piece
    of content, the value of ``key``, and no other."""

    def __init__(
        self, request: Request, read: Callable[[bytes], Reply], plain: msgspec.json.Decoder[Any], key: bytes
    ) -> None:
        self._read = read
        self._plain = plain
        self._key = key
        self.forms: list[Form] = []
        asked = request.body.get("logprobs")  # tokens are laid along all of the text
        self._tries = _TRIES if asked is None or asked is False else 0

    def read(self, data: bytes) -> Reply:
        """Read one event. Raises ``Problem`` (502)."""
        reply = self._read(data)
        if self._tries and len(reply.choices) == 1:
            self._learn(data, *reply.choices[0], reply.top)
        return reply

    def _learn(self, data: bytes, index: int, said: Said, top: Top) -> None:
        if said.texts.get(CONTENT) and not said.tokens:
            self._tries -= 1
            form = form_of(data, self._key, self._plain.decode, index=index, top=top)
            if form is not None:
                self.forms.append(form)


class Chunks:
    """The ``Writer`` of events of this ``kind``, whose choices ``write_choice`` writes."""

    done = DONE

    def __init__(self, kind: str, write_choice: Callable[[int, Said], dict[str, Any]]) -> None:
        self._kind = kind
        self._write_choice = write_choice
        self._around: dict[tuple[int, str], tuple[bytes, bytes]] = {}  # what stands in an event around a text

    def write(self, top: Top, choices: Choices, usage: Usage | None, metadata: Metadata | None) -> bytes:
        return framed(_ENCODE(with_metadata(answer_of(self._kind, self._write_choice, top, choices, usage), metadata)))

    def more(self, top: Top, index: int, name: str, text: str) -> bytes:
        try:
            before, after = self._around[index, name]
        except KeyError:
            before, _, after = self.write(top, [(index, Said({name: "?"}))], None, None).rpartition(b'"?"')
            self._around[index, name] = before, after
        return before + _ENCODE(text) + after

    def problem(self, problem: Problem, metadata: Metadata) -> bytes:
        return framed(_ENCODE(with_metadata(problem.body(), metadata)))


def answer_of(
    kind: str, write_choice: Callable[[int, Said], dict[str, Any]], top: Top, choices: Choices, usage: Usage | None
) -> dict[str, Any]:
    """Return the object of this ``kind`` with these choices."""
    answer = top.over(kind, [write_choice(index, said) for index, said in choices])
    if usage is not None:
        answer["usage"] = {name: getattr(usage, name) or 0 for name in Usage.__struct_fields__}
    return answer


def with_metadata(message: dict[str, Any], metadata: Metadata | None) -> dict[str, Any]:
    """``message`` with what Ordinance did to the answer."""
    return message if metadata is None else {**message, "ordinance": metadata}


def problem_event(problem: Problem) -> bytes:
    """Write a problem at the end of a stream."""
    return framed(_ENCODE(problem.body()))
