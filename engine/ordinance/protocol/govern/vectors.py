"""Vectors in the place of an answer: what passes of them, and what is told where there are none."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ordinance.protocol.api import Api
from ordinance.protocol.apis.envelope import decode
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.whole import Governed, unnoted
from ordinance.protocol.problems import malformed, prompt_refused, upstream_failed
from ordinance.protocol.said import Top, Usage
from ordinance.runtime.session import Session


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


def vectors(
    api: Api, raw: bytes, request: Request, session: Session, used: Callable[[Usage | None], None] = unnoted
) -> Governed:
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
    return Governed(
        session, lambda top, _: {"object": "list", "data": data, "model": top.model, "usage": usage}, answer.usage
    )


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
