"""What `ordinance audit` reads: the record, and the last checkpoint beside it."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fuzz.target import Target, as_file
from ordinance.record.deletion import Chosen, delete
from ordinance.record.selection import KINDS, LEFT_OUT, Selection, count
from ordinance.record.series import head_file
from ordinance.record.verified_record import verify
from ordinance.trust.detached import Signer
from support.records import key_file, known, opened, record, write

_RULE = {
    "rules": ["DE/symbols"], "effects": {"DE/symbols": "withhold"}, "laws": {"DE/symbols": ["§ 86a StGB"]},
    "verdict": "withhold", "jurisdiction": "DE",
}  # fmt: skip
_SELECTION = Selection(
    since=datetime(2026, 1, 1, tzinfo=UTC), laws=("§ 86a",), effects=LEFT_OUT, keys=("desk",), jurisdictions=("DE",)
)


@cache
def _made() -> tuple[bytes, bytes]:
    """Return a record of which something was deleted, and its head file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        file = opened(path)
        write(file, *(record(n, key="desk" if n % 2 else "school", **_RULE) for n in range(6)))
        file.close()
        delete(path, Chosen(None, "school"), Signer(key_file(path.parent)))
        return path.read_bytes(), head_file(path).read_bytes()


@cache
def _with_key(folder: Path) -> None:
    key_file(folder)


def _verified(data: bytes, head: bytes) -> object:
    path = as_file("record/log", data)
    as_file("record/log.head", head)
    _with_key(path.parent)
    return verify([path], known(path))


def _counted(data: bytes) -> object:
    path = as_file("record/counted", data)
    return [count([path], each, KINDS) for each in (Selection(), _SELECTION)]


def _deleted(data: bytes) -> object:
    path = as_file("record/deleted", data)
    _with_key(path.parent)
    return delete(path, Chosen(datetime.now(UTC), "desk"), Signer(path.parent / "record.pem"))


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    data, head = _made()
    return (
        Target("record", lambda spoiled: _verified(spoiled, head), (data,)),
        Target("record-head", lambda spoiled: _verified(data, spoiled), (head,)),
        Target("record-query", _counted, (data,)),
        Target("record-prune", _deleted, (data,)),
    )
