"""Makes the checkpoints of a record that several processes write: one series, whatever happens to a process.

The file ``PATH.head`` has the last checkpoint; while one is appended, the one before it and that one, so that a kill
between the two breaks nothing. All of this happens while no other process appends to the record.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from ordinance.record.links import Head, link_in
from ordinance.record.record_lines import Place, lines_in, reading
from ordinance.record.segment import Segment
from ordinance.record.signed_lines import NOTHING, Checkpoint, Signed, digest_of, sign, signed_in
from ordinance.trust.detached import Signer, is_signature
from ordinance.trust.signing import put

#: Files beside the record that are looked at, the newest first, for where the record went on before it was moved.
_MOVED = 20


def head_file(path: Path) -> Path:
    """Return where the last checkpoint of the record at ``path`` is kept."""
    return Path(f"{path}.head")


def kept_in(place: Place) -> list[bytes]:
    """Return the lines that the head file of the record at ``place`` has: at most two, each with its end; none for a
    table, which needs no such file. Raises ``UnreadableError``."""
    if not isinstance(place, Path):
        return []
    head = head_file(place)
    with reading(head), suppress(FileNotFoundError):
        lines = head.read_bytes().splitlines(keepends=True)
        return [line for line in lines if line.endswith(b"\n") and signed_in(line[:-1])]
    return []


def next_checkpoint(
    last: bytes, segment: Segment, own: Head, signer: Signer, *, opens: str = "", closes: str = "", gap: bool = False
) -> bytes:
    """Return the line of the checkpoint that follows the one in the line ``last`` (empty: none), over the ``segment``
    between. ``own`` is the head of the chain of who signs: what it wrote, whatever the record has by now."""
    before = signed_in(last.rstrip(b"\n"))
    says = Checkpoint(
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        number=1 + (before.says.number if before else 0),
        before=digest_of(last) if last else NOTHING,
        records=segment.records,
        torn=segment.torn,
        digest=segment.digest,
        heads={chain: (at.n, at.link) for chain, at in sorted((segment.heads | {own.chain: own}).items())},
        opens=opens,
        closes=closes,
        gap=gap,
    )
    return sign(says, signer.key_id, signer.sign)


def is_by(signer: Signer, signed: Signed) -> bool:
    """Return whether ``signer`` signed the line."""
    return is_signature(signed.signature, signed.data, signer.public)


class Series:
    """Makes checkpoints of the record at ``path``, signed by ``signer``."""

    def __init__(self, path: Path, signer: Signer) -> None:
        self._path = path
        self._signer = signer

    def next(self, own: Head, here: BinaryIO, *, opens: str = "", closes: str = "") -> bytes:
        """Return the line of the next checkpoint, over all that lies in the record since the last one, by any process.
        ``own`` is the head of this process's chain: what it wrote, whatever the file has by now; ``here`` is the file
        that the line goes to, which may be moved meanwhile. Raises ``OSError``, or ``OrdinanceError`` for the head
        file."""
        line, segment, gap = self._since_last(here)
        made = next_checkpoint(line, segment, own, self._signer, opens=opens, closes=closes, gap=gap)
        put(head_file(self._path), line + made)
        return made

    def written(self, line: bytes) -> None:
        """Take note that the checkpoint ``line`` is in the record. Raises ``UnwritableError``."""
        put(head_file(self._path), line)

    def _since_last(self, here: BinaryIO) -> tuple[bytes, Segment, bool]:
        """Return the last checkpoint that lies in the record (empty: none), what came after it, and whether something
        may be missing between."""
        kept = kept_in(self._path)
        for line in reversed(kept):
            if (end := _end_of(line, here)) is not None:
                return *self._read(here, end, line, Segment()), False
            for moved in self._moved(here):
                if (end := _end_of(line, moved)) is not None:
                    fcntl.flock(moved, fcntl.LOCK_SH)  # another process may be about to follow the move
                    return *self._read(here, 0, *self._read(moved, end, line, Segment())), False
        return *self._read(here, 0, kept[-1] if kept else b"", Segment()), bool(kept)

    def _read(self, file: BinaryIO, start: int, last: bytes, segment: Segment) -> tuple[bytes, Segment]:
        """Read what comes from ``start`` on into ``segment``. Each checkpoint of ours on the way is the ``last``
        one, and begins another."""
        file.seek(start)
        for _, data, _ in lines_in(file):
            signed = signed_in(data)
            if signed is None:
                segment.take(data, link_in(data))
            elif self._follows(signed, last):
                last, segment = data + b"\n", Segment()
        return last, segment

    def _follows(self, signed: Signed, last: bytes) -> bool:
        says = signed.says
        if not isinstance(says, Checkpoint) or (last and says.before != digest_of(last)):
            return False
        return is_by(self._signer, signed)

    def _moved(self, here: BinaryIO) -> Iterator[BinaryIO]:
        """Yield files beside the record, named like it, that may be it, moved: ``audit.jsonl.1``, ``audit.1``. Not
        ``here``, which may have been moved just now: it is locked, and would be waited for without end."""
        found: list[tuple[float, Path]] = []
        with suppress(OSError):
            for entry in os.scandir(self._path.parent):
                if entry.name.startswith(self._path.stem) and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat().st_mtime, Path(entry.path)))
        own = {self._path, head_file(self._path)}
        for path in [path for _, path in sorted(found, reverse=True) if path not in own][:_MOVED]:
            with suppress(OSError), path.open("rb") as file:
                if not os.path.sameopenfile(file.fileno(), here.fileno()):
                    yield file


def _end_of(line: bytes, file: BinaryIO) -> int | None:
    """Return where ``line`` ends in the file; None if it is not there."""
    if os.fstat(file.fileno()).st_size == 0:
        return None
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.rfind(line)
    return None if at < 0 else at + len(line)
