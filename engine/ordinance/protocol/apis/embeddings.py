"""Embeddings, where an operator opens that door: text is asked, and vectors come back, nothing else."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from ordinance.protocol import fields, routes
from ordinance.protocol.api import Api, Choices, Reader, Writer
from ordinance.protocol.apis.chunks import problem_event
from ordinance.protocol.apis.envelope import decode
from ordinance.protocol.asked import Request, read_body, read_model
from ordinance.protocol.conversation import Message
from ordinance.protocol.parts import NO_PARTS, Words
from ordinance.protocol.problems import Problem, bad_request, malformed, prompt_refused, upstream_failed
from ordinance.protocol.said import Reply, Top, Usage
from ordinance.protocol.strings import replaced, strings
from ordinance.runtime.session import Session

#: Texts of one request, as in the OpenAI API.
MOST_TEXTS = 2048


class _Vector(msgspec.Struct, frozen=True):
    index: int
    embedding: list[float] | str


class _Answer(msgspec.Struct, frozen=True):
    data: list[_Vector] = msgspec.field(default_factory=list)
    usage: Usage | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(_Answer)


def _texts(request: Request) -> Sequence[str]:
    asked = request.body["input"]
    return asked if isinstance(asked, list) else [asked]


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


def vectors(
    api: Api,
    raw: bytes,
    request: Request,
    session: Session,
    top: Top,
    used: Callable[[Usage | None], None] = lambda _: None,
) -> dict[str, Any]:
    """Return the vectors of an upstream's answer, written anew from known fields; ``used`` is told which tokens it
    counted. Raises ``Problem`` (502) where there is not one for each text that was asked."""
    answer = decode(_DECODER, raw)
    if answer.error is not None:
        raise upstream_failed()
    if sorted(each.index for each in answer.data) != list(range(len(_texts(request)))):
        raise malformed("it does not have one vector for each text")
    if not all(isinstance(each.embedding, list) or _is_encoded(each.embedding) for each in answer.data):
        raise malformed("an embedding is not a vector")
    used(answer.usage)
    session.stream().close()
    data = [{"object": "embedding", "index": each.index, "embedding": each.embedding} for each in answer.data]
    counted = answer.usage or Usage()
    usage = {"prompt_tokens": counted.prompt_tokens, "total_tokens": counted.total_tokens}
    return {
        "object": "list", "data": data, "model": request.model, "usage": usage, "ordinance": session.metadata()
    }  # fmt: skip


def no_vectors(api: Api, request: Request, session: Session, top: Top) -> dict[str, Any]:
    """Raise the ``Problem`` (403) that tells why a text gets no vector: there is no text in which a notice could
    stand."""
    session.stream().close()
    raise prompt_refused([notice.text for notice in session.outcome().notices])


def _is_encoded(embedding: str) -> bool:
    """Whether a text is numbers of four bytes each, in base64."""
    try:
        return len(base64.b64decode(embedding, validate=True)) % 4 == 0
    except (binascii.Error, ValueError):
        return False
