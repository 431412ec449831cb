"""Signatures that stand beside what they sign: Ed25519 over plain bytes, in base64, with the id of the key."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from ordinance.errors import OrdinanceError, UnreadableError
from ordinance.trust.envelopes import is_by, key_id
from ordinance.trust.signing import private_key, public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """Signs with the private key in ``file``, which has no passphrase. Raises ``OrdinanceError`` where that cannot be
    read."""

    def __init__(self, file: Path) -> None:
        self._key: Ed25519PrivateKey = private_key(file, None)
        self.public = self._key.public_key().public_bytes_raw()
        #: The SHA-256 of the public key.
        self.key_id = key_id(self.public)

    def sign(self, data: bytes) -> str:
        """Return the signature over ``data``, in base64."""
        return base64.b64encode(self._key.sign(data)).decode()


def is_signature(signature: str, data: bytes, public: bytes) -> bool:
    """Return whether ``signature`` is by the key ``public``, over ``data``. Raises ``TrustError`` without the
    library."""
    try:
        made = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    return is_by(public, made, data)


def either_key(file: Path) -> bytes:
    """Return the public key in ``file``, which contains it or the private key, in PEM. Raises ``OrdinanceError``."""
    try:
        return public_key(file)
    except UnreadableError as error:
        try:
            return Signer(file).public
        except OrdinanceError:
            raise error from None
