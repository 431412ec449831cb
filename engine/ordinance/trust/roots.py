"""The root: which people have which keys, which role needs how many of them, and what a role covers.

The rules are those of TUF (thresholds, expiry, a chain of roots of which each is signed by the one before and by
itself), the form is ours: decision 066 says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from ordinance.trust import strict_json
from ordinance.trust.envelopes import Envelope, is_signed_by, key_id
from ordinance.trust.moments import moment, written
from ordinance.trust.trouble import Trouble, TroubleError

ROOT_TYPE = "application/vnd.ordinance.root+json"
#: A machine's clock may be so far behind the time at which something was signed elsewhere.
CLOCKS_DIFFER = timedelta(minutes=5)

#: What each kind of pack needs, if nobody is named for that place alone.
GENERAL = {"charter": "charter", "jurisdiction": "jurisdictions", "language": "languages", "house": "houses"}
#: Roles that every root has.
NEEDED = ("charter", "release", "root")
_OF_ONE = re.compile(r"(jurisdiction|language|house) [\w-]+")


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key, in hexadecimal, and the person who has it."""

    owner: str
    public: str

    @property
    def bytes(self) -> bytes:
        return bytes.fromhex(self.public)


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``threshold`` people must sign, with ``keys`` of this role. No statement of a version below ``least`` counts."""

    keys: tuple[str, ...]
    least: int
    threshold: int


class Root(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``keys`` by their ids, ``roles`` by their names; ``issued`` and ``expires`` are moments."""

    expires: str
    issued: str
    keys: dict[str, Key]
    roles: dict[str, Role]
    version: int

    def covering(self, kind: str, name: str) -> str | None:
        """Return the role that answers for the pack ``name`` of this ``kind``: that of its place, else that of the
        place within which it is by its code (US for US-CA), else that of the kind; None if nobody does."""
        parts = name.split("-")
        exact = (f"{kind} {'-'.join(parts[:length])}" for length in range(len(parts), 0, -1))
        return next((role for role in (*exact, GENERAL[kind]) if role in self.roles), None)


@dataclass(frozen=True, slots=True)
class Rooted:
    """A root that was read, with the envelope in which it came. ``anchor`` is the version of the first of its chain."""

    root: Root
    envelope: Envelope


def read_root(data: bytes, where: str) -> Rooted:
    """Read a root without looking at its signatures. Raises ``TroubleError``."""
    try:
        envelope = strict_json.decode(data, Envelope)
        if envelope.payload_type != ROOT_TYPE:
            raise ValueError("it is not a root")
        root = strict_json.decode(envelope.content, Root)
        for time in (root.issued, root.expires):
            moment(time)
    except ValueError as error:
        raise TroubleError("root-wrong", where, str(error)) from None
    if wrong := next(wrong_in(root), None):
        raise TroubleError("root-wrong", where, wrong)
    return Rooted(root, envelope)


def wrong_in(root: Root) -> Iterator[str]:
    """Yield what is wrong with a root, apart from its signatures."""
    if root.version < 1:
        yield "its version is less than 1"
    if moment(root.issued) >= moment(root.expires):
        yield "it expires before it begins"
    for name, key in root.keys.items():
        if not re.fullmatch("[0-9a-f]{64}", key.public) or key_id(key.bytes) != name:
            yield f"the key {name[:16]} is not the one that its id says"
        elif not key.owner.strip():
            yield f"the key {name[:16]} has no owner"
    for name in NEEDED:
        if name not in root.roles:
            yield f"the role {name} is missing"
    for name, role in root.roles.items():
        if name not in (*NEEDED, *GENERAL.values()) and not _OF_ONE.fullmatch(name):
            yield f"there is no role '{name}'"
        elif list(role.keys) != sorted(set(role.keys)) or not set(role.keys) <= root.keys.keys():
            yield f"the role {name} lists a key twice, or one that is not there"
        elif not 1 <= role.threshold <= len({root.keys[each].owner for each in role.keys}):
            yield f"the role {name} needs {role.threshold} people and has fewer, or needs nobody"
        elif name == "release" and role.threshold < 2:
            yield "the role release needs one person; it must need at least two"
        elif role.least < 1:
            yield f"the role {name} accepts a version below 1"
    yield from _shared(root)


def _shared(root: Root) -> Iterator[str]:
    """Yield which keys are in roles that must not share any: those of the root with all others, those of the charter
    with those of packs."""
    for apart, beside in (("root", ("root",)), ("charter", ("charter", "root", "release"))):
        own = set(root.roles[apart].keys) if apart in root.roles else set()
        for name, role in root.roles.items():
            if name not in beside and own & set(role.keys):
                yield f"the roles {apart} and {name} have a key in common"


def signers(envelope: Envelope, role: str, root: Root, where: str) -> Iterator[Trouble]:
    """Yield what is wrong with the signatures of ``envelope``, which needs those of ``role`` under ``root``. People
    count, not keys: whoever has two keys counts once."""
    needed = root.roles[role]
    people: set[str] = set()
    seen: set[str] = set()
    for signature in envelope.signatures:
        if signature.keyid not in needed.keys:
            yield Trouble(
                "bundle-signature", where, f"there is a signature by a key that the role {role} does not have"
            )
        elif signature.keyid in seen or not is_signed_by(envelope, signature, root.keys[signature.keyid].bytes):
            yield Trouble("bundle-signature", where, f"the signature by {root.keys[signature.keyid].owner} is wrong")
        else:
            people.add(root.keys[signature.keyid].owner)
        seen.add(signature.keyid)
    if len(people) < needed.threshold:
        yield Trouble(
            "bundle-signatures",
            where,
            f"{len(people)} of the {needed.threshold} people whom the role {role} needs have signed",
        )


def trusted(anchor: Rooted, later: Mapping[int, Rooted]) -> tuple[Root, list[Trouble]]:
    """Return the newest root that ``anchor`` vouches for, through the ``later`` ones by their versions, and what is
    wrong with the chain. Each must be signed as the one before asks, and as it asks itself. One that has expired still
    vouches for the next."""
    found = list(_vouched(anchor, anchor.root, "root"))
    current = anchor
    if same := later.get(anchor.root.version):
        where = _file(anchor.root.version)
        if same.envelope.payload != anchor.envelope.payload:
            found.append(Trouble("root-wrong", where, "it is another root than the one in `trust.root`"))
        found += _vouched(same, anchor.root, where)
    while not found and (following := later.get(current.root.version + 1)):
        where = _file(following.root.version)
        found += _vouched(following, current.root, where) or _vouched(following, following.root, where)
        current = following
    if beyond := [version for version in later if version > current.root.version]:
        found.append(Trouble("root-wrong", _file(min(beyond)), "the roots before it are missing"))
    return current.root, found


def out_of_time(root: Root, now: datetime, *, lenient: bool) -> Iterator[Trouble]:
    """Yield whether the clock is before the time of ``root``, and, unless ``lenient``, whether it has expired."""
    if now + CLOCKS_DIFFER < moment(root.issued):
        what = f"the root was issued at {root.issued}, and the clock says {written(now)}"
        yield Trouble("trust-clock", _file(root.version), what)
    if now >= moment(root.expires) and not lenient:
        yield Trouble("root-expired", _file(root.version), f"it expired at {root.expires}")


def _vouched(rooted: Rooted, by: Root, where: str) -> list[Trouble]:
    """Return what is wrong with the signatures of a root, as the root ``by`` asks. Those of the other root, the one
    before or the one after, are looked at with that one."""
    envelope = rooted.envelope.only_by(by.roles["root"].keys)
    return [Trouble("root-wrong", where, each.what) for each in signers(envelope, "root", by, where)]


def _file(version: int) -> str:
    return f"roots/{version}.json"
