"""Deletes records: in the place of each remains its hash, and at the file's beginning a signed statement.

The file is written anew beside itself, and takes its place in one step, while no server appends to it. So a kill leaves
the file as it was.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from ordinance.errors import UnwritableError
from ordinance.record.folders import sync_folder
from ordinance.record.links import Link, link_in
from ordinance.record.record_lines import Line, lines_in
from ordinance.record.selection import entry_of
from ordinance.record.signed_lines import Deletion, sign, signed_in
from ordinance.trust.detached import Signer


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which records are to go: those from before ``until``, those of the API key called ``key``, or, where both are
    given, those that are both."""

    until: datetime | None
    key: str | None

    def takes(self, data: bytes) -> Link | None:
        """Return the link of the record in a line if it is to go."""
        link = link_in(data)
        entry = entry_of(link.body) if link is not None and link.body is not None else None
        if entry is None or (self.until is not None and entry.time >= self.until):
            return None
        return link if self.key is None or entry.key == self.key else None


class Gone:
    """The records that a deletion takes, one after the other."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self.records = 0
        self._links = sha256()

    def take(self, link: Link) -> None:
        """Take the link of the next record that is to go."""
        self.records += 1
        self._links.update(link.head.link.encode())

    def statement(self, number: int) -> Deletion:
        """Return what says that they were deleted, as the deletion of this ``number``."""
        return Deletion(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            number=number,
            id=os.urandom(16).hex(),
            by="age" if self._chosen.key is None else "key",
            records=self.records,
            digest=self._links.hexdigest(),
            until="" if self._chosen.until is None else self._chosen.until.isoformat(),
        )


def delete(path: Path, chosen: Chosen, signer: Signer) -> int:
    """Delete the records of the file at ``path`` that are ``chosen``; return how many. Those that are written meanwhile
    stay. Raises ``UnwritableError``, and changes nothing."""
    try:
        place = Path(os.path.realpath(path, strict=True))  # who exchanges a link leaves the file behind it as it was
        with place.open("rb") as source:
            end, says = _statement(source, chosen)
            if says.records:
                with _beside(place, source) as (target, name):
                    _write(source, target, end, chosen, says, signer)
                    _lock(place, source)
                    source.seek(end)
                    shutil.copyfileobj(source, target)
                    target.flush()
                    os.fsync(target.fileno())
                    os.replace(name, place)
                sync_folder(place)
            return says.records
    except OSError as error:
        raise UnwritableError(
            f"the record {path} cannot be written anew: {error.strerror}.",
            help="Run it as the server's user, or as root, and leave room for a second file.",
        ) from None


def _statement(source: BinaryIO, chosen: Chosen) -> tuple[int, Deletion]:
    """Return how far the file was read, and what will say that records were deleted."""
    end = before = 0
    gone = Gone(chosen)
    for line in _whole(source):
        end += len(line.data) + 1
        if link := chosen.takes(line.data):
            gone.take(link)
        elif before == line.number - 1 and _is_deletion(line.data):
            before += 1
    return end, gone.statement(before + 1)


def _write(source: BinaryIO, target: BinaryIO, end: int, chosen: Chosen, says: Deletion, signer: Signer) -> None:
    """Write what was read, without what is chosen, and the statement that ``says`` so behind those that were there."""
    source.seek(0)
    at, waits = 0, True
    for line in _whole(source):
        at += len(line.data) + 1
        if at > end:
            break
        if waits and not _is_deletion(line.data):
            target.write(sign(says, signer.key_id, signer.sign))
            waits = False
        link = chosen.takes(line.data)
        target.write((line.data if link is None else link.deleted(says.id)) + b"\n")


def _whole(source: BinaryIO) -> Iterator[Line]:
    """Yield the lines that have an end. Raises ``OSError`` where one without it is not the last."""
    half = False
    for line in lines_in(source):
        if half:
            raise OSError(0, "a line is too long")
        if line.whole:
            yield line
        half = not line.whole


def _is_deletion(data: bytes) -> bool:
    signed = signed_in(data)
    return signed is not None and isinstance(signed.says, Deletion)


@contextmanager
def _beside(path: Path, source: BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file in the same folder, of the same owner and mode, and give its name; it is gone afterwards, unless it
    was renamed."""
    found = os.fstat(source.fileno())
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as target:
            os.fchmod(descriptor, found.st_mode & 0o777)
            if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, found.st_uid, found.st_gid)
            yield target, name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _lock(path: Path, source: BinaryIO) -> None:
    """Keep servers out of the file until it is closed. Raises ``OSError`` where it was moved meanwhile."""
    fcntl.flock(source, fcntl.LOCK_EX)
    if not os.path.samestat(os.stat(path), os.fstat(source.fileno())):
        raise OSError(0, "it was moved meanwhile")
