"""An office that signs policy: people with keys, a root, small packs, and bundles that are right, to be spoiled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ordinance.loading.load import Loaded, load
from ordinance.trust import archive, strict_json
from ordinance.trust.building import Order, build
from ordinance.trust.contents import Contents, read_contents, statement_name
from ordinance.trust.envelopes import Envelope, key_id, sealed, sign
from ordinance.trust.moments import written
from ordinance.trust.roots import ROOT_TYPE, Key, Role, Root
from ordinance.trust.signing import sign_bundle
from support.packs import CHARTER, write_charter, write_jurisdiction

#: A day on which everything of these bundles is in force; real time, for servers that are started read their own clock.
NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = timedelta(days=365)

#: Who has which role, of whom how many must sign.
ROLES: Mapping[str, tuple[tuple[str, ...], int]] = {
    "root": (("anna", "ben", "cleo"), 2),
    "charter": (("dora", "emil", "fritz"), 2),
    "release": (("gerd", "hans", "hans-spare"), 2),
    "jurisdictions": (("iris", "jan"), 2),
    "languages": (("kurt",), 1),
}
#: Whose key it is, where that is not the key's own name.
OWNERS = {"hans-spare": "hans"}
#: Who signs a bundle, so that it may be applied.
SIGNERS = ("dora", "emil", "gerd", "hans", "iris", "jan", "kurt")


def key(name: str) -> Ed25519PrivateKey:
    """The private key of a person, the same every time."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public(name: str) -> bytes:
    return key(name).public_key().public_bytes_raw()


def public_pem(name: str) -> bytes:
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_keys(folder: Path, name: str) -> tuple[Path, Path]:
    """Write the private and the public key of a person, in PEM; return their files."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(public_pem(name))
    return private, public


def make_root(
    version: int = 1,
    roles: Mapping[str, tuple[tuple[str, ...], int]] = ROLES,
    issued: datetime = NOW - YEAR,
    expires: datetime = NOW + 3 * YEAR,
    least: Mapping[str, int] | None = None,
) -> Root:
    names = sorted({name for people, _ in roles.values() for name in people})
    return Root(
        expires=written(expires),
        issued=written(issued),
        keys={key_id(public(name)): Key(OWNERS.get(name, name), public(name).hex()) for name in names},
        roles={
            role: Role(tuple(sorted(key_id(public(name)) for name in people)), (least or {}).get(role, 1), threshold)
            for role, (people, threshold) in roles.items()
        },
        version=version,
    )


def sign_root(root: Root, *people: str) -> bytes:
    envelope = sealed(strict_json.encode(root), ROOT_TYPE)
    for name in people:
        envelope = sign(envelope, key(name))
    return strict_json.encode(envelope)


ROOT = sign_root(make_root(), "anna", "ben")


def load_draft(folder: Path) -> Loaded:
    return load([folder], on=NOW.date(), shipped=False)


@dataclass
class Office:
    """Packs in a folder, and bundles of them."""

    folder: Path
    roots: list[bytes] = field(default_factory=lambda: [ROOT])

    def __post_init__(self) -> None:
        write_charter(self.folder / "charter", CHARTER)
        write_jurisdiction(self.folder / "XA")

    @property
    def packs(self) -> list[Path]:
        return [self.folder / name for name in ("charter", "XA")]

    def change(self, phrase: str) -> None:
        """Let the jurisdiction look for one phrase more."""
        with (self.folder / "XA" / "lexicons" / "words.txt").open("a", encoding="utf-8") as lexicon:
            lexicon.write(f"{phrase}\n")

    def draft(self, before: bytes | None = None, **more: Any) -> bytes:
        """A bundle that nobody has signed."""
        order: dict[str, Any] = {
            "packs": self.packs, "roots": self.roots, "plugins": (), "judges": (), "issued": NOW, "grace": 0,
            "expires": NOW + YEAR, "before": None if before is None else (read(before), Path("before.bundle")), **more,
        }  # fmt: skip
        return build(Order(**order), Path("made.bundle"), load_draft)

    def bundle(self, before: bytes | None = None, *, signers: Sequence[str] = SIGNERS, **more: Any) -> bytes:
        return signed(self.draft(before, **more), *signers)


def read(data: bytes) -> Contents:
    return read_contents(archive.read(data, "a bundle"))


def signed(data: bytes, *people: str) -> bytes:
    """The bundle with these people's signatures, as each role that they have in its newest root."""
    contents = read(data)
    root = contents.roots[max(contents.roots)].root
    for name in people:
        data = sign_bundle(read(data), root, key(name)).data
    return data


def spoiled(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The bundle after somebody has changed its members, in the form that a bundle has."""
    members = dict(archive.read(data, "a bundle"))
    change(members)
    return archive.write(members)


def envelope(members: Mapping[str, bytes], role: str) -> Envelope:
    return strict_json.decode(members[statement_name(role)], Envelope)


def put(members: dict[str, bytes], role: str, changed: Envelope) -> None:
    members[statement_name(role)] = strict_json.encode(changed)


def restated(data: bytes, role: str, change: Callable[[bytes], bytes], people: Iterable[str]) -> bytes:
    """The bundle with another statement of a role, which these people have really signed."""

    def put_statement(members: dict[str, bytes]) -> None:
        made = envelope(members, role)
        again = sealed(change(made.content), made.payload_type)
        for name in people:
            again = sign(again, key(name))
        put(members, role, again)

    return spoiled(data, put_statement)


def without_signatures(members: dict[str, bytes], role: str) -> None:
    put(members, role, msgspec.structs.replace(envelope(members, role), signatures=()))


@dataclass(frozen=True)
class World:
    """The first bundle of an office, the second, which machines have applied, and the office."""

    office: Office
    first: bytes
    second: bytes
    kept: dict[str, bytes] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What ``make`` gives, made once for all ways."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]
