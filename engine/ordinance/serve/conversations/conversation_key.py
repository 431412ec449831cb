"""By what a conversation is known again: digests that say nothing to whoever lacks the operator's secret."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a conversation began: the ``claimed`` id that a client gives it ("" for none), the ``question`` that was
    asked first and the ``answer`` that was given first, without the engine's own words. Clients send both back as they
    please: white space, marks and letters' case count for nothing."""

    claimed: str
    question: str
    answer: str


def conversation_key(secret: bytes, client: str, beginning: Beginning) -> bytes:
    """Derive the key of a conversation of ``client``, the SHA-256 of an API key in hexadecimal ("" without keys)."""
    return _digest(
        secret, "conversation", client, beginning.claimed, _letters(beginning.question), _letters(beginning.answer)
    )


def owner_key(secret: bytes, client: str) -> bytes:
    """Derive the name under which a client's conversations can be deleted."""
    return _digest(secret, "owner", client)


def _letters(text: str) -> str:
    """Return what of a text is the same however a client trims, wraps or emphasises it."""
    return "".join(character for character in text.casefold() if character.isalnum())


def _digest(secret: bytes, *parts: str) -> bytes:
    return hmac.digest(secret, b"".join(_framed(parts)), sha256)


def _framed(parts: Iterable[str]) -> Iterable[bytes]:
    """Each part behind its length, so that no two lists of parts make the same bytes."""
    for part in parts:
        written = part.encode("utf-8", "surrogatepass")
        yield len(written).to_bytes(8)
        yield written
