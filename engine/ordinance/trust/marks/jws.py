"""JSON Web Signatures as marks have them: compact (RFC 7515), with Ed25519 (RFC 8037), and nothing else.

A header that names another algorithm, brings a key or asks for an extension is refused: the key comes from who
verifies.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ordinance.trust.envelopes import is_by

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: What the header says that is signed, so that no signature made for something else is taken for a mark.
TYPE = "ordinance-mark+jws"
_ALGORITHM = "EdDSA"
_HEADER = frozenset({"alg", "kid", "typ"})
#: A JWS that is longer than this is not read. A mark has about 20 bytes for each addition.
_LONGEST = 32 * 1024 * 1024


def sign(claims: Mapping[str, Any], private: Ed25519PrivateKey, key_id: str) -> str:
    """Return ``claims`` as a JWS in the compact form, signed by ``private``, whose name is ``key_id``."""
    header = {"alg": _ALGORITHM, "kid": key_id, "typ": TYPE}
    signed = f"{_packed(_json(header))}.{_packed(_json(claims))}"
    return f"{signed}.{_packed(private.sign(signed.encode()))}"


def key_named_in(token: str) -> str:
    """Return the name of the key that ``token`` claims to be signed by: a hint for people, and no proof. Raises
    ``ValueError`` where it is not a mark's JWS."""
    return str(_parts(token)[0]["kid"])


def claims_in(token: str, public: bytes) -> dict[str, Any] | None:
    """Return what ``token`` says if it is signed by the key ``public`` (32 bytes), else None. Raises ``ValueError``
    where it is not a mark's JWS, ``TrustError`` without the library."""
    _, payload, signature = _parts(token)
    return _object(payload) if is_by(public, signature, token.rpartition(".")[0].encode()) else None


def _parts(token: str) -> tuple[dict[str, Any], bytes, bytes]:
    """Return header, payload and signature."""
    if len(token) > _LONGEST or not token.isascii() or token.count(".") != 2:
        raise ValueError("it does not have the three parts of a JWS")
    header, payload, signature = map(_unpacked, token.split("."))
    named = _object(header)
    if named.keys() != _HEADER or named["alg"] != _ALGORITHM or named["typ"] != TYPE:
        raise ValueError("its header is not that of a mark")
    if not isinstance(named["kid"], str):
        raise ValueError("its header does not name a key")
    return named, payload, signature


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("a part of it is not JSON") from None
    if not isinstance(found, dict) or _json(found) != data:
        raise ValueError("a part of it is not in the form in which marks are written")
    return found


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise ValueError("a part of it is not base64url") from None
    if _packed(found) != text:
        raise ValueError("a part of it is not in its one form of base64url")
    return found
