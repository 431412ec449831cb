"""DSSE envelopes: a payload, and signatures over its type and its bytes (Ed25519).

``https://github.com/secure-systems-lab/dsse`` defines them. A key's id is the SHA-256 of the key itself, so that it
cannot be claimed: a signature without one, or with that of another key, counts for nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from ordinance.errors import TrustError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sig`` is in base64."""

    keyid: str
    sig: str


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``payload`` is in base64."""

    payload: str
    payload_type: str = msgspec.field(name="payloadType")
    signatures: tuple[Signature, ...]

    @property
    def content(self) -> bytes:
        """Return the payload. Raises ``ValueError`` where it is not base64 in its one form."""
        return _unpacked(self.payload)

    @property
    def signed_bytes(self) -> bytes:
        """Return what is signed: the type and the payload, each with its length (DSSE's PAE)."""
        kind, content = self.payload_type.encode(), self.content
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(content), content)

    def only_by(self, keys: Collection[str]) -> Envelope:
        """Return it with nothing but the signatures of ``keys``."""
        kept = tuple(each for each in self.signatures if each.keyid in keys)
        return msgspec.structs.replace(self, signatures=kept)


def sealed(content: bytes, payload_type: str) -> Envelope:
    """Return an envelope that nobody has signed yet."""
    return Envelope(base64.b64encode(content).decode(), payload_type, ())


def key_id(public: bytes) -> str:
    """Return the id of a public key of 32 bytes."""
    return hashlib.sha256(public).hexdigest()


def sign(envelope: Envelope, private: Ed25519PrivateKey) -> Envelope:
    """Return the envelope with a signature by ``private``, in place of an earlier one by the same key."""
    public = private.public_key().public_bytes_raw()
    made = Signature(key_id(public), base64.b64encode(private.sign(envelope.signed_bytes)).decode())
    others = (each for each in envelope.signatures if each.keyid != made.keyid)
    signatures = tuple(sorted((*others, made), key=lambda each: each.keyid))
    return msgspec.structs.replace(envelope, signatures=signatures)


def is_signed_by(envelope: Envelope, signature: Signature, public: bytes) -> bool:
    """Return whether ``signature`` is by the key ``public``, over this envelope. Raises ``TrustError`` without the
    library."""
    try:
        made, signed = _unpacked(signature.sig), envelope.signed_bytes
    except ValueError:
        return False
    return is_by(public, made, signed) and signature.keyid == key_id(public)


def is_by(public: bytes, signature: bytes, data: bytes) -> bool:
    """Return whether ``signature`` is by the key ``public`` (32 bytes), over ``data``. Raises ``TrustError`` without
    the library."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise without_library() from None
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    except UnsupportedAlgorithm:  # as where OpenSSL was told to leave it out
        raise without_library() from None
    return True


def without_library() -> TrustError:
    """Return the error that signatures can be neither made nor verified here."""
    error = TrustError(
        "signatures cannot be verified: the package cryptography is not installed.", help="Install ordinance[trust]."
    )
    error.code, error.exit_code = "trust-library", 2
    return error


def _unpacked(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not base64") from None
    if base64.b64encode(found).decode() != text:
        raise ValueError("it is not base64 in its one form")
    return found
