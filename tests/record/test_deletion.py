"""Records are deleted, by age and by key: hashes remain, with a signed statement, and the record still verifies."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ordinance.errors import UnwritableError
from ordinance.record import deletion
from ordinance.record.deletion import Chosen, delete
from ordinance.trust.detached import Signer
from support.records import codes, key_file, numbers, opened, record, verified, write

AT_FIVE = datetime(2026, 11, 27, 10, 0, 5, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ten records, every third by the school's key, in a file that a server has open."""
    file = opened(tmp_path / "log")
    write(file, *(record(n, key="school" if n % 3 == 0 else "desk") for n in range(10)))
    file.close()
    return tmp_path / "log"


def gone(path: Path, until: datetime | None = None, key: str | None = None) -> int:
    return delete(path, Chosen(until, key), Signer(key_file(path.parent)))


def test_what_is_older_goes_and_what_is_said_of_it_is_signed(path: Path) -> None:
    assert gone(path, AT_FIVE) == 5
    assert numbers(path) == [5, 6, 7, 8, 9]
    found = verified(path)
    assert (found.problems, found.records, found.deleted) == ([], 10, 5)


def test_all_records_of_a_key_go_and_no_name_of_it_remains(path: Path) -> None:
    assert gone(path, key="school") == 4
    assert numbers(path) == [1, 2, 4, 5, 7, 8]
    assert b"school" not in path.read_bytes()
    assert verified(path).problems == []


def test_deletions_follow_each_other_and_nothing_is_deleted_twice(path: Path) -> None:
    assert [gone(path, AT_FIVE), gone(path, AT_FIVE), gone(path, AT_FIVE, "desk"), gone(path, key="school")] == [
        5, 0, 0, 2,
    ]  # fmt: skip
    found = verified(path)
    assert (found.problems, found.deleted) == ([], 7)
    assert [b'"event":"deletion"' in line for line in path.read_bytes().splitlines()[:3]] == [True, True, False]


def test_a_link_stays_one_and_nothing_remains_behind_it(path: Path, tmp_path: Path) -> None:
    behind = tmp_path / "behind"
    path.rename(behind)
    path.symlink_to(behind)
    assert gone(path, key="school") == 4
    assert path.is_symlink()
    assert b"school" not in behind.read_bytes()
    assert verified(path).problems == []


def test_what_was_deleted_without_a_key_is_found(path: Path) -> None:
    before = path.read_bytes().splitlines(keepends=True)
    gone(path, AT_FIVE)
    after = path.read_bytes().splitlines(keepends=True)
    for forged in (
        after[1:],  # without the statement
        [*after[:2], before[1], *after[3:]],  # one of them put back
        [*after[1:4], after[0], *after[4:]],  # the statement moved
        [after[0], *after],  # the statement twice
    ):
        path.write_bytes(b"".join(forged))
        assert codes(verified(path)) == {"record-deletion"}


def test_a_server_writes_on_while_records_are_deleted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the reading and the exchange of the file records come in; they stay, and the server follows."""
    file, stop = opened(path, every=5), threading.Event()
    count = 0

    def serve() -> None:
        nonlocal count
        while not stop.is_set():
            write(file, record(count + 10))
            count += 1

    real = deletion._write

    def slowly(*given: object) -> None:
        before = count
        while count < before + 3:
            pass
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(deletion, "_write", slowly)
    serving = threading.Thread(target=serve)
    serving.start()
    try:
        assert [gone(path, AT_FIVE), gone(path, key="school")] == [5, 2]
    finally:
        stop.set()
        serving.join()
    file.close()
    assert numbers(path) == [5, 7, 8, *range(10, count + 10)]
    found = verified(path)
    assert (found.problems, found.records) == ([], count + 10)


def test_where_it_cannot_be_the_file_stays_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UnwritableError, match="No space left"):
        gone(path, AT_FIVE)
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == ["log", "log.head", "record.pem", "record.pub"]
