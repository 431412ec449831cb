"""Events of the two older APIs: each says of itself where it stands, so nothing is remembered between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ordinance.protocol.api import Choices, Metadata
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import Reply, Said, Top, Usage
from ordinance.protocol.sse import DONE, framed

_ENCODE = msgspec.json.Encoder().encode


class Separate:
    """The ``Reader`` of such events."""

    def __init__(self, read: Callable[[bytes], Reply]) -> None:
        self.read = read

    def more(self, data: bytes) -> tuple[str, str] | None:
        return None


class Chunks:
    """The ``Writer`` of events of this ``kind``, whose choices ``write_choice`` writes."""

    done = DONE

    def __init__(self, kind: str, write_choice: Callable[[int, Said], dict[str, Any]]) -> None:
        self._kind = kind
        self._write_choice = write_choice

    def write(self, top: Top, choices: Choices, usage: Usage | None, metadata: Metadata | None) -> bytes:
        return framed(_ENCODE(with_metadata(answer_of(self._kind, self._write_choice, top, choices, usage), metadata)))

    def more(self, top: Top, name: str, text: str) -> bytes:
        return self.write(top, [(0, Said({name: text}))], None, None)

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
