"""Embeddings, where an operator opens that door: text is asked, and vectors come back, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ordinance.protocol import fields, routes
from ordinance.protocol.api import Choices, Reader, Writer
from ordinance.protocol.apis.chunks import problem_event
from ordinance.protocol.asked import Request, read_body, read_model
from ordinance.protocol.conversation import Message
from ordinance.protocol.parts import NO_PARTS, Words
from ordinance.protocol.problems import Problem, bad_request
from ordinance.protocol.said import Reply, Top, Usage
from ordinance.protocol.strings import replaced, strings

#: Texts of one request, as in the OpenAI API.
MOST_TEXTS = 2048


class Embeddings:
    """``POST /v1/embeddings``; see ``Api``. Nothing of it is a stream, and no answer has choices."""

    path = routes.EMBEDDINGS
    prefix = "embd-"
    turns = ""

    def read_request(self, raw: bytes, parts: Words = NO_PARTS) -> Request:
        body = read_body(raw)
        asked = body.get("input")
        texts = asked if isinstance(asked, list) else [asked]
        if not 0 < len(texts) <= MOST_TEXTS or not all(isinstance(text, str) for text in texts):
            most = f"`input` must be a text or a list of 1 to {MOST_TEXTS} texts; token ids cannot be checked."
            raise bad_request(most, "input")
        body = fields.EMBEDDINGS.of(body)
        return Request(body=body, streaming=False, choices=1, turn=1, readings=(), model=read_model(body))

    def saying(self, request: Request, messages: Sequence[Message]) -> Request:
        raise TypeError("embeddings have no conversation")

    def prompt_texts(self, request: Request, *, system_is_ours: bool) -> Iterator[str]:
        """Every string of a request."""
        return strings(dict(request.body))

    def masked(self, request: Request, mask: Callable[[str], str], *, system_is_ours: bool) -> dict[str, Any]:
        found: dict[str, Any] = replaced(dict(request.body), mask)
        return found

    def read_whole(self, raw: bytes, request: Request) -> Reply:
        raise TypeError("vectors are not choices")

    def reader(self, request: Request) -> Reader:
        raise TypeError("vectors are not streamed")

    def write_whole(self, request: Request, top: Top, choices: Choices, usage: Usage | None) -> dict[str, Any]:
        raise TypeError("vectors are not choices")

    def writer(self, request: Request) -> Writer:
        raise TypeError("vectors are not streamed")

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        return problem.body()

    def problem_event(self, problem: Problem) -> bytes:
        return problem_event(problem)


EMBEDDINGS = Embeddings()
