"""Envelopes are DSSE's: another library verifies what we sign, and we verify what it signs."""

from __future__ import annotations

import json

import msgspec
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.dsse import Envelope as Theirs
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

from ordinance.errors import TrustError
from ordinance.trust import strict_json
from ordinance.trust.detached import is_signature
from ordinance.trust.envelopes import Envelope, is_signed_by, key_id, sealed, sign
from ordinance.trust.marks import jws
from support.bundles import key, public

CONTENT = '{"a": "Grüße"}'.encode()
KIND = "application/vnd.in-toto+json"


def their_key(name: str) -> SSlibKey:
    return SSlibKey.from_crypto(key(name).public_key(), keyid=key_id(public(name)))


def test_another_library_verifies_what_we_sign() -> None:
    made = sign(sign(sealed(CONTENT, KIND), key("anna")), key("ben"))
    theirs = Theirs.from_dict(json.loads(strict_json.encode(made)))
    assert theirs.payload == CONTENT
    assert len(theirs.verify([their_key("anna"), their_key("ben")], threshold=2)) == 2
    with pytest.raises(VerificationError):
        theirs.verify([their_key("anna"), their_key("cleo")], threshold=2)


def test_we_verify_what_another_library_signs() -> None:
    theirs = Theirs(CONTENT, KIND, {})
    theirs.sign(CryptoSigner(key("anna"), their_key("anna")))
    ours = msgspec.convert(theirs.to_dict(), Envelope)
    assert ours.content == CONTENT
    [signature] = ours.signatures
    assert is_signed_by(ours, signature, public("anna"))
    assert not is_signed_by(ours, signature, public("ben"))


def test_an_openssl_without_ed25519_is_a_missing_library_whatever_was_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = sign(sealed(CONTENT, KIND), key("anna"))
    [signature] = made.signatures
    token = jws.sign({}, key("anna"), "anna")

    def unsupported(_: bytes) -> None:
        raise UnsupportedAlgorithm("ed25519 is not supported by this version of OpenSSL")

    monkeypatch.setattr(Ed25519PublicKey, "from_public_bytes", unsupported)
    for verified in (
        lambda: is_signed_by(made, signature, public("anna")),
        lambda: is_signature(signature.sig, made.signed_bytes, public("anna")),
        lambda: jws.claims_in(token, public("anna")),
    ):
        with pytest.raises(TrustError) as refused:
            verified()
        assert refused.value.code == "trust-library"


def test_type_and_content_are_both_signed() -> None:
    made = sign(sealed(CONTENT, KIND), key("anna"))
    [signature] = made.signatures
    assert is_signed_by(made, signature, public("anna"))
    for other in (sealed(CONTENT + b" ", KIND), sealed(CONTENT, KIND + " ")):
        assert not is_signed_by(other, signature, public("anna"))


def test_who_signs_twice_has_one_signature() -> None:
    made = sign(sign(sealed(CONTENT, KIND), key("anna")), key("anna"))
    assert len(made.signatures) == 1


@pytest.mark.parametrize("payload", ["a", "YQ", "YQ==\n", "YR==", " YQ==", "YQ-_"])
def test_base64_has_one_form(payload: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        _ = Envelope(payload=payload, payload_type=KIND, signatures=()).content
