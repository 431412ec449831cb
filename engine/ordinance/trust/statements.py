"""What people sign: an in-toto statement that lists files by their SHA-256, and says as which role, until when, and
what change it makes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from ordinance.trust import strict_json
from ordinance.trust.envelopes import Envelope, sealed
from ordinance.trust.moments import moment
from ordinance.trust.trouble import TroubleError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:x-ordinance:signed-policy:1"


class Digest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The SHA-256 of a file, in hexadecimal."""

    sha256: str


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a bundle."""

    name: str
    digest: Digest


class Approved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a signer approves: the SHA-256 of the difference (``approved/diff.json``), and of the release before, None
    for the first."""

    diff: str
    previous: str | None


class Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``version`` counts the statements of the ``role``. ``grace_days`` after it ``expires`` it may still be
    applied."""

    approved: Approved
    engine: str
    expires: str
    grace_days: int
    issued: str
    role: str
    version: int


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An in-toto statement (v1)."""

    type_: str = msgspec.field(name="_type")
    predicate: Predicate
    predicate_type: str = msgspec.field(name="predicateType")
    subject: tuple[Subject, ...]

    @property
    def files(self) -> dict[str, str]:
        """Return the SHA-256 of each file that it lists."""
        return {each.name: each.digest.sha256 for each in self.subject}

    @property
    def until(self) -> datetime:
        """Return when its grace ends."""
        return moment(self.predicate.expires) + timedelta(days=self.predicate.grace_days)


class Stated(msgspec.Struct, frozen=True):
    """A statement that was read, the envelope in which it came, and the SHA-256 of its bytes."""

    statement: Statement
    envelope: Envelope
    digest: str


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content``, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def stated(files: Mapping[str, bytes], predicate: Predicate) -> Envelope:
    """Return the statement about ``files``, in an envelope that nobody has signed yet."""
    subject = tuple(Subject(name, Digest(sha256(content))) for name, content in sorted(files.items()))
    return sealed(strict_json.encode(Statement(_STATEMENT, predicate, _PREDICATE, subject)), PAYLOAD_TYPE)


def read_statement(data: bytes, where: str) -> Stated:
    """Read a statement without looking at its signatures. Raises ``TroubleError``."""
    try:
        envelope = strict_json.decode(data, Envelope)
        if envelope.payload_type != PAYLOAD_TYPE:
            raise ValueError("it is not a statement")
        statement = strict_json.decode(envelope.content, Statement)
        if (statement.type_, statement.predicate_type) != (_STATEMENT, _PREDICATE):
            raise ValueError("it states something else")
        issued, expires = moment(statement.predicate.issued), moment(statement.predicate.expires)
        _ = statement.until  # raises where no calendar has that day
        if issued >= expires or not 0 <= statement.predicate.grace_days <= 3650 or statement.predicate.version < 1:
            raise ValueError("its times or its version are not possible")
        if len(statement.files) != len(statement.subject):
            raise ValueError("it lists a file twice")
    except (ValueError, OverflowError) as error:
        raise TroubleError("bundle-statement", where, str(error)) from None
    return Stated(statement, envelope, sha256(envelope.content))
