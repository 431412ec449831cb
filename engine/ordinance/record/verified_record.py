"""Verifies a record in one pass: its chains, what its checkpoints sign, and what was deleted. Memory stays flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Annotated

import msgspec

from ordinance.record.links import Head, Link, beginning, link_in
from ordinance.record.record_lines import Line, Place, is_object, lines_of
from ordinance.record.segment import Segment
from ordinance.record.signed_lines import NOTHING, Checkpoint, Deletion, Signed, digest_of, signed_in
from ordinance.trust.detached import is_signature

#: So many problems, and so many breaks, are listed at most.
MOST = 1000
#: A clock that was set by more than this beside the one that nobody sets is reported, in seconds.
_JUMP = 2.0

#: What can be wrong, and what that means.
PROBLEMS = {
    "record-line": "a line is neither a record of a chain nor signed",
    "record-chain": "a record was changed, or records before it are missing, twice or in another order",
    "record-checkpoint": "what lies between two checkpoints is not what was signed",
    "record-series": "a checkpoint is missing, twice or in another place",
    "record-signature": "a signature is wrong, or is by a key that was not named",
    "record-deletion": "records were deleted, and no signed statement says so",
    "record-start": "the beginning of the record is missing",
    "record-end": "the end of the record is missing",
}
#: What is reported beside problems, because it also happens without anybody's doing.
BREAKS = {
    "break-torn": "half a line: a process was killed, or the disk was full",
    "break-unclosed": "a chain without an end: its process was killed, or still runs",
    "break-unsigned": "records that no checkpoint signs",
    "break-lost": "records that could not be written",
    "break-clock": "the clock was set",
    "break-head": "the server was killed while it wrote a checkpoint",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A problem or a break: its ``code``, ``where`` it is (FILE:LINE, or TABLE:PLACE), and what it is."""

    code: str
    where: str
    what: str


@dataclass(slots=True)
class Verified:
    """What a verification found. ``last`` is the last checkpoint whose signature counts."""

    problems: list[Found] = field(default_factory=list)
    breaks: list[Found] = field(default_factory=list)
    records: int = 0
    deleted: int = 0
    unsigned: int = 0
    checkpoints: int = 0
    last: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a verifier knows beforehand: the public ``keys`` by their ids, and what the end must reach: the checkpoint
    of this number (``least``), and the lines of the ``head`` file. ``partial``: the files are a part of a record."""

    keys: Mapping[str, bytes]
    least: int = 0
    head: Sequence[bytes] = ()
    partial: bool = False


class _Timed(msgspec.Struct):
    time: datetime | None = None
    mono: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    lost: int = 0


_timed = msgspec.json.Decoder(_Timed).decode


class _Deleted:
    """Records that one deletion took, as they are met."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.records = 0
        self.links = sha256()


class _Verifier:
    def __init__(self, known: Known) -> None:
        self._known = known
        self.found = Verified()
        self._heads: dict[str, Head] = {}
        self._places: dict[str, str] = {}  # where the last record of each chain is
        self._clocks: dict[str, float] = {}
        self._open: dict[str, str] = {}
        self._since_last = Segment()
        self._in_file: Segment | None = None  # since the file began, until its first checkpoint
        self._top = 0  # deletions at the file's beginning; -1 after them
        self._line = b""  # of the last checkpoint
        self._deleted: dict[str, _Deleted] = {}
        self._deletions: dict[str, tuple[Deletion, str]] = {}
        self._signed_at = "the record"  # where the last checkpoint is

    def file(self) -> None:
        """Begin a file."""
        self._top = 0
        self._in_file = Segment()

    def take(self, line: Line, where: str) -> None:
        """Take the next line."""
        link = link_in(line.data)
        signed = None if link is not None else signed_in(line.data)
        if signed is None:
            self._top = -1
            if link is not None:
                self._record(link, where)
            else:
                self._other(line, where)
            head = self._since_last.take(line.data, link)
            if self._in_file is not None:
                self._in_file.take(line.data, link)
            if head is not None:
                self._heads[head.chain] = head
        elif self._is_signed(signed, where):
            if isinstance(signed.says, Checkpoint):
                self._checkpoint(signed.says, line.data, where)
            else:
                self._deletion(signed.says, where)

    def end(self) -> Verified:
        """Return what was found, once all lines were taken."""
        found, known = self.found, self._known
        for name, (says, where) in self._deletions.items():
            done = self._deleted.pop(name, _Deleted(where))
            if (done.records, done.links.hexdigest()) != (says.records, says.digest):
                self._problem("record-deletion", where, f"{says.records} were deleted, and it is not these")
        for done in self._deleted.values():
            self._problem("record-deletion", done.where, f"{done.records} records, and nothing says that they were")
        found.unsigned += self._since_last.records
        if self._since_last.records:
            self._break(
                "break-unsigned", self._signed_at, f"{self._since_last.records} records after the last checkpoint"
            )
        for chain, where in self._open.items():
            self._break("break-unclosed", where, f"the chain {chain} has no end")
        if known.partial:
            return found
        last = found.last.number if found.last else 0
        if not last:
            self._problem("record-start", "the record", "it has no checkpoint")
        numbers = [each.says.number for line in known.head if (each := signed_in(line.rstrip(b"\n")))]
        if last < max([known.least, *numbers[:1]]):
            self._problem("record-end", self._signed_at, f"it ends with checkpoint {last}")
        elif numbers and last < numbers[-1]:
            self._break("break-head", self._signed_at, f"checkpoint {numbers[-1]} was about to be written")
        elif numbers and last == numbers[-1] and digest_of(known.head[-1]) != digest_of(self._line):
            self._problem("record-end", self._signed_at, f"checkpoint {last} is another one than the head file has")
        return found

    def _record(self, link: Link, where: str) -> None:
        before = self._heads.get(link.chain)
        if before is None and not (self._known.partial and link.n > 1):
            before = beginning(link.chain)
        if before is not None and (before.link != link.prev or before.n + 1 != link.n):
            at = self._places.get(link.chain, where) if before.n + 1 == link.n else where
            self._problem(
                "record-chain", at, f"record {link.n} of the chain {link.chain} does not follow record {before.n}"
            )
        self._places[link.chain] = where
        self.found.records += 1
        if link.body is None:
            self.found.deleted += 1
            done = self._deleted.setdefault(link.deletion, _Deleted(where))
            done.records += 1
            done.links.update(link.head.link.encode())
        else:
            self._time(link.chain, link.body, where)

    def _time(self, chain: str, body: bytes, where: str) -> None:
        """Compare the clock of the machine with the one that nobody sets."""
        try:
            timed = _timed(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._problem("record-line", where, "the record is not JSON")
            return
        if timed.lost:
            self._break("break-lost", where, f"{timed.lost} records before it could not be written")
        if timed.time is None or timed.time.tzinfo is None or timed.mono is None:
            return
        began = timed.time.timestamp() - timed.mono / 1000
        before = self._clocks.setdefault(chain, began)
        if abs(began - before) > _JUMP:
            self._clocks[chain] = began
            self._break("break-clock", where, f"by {began - before:+.1f} seconds")

    def _other(self, line: Line, where: str) -> None:
        if is_object(line.data):
            self._problem("record-line", where, "it is JSON of another kind")
        else:
            self._break("break-torn", where, f"{len(line.data)} bytes that are not a record")

    def _is_signed(self, signed: Signed, where: str) -> bool:
        public = self._known.keys.get(signed.key_id)
        if public is None:
            self._problem("record-signature", where, f"the key {signed.key_id} was not named")
        elif is_signature(signed.signature, signed.data, public):
            return True
        else:
            self._problem("record-signature", where, "it is not over this line")
        return False

    def _checkpoint(self, says: Checkpoint, line: bytes, where: str) -> None:
        found = self.found
        if found.last is not None:
            if says.number != found.last.number + 1 or says.before != digest_of(self._line):
                self._problem("record-series", where, f"checkpoint {says.number} does not follow {found.last.number}")
        elif not self._known.partial and (says.number != 1 or says.before != NOTHING):
            self._problem("record-start", where, f"the first checkpoint is {says.number}")
        if found.last is not None or not self._known.partial:
            self._compare(says, where)
        self._heads |= {chain: Head(chain, n, link) for chain, (n, link) in says.heads.items()}
        if says.opens:
            self._open[says.opens] = where
        self._open.pop(says.closes, None)
        self._since_last, self._in_file, self._top = Segment(), None, -1
        self._line, self._signed_at = line, where
        found.last = says
        found.checkpoints += 1

    def _compare(self, says: Checkpoint, where: str) -> None:
        segment = self._since_last
        if says.gap and self._in_file is not None:
            left = segment.records - self._in_file.records
            self.found.unsigned += left
            if left:
                self._break("break-unsigned", where, f"{left} records at the end of the file before")
            segment = self._in_file
        moved = {chain: head for chain, head in segment.heads.items() if chain not in says.heads}
        known = {chain: self._heads.get(chain, beginning(chain)) for chain in says.heads}
        wrong = [chain for chain, head in known.items() if (head.n, head.link) != says.heads[chain]]
        if moved or wrong or (segment.records, segment.torn, segment.digest) != (says.records, says.torn, says.digest):
            place = next((self._places[chain] for chain in wrong if chain in self._places), where)
            signed, there = says.records + says.torn, segment.records + segment.torn
            self._problem(
                "record-checkpoint",
                place,
                f"checkpoint {says.number} ({where}) signs {signed} other lines; {there} here",
            )

    def _deletion(self, says: Deletion, where: str) -> None:
        if self._top < 0 or says.number != self._top + 1 or says.id in self._deletions:
            self._problem("record-deletion", where, "the statement is not where it was written")
        if self._top >= 0:
            self._top += 1
        self._deletions.setdefault(says.id, (says, where))

    def _problem(self, code: str, where: str, what: str) -> None:
        if len(self.found.problems) < MOST:
            self.found.problems.append(Found(code, where, what))

    def _break(self, code: str, where: str, what: str) -> None:
        if len(self.found.breaks) < MOST:
            self.found.breaks.append(Found(code, where, what))


def verify(places: Sequence[Place], known: Known) -> Verified:
    """Verify the record in ``places``, the oldest first. Raises ``UnreadableError`` for one of them, ``TrustError``
    without the library that verifies signatures."""
    verifier = _Verifier(known)
    for place in places:
        verifier.file()
        for line in lines_of(place):
            verifier.take(line, f"{place}:{line.number}")
    return verifier.end()
