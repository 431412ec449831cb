"""What a bundle contains, by the names of its members, and which role answers for each of them.

roots/2.json                              the root that follows the first, and so on
statements/charter.json                   what each role has signed; a role's space is written as a dot
approved/diff.json                        what the signers approved
policy.json                               the plugins that are allowed, the judges that must be there
packs/jurisdictions/DE/DE.ord             a pack, with its lexicons beside it
calibration/guard.json                    the calibration of a judge
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ordinance.language.parser import Role as Grammar
from ordinance.language.parser import parse
from ordinance.language.source import Source
from ordinance.trust import strict_json
from ordinance.trust.roots import Root, Rooted, read_root
from ordinance.trust.statements import Stated, read_statement
from ordinance.trust.trouble import Trouble, TroubleError

DIFF = "approved/diff.json"
POLICY = "policy.json"
RELEASE = "release"

#: The folder of each kind of pack.
FOLDERS = {"charter": "charter", "jurisdiction": "jurisdictions", "language": "languages", "house": "houses"}
_KINDS = {folder: kind for kind, folder in FOLDERS.items()}
_GRAMMARS: Mapping[str, Grammar] = {
    "charter": "charter", "jurisdiction": "jurisdiction", "language": "language", "house": "house",
}  # fmt: skip

_PACK = re.compile(r"packs/(charter|jurisdictions|languages|houses)/([^/]+)/(.+)")
_NUMBERED = re.compile(r"roots/([1-9][0-9]{0,8})\.json")


class AllowedPlugin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin that may take part: its files (``sha256``), the SHA-256 of its own settings, and where it may connect
    to."""

    name: str
    network: tuple[str, ...]
    settings: str
    sha256: str
    version: str


class Extent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a policy needs besides packs: the ``plugins`` that are allowed, and the ``judges`` that must be configured.
    The calibration of a judge is the one in the bundle, and no other."""

    judges: tuple[str, ...]
    plugins: tuple[AllowedPlugin, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """A bundle that was read and not verified. ``members`` are all of its files; ``signed`` those that statements
    list."""

    members: Mapping[str, bytes]
    roots: Mapping[int, Rooted]
    statements: Mapping[str, Stated]
    extent: Extent

    @property
    def signed(self) -> dict[str, bytes]:
        return {name: content for name, content in self.members.items() if is_signed(name)}

    @property
    def newest(self) -> Rooted | None:
        """Return the newest root in it; None if it has none."""
        return self.roots[max(self.roots)] if self.roots else None


def is_signed(name: str) -> bool:
    """Return whether statements list the member ``name``; roots and statements vouch for themselves."""
    return not name.startswith(("roots/", "statements/"))


def pack_of(name: str) -> tuple[str, str] | None:
    """Return kind and name of the pack to which the member ``name`` belongs; None if it belongs to none."""
    found = _PACK.fullmatch(name)
    return (_KINDS[found[1]], found[2]) if found else None


def role_of(name: str, root: Root) -> str | None:
    """Return the role that answers for the member ``name`` besides the release; None if nobody does."""
    pack = pack_of(name)
    return RELEASE if pack is None else root.covering(*pack)


def statement_name(role: str) -> str:
    """Return the member that has the statement of ``role``."""
    return f"statements/{role.replace(' ', '.')}.json"


def read_contents(members: Mapping[str, bytes]) -> Contents:
    """Read what is in a bundle. Raises ``TroubleError`` for a member that no bundle has, or one that is missing."""
    roots: dict[int, Rooted] = {}
    statements: dict[str, Stated] = {}
    for name, content in members.items():
        if numbered := _NUMBERED.fullmatch(name):
            roots[int(numbered[1])] = _numbered(int(numbered[1]), content, name)
        elif name.startswith("statements/"):
            made = read_statement(content, name)
            if statement_name(made.statement.predicate.role) != name:
                raise TroubleError("bundle-statement", name, "it is the statement of another role")
            statements[made.statement.predicate.role] = made
        elif name not in (DIFF, POLICY) and not re.fullmatch(r"calibration/[^/]+\.json", name):
            _check_pack_member(name)
    if missing := [name for name in (DIFF, POLICY) if name not in members]:
        raise TroubleError("bundle-member", missing[0], "it is missing")
    try:
        extent = strict_json.decode(members[POLICY], Extent)
    except ValueError as error:
        raise TroubleError("bundle-statement", POLICY, str(error)) from None
    return Contents(members, roots, statements, extent)


def _numbered(number: int, content: bytes, name: str) -> Rooted:
    read = read_root(content, name)
    if read.root.version != number:
        raise TroubleError("root-wrong", name, "it has another version than its name says")
    return read


def _check_pack_member(name: str) -> None:
    found = _PACK.fullmatch(name)
    if found is None:
        raise TroubleError("bundle-member", name, "a bundle does not contain such a file")
    if name.endswith(".ord") != (found[3] == f"{found[2]}.ord"):
        raise TroubleError("bundle-place", name, "a pack's folder contains one pack, which has the folder's name")


def misplaced(members: Mapping[str, bytes]) -> Iterator[Trouble]:
    """Yield each pack that is another one than its place in the bundle says: the role of a place answers for it."""
    for name, content in members.items():
        pack = pack_of(name)
        if pack is None or not name.endswith(".ord"):
            continue
        try:
            source = Source(Path(name), name, content.decode())
        except UnicodeDecodeError:
            yield Trouble("bundle-place", name, "it is not text")
            continue
        read = parse(source, _GRAMMARS[pack[0]]).pack
        if read is None or (read.kind, read.name.text) != pack:
            yield Trouble("bundle-place", name, f"it is not the {pack[0]} {pack[1]}")
