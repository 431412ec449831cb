"""By what a conversation is known again: digests that say nothing to whoever lacks the operator's secret."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from unicodedata import category

#: Of a text so many bytes of its letters count, and how many letters there are.
_MOST_BYTES = 64 * 1024
#: Characters that are looked at in one go: no other thread runs meanwhile.
_CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a conversation began: the ``claimed`` id that a client gives it ("" for none), and the fingerprints of the
    ``question`` that was asked first and of the ``answer`` that was given first, without the engine's own words."""

    claimed: str
    question: bytes
    answer: bytes

    @property
    def tells_apart(self) -> bool:
        """Whether something was asked and something answered: other beginnings are all alike."""
        return bool(self.question and self.answer)


def fingerprint(text: str, others: Iterable[bytes] = ()) -> bytes:
    """Return a digest of what was said: a ``text``, and digests of the ``others`` (pictures and the like) that came
    with it; empty if there is nothing.

    Clients send texts back as they please: of one that has letters, digits or their marks, these alone count, without
    case; of any other all but the white space around it.
    """
    said = _letters(text) or text.strip()
    others = tuple(others)
    if not said and not others:
        return b""
    head = said[:_MOST_BYTES].encode("utf-8", "surrogatepass")[:_MOST_BYTES]
    return sha256(b"".join(_framed((str(len(said)).encode(), head, *others)))).digest()


def conversation_key(secret: bytes, client: str, beginning: Beginning) -> bytes:
    """Derive the key of a conversation of ``client``, the SHA-256 of an API key in hexadecimal ("" without keys)."""
    claimed = beginning.claimed.encode("utf-8", "surrogatepass")
    return _digest(secret, b"conversation", client.encode(), claimed, beginning.question, beginning.answer)


def owner_key(secret: bytes, client: str) -> bytes:
    """Derive the name under which a client's conversations can be deleted."""
    return _digest(secret, b"owner", client.encode())


def _letters(text: str) -> str:
    """Return what of a text is the same however a client trims, wraps or emphasises it."""
    found = []
    for start in range(0, len(text), _CHUNK):
        chunk = text[start : start + _CHUNK].casefold()
        found.append(chunk.translate({ord(char): char if category(char)[0] in "LNM" else None for char in set(chunk)}))
    return "".join(found)


def _digest(secret: bytes, *parts: bytes) -> bytes:
    return hmac.digest(secret, b"".join(_framed(parts)), sha256)


def _framed(parts: Iterable[bytes]) -> Iterable[bytes]:
    """Each part behind its length, so that no two lists of parts make the same bytes."""
    for part in parts:
        yield len(part).to_bytes(8)
        yield part
