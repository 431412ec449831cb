"""Log probabilities as chat and responses write them: a token, what it had, and what could have stood there."""

from __future__ import annotations

from typing import Any

import msgspec

from ordinance.protocol.said import Token


class _TopToken(msgspec.Struct, frozen=True):
    token: str
    logprob: float | None = None
    bytes: list[int] | None = None


class TokenWords(_TopToken, frozen=True):
    """An entry as an upstream writes it."""

    top_logprobs: list[_TopToken] | None = None


def read_token(token: TokenWords) -> Token:
    alternatives = [(each.token, each.logprob or 0.0) for each in token.top_logprobs or ()]
    return Token(token.token, token.logprob, alternatives, with_bytes=token.bytes is not None)


def write_token(token: Token) -> dict[str, Any]:
    alternatives = [_one(text, logprob, token.with_bytes) for text, logprob in token.alternatives or ()]
    return {**_one(token.text, token.logprob, token.with_bytes), "top_logprobs": alternatives}


def _one(text: str, logprob: float | None, with_bytes: bool) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()) if with_bytes else None}
