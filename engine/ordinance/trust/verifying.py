"""Whether a bundle may be applied: its form, its roots, its signatures, its files, its times and its versions.

Everything that is wrong is found at once. Nothing here writes, and nothing is taken out of a bundle before all of it
was verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ordinance.errors import TrustError
from ordinance.trust import archive
from ordinance.trust.contents import DIFF, RELEASE, Contents, misplaced, read_contents, role_of, statement_name
from ordinance.trust.moments import moment, written
from ordinance.trust.roots import CLOCKS_DIFFER, Root, Rooted, out_of_time, read_root, signers, trusted
from ordinance.trust.seen import Seen
from ordinance.trust.statements import Stated, sha256
from ordinance.trust.trouble import Trouble, TroubleError

_LARGEST_ROOT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle that may be applied ``until`` then. Only ``verify`` makes one."""

    contents: Contents
    root: Root
    until: datetime

    @property
    def statements(self) -> Mapping[str, Stated]:
        return self.contents.statements

    @property
    def release(self) -> Stated:
        return self.contents.statements[RELEASE]


def read_bytes(file: Path, largest: int, code: str) -> bytes:
    """Read a file of at most ``largest`` bytes. Raises ``TroubleError`` with this ``code``."""
    try:
        if not file.is_file():
            raise TroubleError(code, str(file), "there is no such file")
        with file.open("rb") as opened:
            data = opened.read(largest + 1)
    except OSError as error:
        raise TroubleError(code, str(file), f"it cannot be read: {error.strerror}") from None
    if len(data) > largest:
        raise TroubleError(code, str(file), f"it is larger than {largest // 1024**2} MiB")
    return data


def read_bundle(file: Path) -> Contents:
    """Read a bundle without verifying it. Raises ``TroubleError``."""
    data = read_bytes(file, archive.LARGEST, "bundle-unreadable")
    return read_contents(archive.read(data, str(file)))


def read_anchor(file: Path) -> Rooted:
    """Read the root from which verifying begins. Raises ``TroubleError``."""
    return read_root(read_bytes(file, _LARGEST_ROOT, "root-unreadable"), str(file))


def verify(
    file: Path, anchor: Path, seen: Seen, now: datetime, *, running: bool = False
) -> tuple[Verified | None, list[Trouble]]:
    """Verify the bundle in ``file`` from the root in ``anchor``, on a machine that has ``seen`` others. Returns the
    bundle, None if anything is wrong, and everything that is.

    ``running``: for a server that runs already, so that the very bundle that it applied last may have expired.
    """
    try:
        first = read_anchor(anchor)
        contents = read_bundle(file)
        root, found = trusted(first, contents.roots)
        if not found:
            lenient = running and seen.has(root, contents.statements)
            found += out_of_time(root, now, lenient=lenient)
            found += _wrong_in(contents, root, now, lenient=lenient)
            found += seen.troubles(root, contents.statements, now)
        if not found:  # a pack is parsed only once the right people have signed it
            found += misplaced(contents.members)
    except TroubleError as error:
        return None, [error.trouble]
    except TrustError as error:  # the library is missing
        return None, [Trouble(error.code, str(file), error.message.rstrip("."))]
    if found:
        return None, found
    until = min(moment(root.expires), *(made.statement.until for made in contents.statements.values()))
    return Verified(contents, root, until), []


def _wrong_in(contents: Contents, root: Root, now: datetime, *, lenient: bool) -> Iterator[Trouble]:
    parts = dict(_parts(contents, root))
    for name in sorted(name for name, role in parts.items() if role is None):
        yield Trouble("bundle-role", name, "the root names nobody who may sign it")
    needed = {role for role in parts.values() if role is not None} | {RELEASE}
    for role in sorted(needed | contents.statements.keys()):
        made = contents.statements.get(role)
        if role not in needed:
            yield Trouble("bundle-role", statement_name(role), "nothing in the bundle needs this statement")
        elif made is None:
            yield Trouble("bundle-signatures", statement_name(role), f"the statement of the role {role} is missing")
        else:
            yield from _wrong_with(role, made, root, now, lenient=lenient)
            own = {name for name, each in parts.items() if role in (each, RELEASE)}
            yield from _differing(made, {name: contents.members[name] for name in own})
    yield from _unapproved(contents)


def _parts(contents: Contents, root: Root) -> Iterator[tuple[str, str | None]]:
    for name in contents.signed:
        yield name, role_of(name, root)


def _wrong_with(role: str, made: Stated, root: Root, now: datetime, *, lenient: bool) -> Iterator[Trouble]:
    """Yield what is wrong with a statement: who signed it, its version and its times."""
    said, where = made.statement.predicate, statement_name(role)
    yield from signers(made.envelope, role, root, where)
    if said.version < root.roles[role].least:
        what = f"it has version {said.version}; the root accepts {root.roles[role].least} and above"
        yield Trouble("bundle-older", role, what)
    if now + CLOCKS_DIFFER < moment(said.issued):
        yield Trouble("trust-clock", where, f"it was issued at {said.issued}, and the clock says {written(now)}")
    if now >= made.statement.until and not lenient:
        days = f", and {said.grace_days} days of grace are over" if said.grace_days else ""
        yield Trouble("bundle-expired", where, f"it expired at {said.expires}{days}")


def _differing(made: Stated, files: Mapping[str, bytes]) -> Iterator[Trouble]:
    """Yield how ``files`` differ from those that a statement lists."""
    listed = made.statement.files
    for name in sorted(listed.keys() | files.keys()):
        if name not in files:
            yield Trouble("bundle-member", name, "it is signed and missing")
        elif name not in listed:
            yield Trouble("bundle-member", name, f"the role {made.statement.predicate.role} has not signed it")
        elif sha256(files[name]) != listed[name]:
            yield Trouble("bundle-member", name, "it is not the file that was signed")


def _unapproved(contents: Contents) -> Iterator[Trouble]:
    """Yield where the release does not carry the digest of the difference that the bundle contains."""
    made = contents.statements.get(RELEASE)
    if made is not None and made.statement.predicate.approved.diff != sha256(contents.members[DIFF]):
        yield Trouble("bundle-diff", DIFF, "the statement of the release carries the digest of another difference")
