"""JSON in its one form, DSSE envelopes and Ed25519: what cannot be read in one way only is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ordinance_verify.problems import WrongError


def sha256(data: bytes) -> str:
    """Return the SHA-256 of ``data``, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:40]!r} is there twice")
        found[name] = value
    return found


def _refused(text: str) -> Any:
    raise ValueError(f"{text[:40]} is not a number")


def loads(data: bytes) -> Any:
    """Return the value in ``data``. Raises ``ValueError`` for what is not JSON, or has a key twice."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refused)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def dumps(value: Any) -> bytes:
    """Return ``value`` in the one form: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def decode(data: bytes, code: str, where: str) -> Any:
    """Return the value in ``data``, which must be in its one form. Raises ``WrongError`` with this ``code``."""
    try:
        value = loads(data)
        if dumps(value) != data:
            raise ValueError("it is not in its one form (spaces, another order, another way of writing)")
    except (ValueError, RecursionError) as error:
        raise WrongError(code, where, str(error)[:200]) from None
    return value


#: What a member of an object may be.
Kind = type | tuple[type, ...]


def has(value: Any, **kinds: Kind) -> bool:
    """Return whether ``value`` is an object with exactly these members, each of its kind."""
    return (
        isinstance(value, dict)
        and value.keys() == kinds.keys()
        and all(
            isinstance(value[name], kind) and (kind is not int or type(value[name]) is int)
            for name, kind in kinds.items()
        )
    )


def unpacked(text: str) -> bytes:
    """Decode base64 in its one form. Raises ``ValueError``."""
    found = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError("it is not base64 in its one form")
    return found


def is_by(public: bytes, signature: bytes, data: bytes) -> bool:
    """Return whether ``signature`` is by the key ``public`` (32 bytes), over ``data``."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope: its ``content``, of a ``kind``, and signatures by the ids of their keys."""

    kind: str
    content: bytes
    signatures: Mapping[str, bytes]

    def is_by(self, public: bytes) -> bool:
        """Return whether the key ``public`` has signed it."""
        kind = self.kind.encode()
        data = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.content), self.content)
        return sha256(public) in self.signatures and is_by(public, self.signatures[sha256(public)], data)


def opened(data: bytes, code: str, where: str) -> Envelope:
    """Read an envelope. Raises ``WrongError`` with this ``code``."""
    value = decode(data, code, where)
    if not has(value, payload=str, payloadType=str, signatures=list):
        raise WrongError(code, where, "it is not a DSSE envelope")
    signatures: dict[str, bytes] = {}
    try:
        for each in value["signatures"]:
            if not has(each, keyid=str, sig=str) or each["keyid"] in signatures:
                raise ValueError("a signature is there twice, or is not one")
            signatures[each["keyid"]] = unpacked(each["sig"])
        return Envelope(value["payloadType"], unpacked(value["payload"]), signatures)
    except ValueError as error:
        raise WrongError(code, where, str(error)[:200]) from None
