"""Lines that are signed: checkpoints, and what says that records were deleted.

Such a line is JSON whose last member is ``signature``. The signature, Ed25519, is over ``ordinance-record-1``, a line's
end, and the line without that member.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import msgspec

_DOMAIN = b"ordinance-record-1\n"
_MEMBER = b',"signature":{'
_SIGNATURE = re.compile(rb'"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\}')

#: The hash before the first checkpoint.
NOTHING = "0" * 64


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="checkpoint"):
    """Signs what lies in the record since the checkpoint before it.

    ``number`` counts from 1, ``before`` is the SHA-256 of the line of the checkpoint before; ``records``, ``torn``,
    ``digest`` and ``heads`` are those of the ``Segment``. ``opens`` and ``closes`` are the chains that begin and end
    here. With a ``gap`` the end of the file before was not there to be signed.
    """

    time: str
    number: int
    before: str
    records: int
    torn: int
    digest: str
    heads: dict[str, tuple[int, str]]
    v: Literal[1] = 1
    opens: str = ""
    closes: str = ""
    gap: bool = False


class Deletion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="deletion"):
    """Says that records of this file were deleted: ``records`` of them, whose lines have this ``id``. ``number`` counts
    the deletions of the file from 1; ``digest`` is the SHA-256 of their links, one after the other; ``by`` is what
    chose them: ``age``, with those before ``until``, or ``key``.
    """

    time: str
    number: int
    id: str
    by: Literal["age", "key"]
    records: int
    digest: str
    v: Literal[1] = 1
    until: str = ""


_decode = msgspec.json.Decoder(Checkpoint | Deletion).decode


@dataclass(frozen=True, slots=True)
class Signed:
    """A line that claims to be signed: what it says, over which ``data``, by which key."""

    says: Checkpoint | Deletion
    data: bytes
    key_id: str
    signature: str


def sign(says: Checkpoint | Deletion, key_id: str, signer: Callable[[bytes], str]) -> bytes:
    """Return the line, with its end, that says so; ``signer`` gives a signature over bytes, in base64."""
    body = msgspec.json.encode(says)
    return b'%b,"signature":{"keyid":"%b","sig":"%b"}}\n' % (
        body[:-1], key_id.encode(), signer(_DOMAIN + body).encode(),
    )  # fmt: skip


def signed_in(line: bytes) -> Signed | None:
    """Return what ``line``, without its end, says; None if it is not signed or not of this form. The signature is not
    verified."""
    at = line.rfind(_MEMBER)
    found = _SIGNATURE.fullmatch(line, at + len(_MEMBER)) if at >= 0 else None
    if found is None:
        return None
    body = line[:at] + b"}"
    try:
        says = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return Signed(says, _DOMAIN + body, found[1].decode(), found[2].decode())


def digest_of(line: bytes) -> str:
    """Return what the next checkpoint names of this ``line``, with or without its end."""
    return sha256(line.rstrip(b"\n")).hexdigest()
