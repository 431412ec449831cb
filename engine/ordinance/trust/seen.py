"""What a machine remembers of the bundles that it has applied, so that an older one is refused: a file of JSON.

It has the highest version of the root and of each role's statement, and the last time at which it was written. Whoever
can change the file can make the machine forget; whoever deletes it lets an older bundle in once more. A root can close
that gap: with ``least`` in its roles.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from ordinance.trust import strict_json
from ordinance.trust.moments import moment, written
from ordinance.trust.roots import CLOCKS_DIFFER, Root
from ordinance.trust.statements import Stated
from ordinance.trust.trouble import Trouble, TroubleError

_NAME = "trust.json"
_LARGEST = 1024 * 1024


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version of a statement, and the SHA-256 of its bytes."""

    number: int
    statement: str


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``root`` is the version of the newest root, ``at`` the last time of the clock; empty before the first bundle."""

    at: str = ""
    roles: dict[str, Version] = {}
    root: int = 0

    def troubles(self, root: Root, statements: Mapping[str, Stated], now: datetime) -> Iterator[Trouble]:
        """Yield in what ``root`` and ``statements`` are older than what was seen, and whether the clock went back."""
        if self.at and now + CLOCKS_DIFFER < moment(self.at):
            yield Trouble("trust-clock", "clock", f"it says {written(now)}; when it was last read it was {self.at}")
        if root.version < self.root:
            yield Trouble("root-older", "root", f"it has version {root.version}; version {self.root} was in use here")
        for role, made in statements.items():
            version = made.statement.predicate.version
            before = self.roles.get(role)
            if before is not None and version < before.number:
                what = f"it has version {version}; version {before.number} was applied here"
                yield Trouble("bundle-older", role, what)
            elif before is not None and version == before.number and made.digest != before.statement:
                yield Trouble("bundle-older", role, f"another statement of version {version} was applied here")

    def has(self, root: Root, statements: Mapping[str, Stated]) -> bool:
        """Return whether exactly these statements were applied last, under this root."""
        return root.version == self.root and {role: made.digest for role, made in statements.items()} == {
            role: version.statement for role, version in self.roles.items() if role in statements
        }

    def joined(self, root: Root, statements: Mapping[str, Stated], now: datetime) -> Seen:
        """Return what is remembered once a bundle was applied. Roles that it does not have stay remembered."""
        new = {role: Version(made.statement.predicate.version, made.digest) for role, made in statements.items()}
        at = max(self.at, written(now))
        return Seen(at, {**self.roles, **new}, max(self.root, root.version))


def state_file(named: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file of the state: the one that the settings ``named``, else ``trust.json`` in the folder that
    ``environment`` gives for a service's state. Raises ``TroubleError`` where there is neither."""
    if named is not None:
        return named
    if state := environment.get("STATE_DIRECTORY"):
        return Path(state.partition(":")[0]) / _NAME
    if home := environment.get("XDG_STATE_HOME"):
        return Path(home) / "ordinance" / _NAME
    what = "neither `trust.state` nor STATE_DIRECTORY says where this machine remembers which bundles it has applied"
    raise TroubleError("trust-state", "trust.state", what)


def read_seen(file: Path) -> Seen:
    """Read the state; what is not there yet has seen nothing. Raises ``TroubleError``: a state that cannot be read is
    not an empty one."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return Seen()
    except OSError as error:
        raise TroubleError("trust-state", str(file), f"it cannot be read: {error.strerror}") from None
    try:
        seen = strict_json.decode(data, Seen)
        if seen.at:
            moment(seen.at)
    except ValueError as error:
        raise TroubleError("trust-state", str(file), f"it is damaged: {error}") from None
    return seen


def remember(file: Path, root: Root, statements: Mapping[str, Stated], now: datetime) -> list[Trouble]:
    """Write that a bundle is applied, unless a newer one was meanwhile; return what is wrong then. On the disk before
    this returns. Raises ``TroubleError`` where it cannot be written."""
    try:
        with _alone(file):
            seen = read_seen(file)
            found = list(seen.troubles(root, statements, now))
            new = seen.joined(root, statements, now)
            if not found and new != seen:
                _replace(file, strict_json.encode(new))
            return found
    except OSError as error:
        raise TroubleError("trust-state", str(file), f"it cannot be written: {error.strerror}") from None


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep other processes of this machine out meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(file.with_name(f"{file.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _replace(file: Path, data: bytes) -> None:
    """Put ``data`` in the place of the file, whole or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    try:
        with fresh.open("wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
