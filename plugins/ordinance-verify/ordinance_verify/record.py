"""The chains and checkpoints of the record in a folder, in one pass with a flat memory.

The form of the lines is in docs/record.md and docs/evidence.md of Ordinance; nothing of its code is used here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ordinance_verify.folder import MEANWHILE, open_plain
from ordinance_verify.problems import Report, WrongError
from ordinance_verify.strict import has, is_by, loads, sha256, unpacked

_CHAIN = rb'"id":"([0-9a-f]{32})","n":([1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})"'
_RECORD = re.compile(rb'(\{.*),"chain":\{' + _CHAIN + rb',"salt":"([0-9a-f]{32})"\}\}', re.DOTALL)
_DELETED = re.compile(
    rb'\{"v":1,"event":"deleted","deletion":"([0-9a-f]{32})","hash":"([0-9a-f]{64})","chain":\{' + _CHAIN + rb"\}\}"
)
_HASHED = re.compile(rb'\{"v":1,"event":"hashed","hash":"([0-9a-f]{64})","chain":\{' + _CHAIN + rb"\}\}")
_GONE = re.compile(rb'\{"v":1,"event":"gone","deletion":"([0-9a-f]{32})","link":"([0-9a-f]{64})"\}')
_TORN = re.compile(rb'\{"v":1,"event":"torn","hash":"([0-9a-f]{64})"\}')
_SIGNED = re.compile(rb'(\{.*),"signature":\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\}', re.DOTALL)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_LONGEST = 1024 * 1024

Head = tuple[int, str]


@dataclass(slots=True)
class Numbers:
    """How many lines of each kind there are. The record ``begins`` with its first checkpoint, or with a record that is
    shown before that, and ``ends`` with its last checkpoint: these are their times."""

    records: int = 0
    hashed: int = 0
    deleted: int = 0
    torn: int = 0
    checkpoints: int = 0
    deletions: int = 0
    begins: str | None = None
    ends: str | None = None

    def met(self, made: datetime) -> str:
        """Take note of the next time in the record, and return it in its one form."""
        time = made.strftime(_TIME)
        self.begins = self.begins or time
        return time


@dataclass(slots=True)
class _Between:
    """What is between two checkpoints. ``hidden`` is where a record is shown as a hash."""

    records: int = 0
    torn: int = 0
    hidden: list[str] = field(default_factory=list)
    moved: dict[str, Head] = field(default_factory=dict)
    order: Any = field(default_factory=hashlib.sha256)


@dataclass(slots=True)
class _Gone:
    """Records that one deletion took: where the first of them was, how many, and a hash of their links."""

    where: str
    records: int = 0
    links: Any = field(default_factory=hashlib.sha256)

    def take(self, link: bytes) -> None:
        self.records += 1
        self.links.update(link)


class Chains:
    """Verifies the files of a record, the oldest first: signed by one of ``keys``, about the time from ``since`` until
    before ``until``. ``see`` gets each record that is shown, and where it is."""

    def __init__(
        self, keys: Mapping[str, bytes], since: datetime, until: datetime, see: Callable[[dict[str, Any], str], None],
        report: Report, *, whole: bool,
    ) -> None:  # fmt: skip
        self.numbers = Numbers()
        self._keys, self._since, self._until, self._see = keys, since, until, see
        self._report, self._whole = report, whole
        self._heads: dict[str, Head] = {}
        self._partial = False
        self._between = _Between()
        self._hidden = 0  # records that may be of the days and are shown as hashes
        self._in_file: _Between | None = None
        self._top = 0
        self._last: dict[str, Any] | None = None
        self._line = b""
        self._at: datetime | None = None
        self._statements: dict[str, tuple[dict[str, Any], str]] = {}
        self._gone: dict[str, _Gone] = {}

    def file(self, path: Path, name: str, digest: str) -> None:
        """Verify the next file, whose SHA-256 must be ``digest``. Raises ``WrongError`` where it cannot be read."""
        self._top, self._in_file = 0, _Between()
        read = hashlib.sha256()
        for number, line in enumerate(_lines(path, name), 1):
            read.update(line + b"\n")
            self._take(line, f"{name}:{number}")
        if read.hexdigest() != digest:
            raise WrongError("file-changed", name, MEANWHILE)

    def end(self, least: int, begun: date | None = None) -> None:
        """Verify what shows only at the end: the record must reach the checkpoint ``least``, and begin on the day
        ``begun`` or before."""
        report = self._report
        for deletion, gone in self._gone.items():
            says = self._statements.get(deletion, ({}, ""))[0]
            if (gone.records, gone.links.hexdigest()) != (says.get("records"), says.get("digest")):
                what = f"no signed statement says that these {gone.records} were deleted"
                report.wrong("record-deletion", gone.where, what)
        if self._last is None:
            report.wrong("record-start", "record", "there is no checkpoint")
            return
        report.checkpoint = self._last["number"]
        if report.checkpoint < least:
            report.wrong("record-end", "record", f"it ends with checkpoint {report.checkpoint}")
        self._begins(begun)
        self._hidden += len(self._between.hidden) * (self._at is not None and self._at < self._until)
        if self._whole and self._hidden:
            report.note("record-hidden", "record", f"{self._hidden} records around the first and the last midnight are "
                        "shown as hashes, and could be of these days")  # fmt: skip
        left = self._between.records + self._between.torn
        if left:
            report.note("record-unsigned", "record", f"no checkpoint signs the last {left} records")
        if self._at is not None and self._at < self._until:
            report.note("record-end", "record", f"the record ends with a checkpoint of {self._last['time']}")

    def _begins(self, begun: date | None) -> None:
        begins = self.numbers.begins
        if begins is None:
            return
        what = f"the record in this folder begins on {begins[:10]} at {begins[11:19]} UTC: nothing before is shown"
        if begun is not None and begins[:10] > begun.isoformat():
            self._report.wrong("record-start", "record", what)
        elif begins > self._since.strftime(_TIME) and not self._partial:
            self._report.note("record-start", "record", what)

    def _take(self, line: bytes, where: str) -> None:
        if found := _SIGNED.fullmatch(line):
            self._signed(found, line, where)
            return
        self._top = -1
        if found := _RECORD.fullmatch(line):
            body = found[1] + b"}"
            self.numbers.records += 1
            self._link(found[2], found[3], found[4], sha256(bytes.fromhex(found[5].decode()) + body), where)
            self._shown(body, where)
        elif found := _DELETED.fullmatch(line):
            self.numbers.deleted += 1
            link = self._link(found[3], found[4], found[5], found[2].decode(), where)
            self._gone.setdefault(found[1].decode(), _Gone(where)).take(link.encode())
        elif found := _GONE.fullmatch(line):
            self._gone.setdefault(found[1].decode(), _Gone(where)).take(found[2])
        elif found := _HASHED.fullmatch(line):
            self.numbers.hashed += 1
            self._link(found[2], found[3], found[4], found[1].decode(), where)
            self._between.hidden.append(where)
        elif found := _TORN.fullmatch(line):
            self.numbers.torn += 1
            for between in self._open():
                between.torn += 1
                between.order.update(found[1])
        else:
            self._report.wrong("record-line", where, "it is not a line that the record of evidence has")

    def _open(self) -> Iterator[_Between]:
        yield self._between
        if self._in_file is not None:
            yield self._in_file

    def _link(self, chain_id: bytes, number: bytes, prev: bytes, kept: str, where: str) -> str:
        """Add a link to its chain; return it."""
        chain, n, before = chain_id.decode(), int(number), prev.decode()
        known = self._heads.get(chain)
        if known is None and (n == 1 or not self._partial):
            known = (0, sha256(chain.encode()))
        if known is not None and known != (n - 1, before):
            self._report.wrong("record-chain", where, f"record {n} of the chain {chain} does not follow {known[0]}")
        link = sha256(f"{chain}:{n}:{before}:{kept}".encode())
        self._heads[chain] = (n, link)
        for between in self._open():
            between.records += 1
            between.moved[chain] = (n, link)
            between.order.update(link.encode())
        return link

    def _shown(self, body: bytes, where: str) -> None:
        try:
            value = loads(body)
            made = moment(value["time"])
        except (ValueError, KeyError, TypeError, OverflowError):
            self._report.wrong("record-line", where, "the record is not JSON with a time, or has a key twice")
            return
        if not self._since <= made < self._until or not self._whole:
            self._report.wrong("record-days", where, "evidence shows records of its days alone, if any")
            return
        self.numbers.met(made)
        self._see(value, where)

    def _signed(self, found: re.Match[bytes], line: bytes, where: str) -> None:
        body = found[1] + b"}"
        key = found[2].decode()
        try:
            says = loads(body)
            kind = says.get("event")
            wrong = not (_is_checkpoint(says) if kind == "checkpoint" else kind == "deletion" and _is_deletion(says))
            made = moment(says["time"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            wrong, made = True, self._since
        if wrong:
            self._report.wrong("record-line", where, "it is signed, and is neither a checkpoint nor a deletion")
            return
        if key not in self._keys:
            self._report.wrong("record-signature", where, f"the key {key} was not given")
            return
        if not is_by(self._keys[key], unpacked(found[3].decode()), b"ordinance-record-1\n" + body):
            self._report.wrong("record-signature", where, "the signature is not over this line")
            return
        if kind == "deletion":
            self._deletion(says, where)
        else:
            self._checkpoint(says, made, line, where)

    def _deletion(self, says: dict[str, Any], where: str) -> None:
        self.numbers.deletions += 1
        if self._top < 0 or says["number"] != self._top + 1 or says["id"] in self._statements:
            self._report.wrong("record-deletion", where, "the statement is not where it was written")
        if self._top >= 0:
            self._top += 1
        self._statements.setdefault(says["id"], (says, where))

    def _checkpoint(self, says: dict[str, Any], made: datetime, line: bytes, where: str) -> None:
        self._top = -1
        self.numbers.checkpoints += 1
        self.numbers.ends = self.numbers.met(made)
        number, between = says["number"], self._between
        anchor = self._last is None and number > 1 and not between.records and not between.torn
        if self._last is not None:
            if number != self._last["number"] + 1 or says["before"] != sha256(self._line):
                self._report.wrong("record-series", where, f"checkpoint {number} does not follow the one before")
        elif anchor:
            self._partial = True
            if made >= self._since:
                self._report.wrong(
                    "record-start", where, f"the record begins at {says['time']}, after the first day did"
                )
        elif number != 1 or says["before"] != "0" * 64:
            self._report.wrong("record-start", where, f"the first checkpoint is {number}")
        if not anchor:
            self._compare(says, where)
            if self._whole and self._at is not None and self._at >= self._since and made < self._until:
                for hidden in between.hidden:
                    self._report.wrong("record-hidden", hidden, "it was written on one of the days")
            elif made >= self._since and (self._at is None or self._at < self._until):
                self._hidden += len(between.hidden)
        self._heads |= {chain: (n, link) for chain, (n, link) in says["heads"].items()}
        self._last, self._line, self._at = says, line, made
        self._between, self._in_file = _Between(), None

    def _compare(self, says: dict[str, Any], where: str) -> None:
        between = self._between
        if says["gap"] and self._in_file is not None:
            if left := between.records - self._in_file.records:
                what = f"no checkpoint signs the last {left} records of the file before"
                self._report.note("record-unsigned", where, what)
            between = self._in_file
        heads = {chain: (n, link) for chain, (n, link) in says["heads"].items()}
        known = {chain: self._heads.get(chain, (0, sha256(chain.encode()))) for chain in heads}
        if self._partial:  # a chain that has not moved since before these days
            known |= {chain: head for chain, head in heads.items() if chain not in self._heads and head[0] > 0}
        same = (between.records, between.torn) == (says["records"], says["torn"])
        same = same and between.order.hexdigest() == says["digest"] and known == heads
        if not same or not between.moved.keys() <= heads.keys():
            what = f"checkpoint {says['number']} signs {says['records'] + says['torn']} other lines"
            self._report.wrong("record-checkpoint", where, what)


def moment(text: str) -> datetime:
    """Read a time with its zone. Raises ``ValueError``, ``TypeError`` or ``OverflowError``."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("it has no zone")
    return found.astimezone(UTC)


def _is_checkpoint(says: Any) -> bool:
    kinds = {"event": str, "time": str, "number": int, "before": str, "records": int, "torn": int, "digest": str}
    more = {"heads": dict, "v": int, "opens": str, "closes": str, "gap": bool}
    return has(says, **kinds, **more) and says["v"] == 1 and all(map(_is_head, says["heads"].values()))


def _is_head(head: Any) -> bool:
    match head:
        case [int(n), str()]:
            return type(n) is int
    return False


def _is_deletion(says: Any) -> bool:
    kinds = {"event": str, "time": str, "number": int, "id": str, "by": str, "records": int, "digest": str}
    return has(says, **kinds, v=int, until=str) and says["v"] == 1


def _lines(path: Path, name: str) -> Iterator[bytes]:
    """Yield the lines of a file without their ends. Raises ``WrongError``."""
    try:
        with open_plain(path) as opened_file:
            while line := opened_file.readline(_LONGEST):
                if not line.endswith(b"\n"):
                    raise WrongError("record-line", name, "a line has no end, or is too long")
                yield line[:-1]
    except OSError as error:
        raise WrongError("folder-unreadable", name, error.strerror or "it cannot be read") from None


def record_files(names: Sequence[str]) -> list[str]:
    """Return the record's files among ``names``, the oldest first."""
    found = [name for name in names if name.startswith("record/")]
    return sorted(found, key=lambda name: int(name.removeprefix("record/").removesuffix(".jsonl")))
