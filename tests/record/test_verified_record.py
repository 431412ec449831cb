"""A record that is verified: what happens by itself is a break, and whatever anybody does to it is a problem."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from ordinance.record import series
from ordinance.record.series import Series, head_file, kept_in
from ordinance.record.verified_record import PROBLEMS, verify
from ordinance.trust.detached import Signer
from support.records import breaks, codes, known, opened, record, verified, write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of two processes: one was killed amid a line, one ended as it should."""
    path = tmp_path_factory.mktemp("record") / "log"
    first, second = opened(path), opened(path)
    for n in range(12):
        write(first if n % 3 else second, record(n))
    second.close()
    with path.open("ab") as file:
        file.write(b'{"v":1,"ti')
    third = opened(path)
    write(third, record(12), record(13))
    third.close()
    return path


def test_what_nobody_touched_is_verified_and_what_a_kill_left_is_named(made: Path) -> None:
    found = verified(made)
    assert found.problems == []
    assert breaks(found) == {"break-torn", "break-unclosed"}
    assert (found.records, found.unsigned, found.deleted) == (14, 0, 0)
    assert found.last is not None
    assert found.last.number == found.checkpoints > 6


#: Each takes the lines of a record apart and gives those of another one.
def edited(lines: list[bytes], data: DataObject) -> list[bytes]:
    number = st.integers(0, len(lines) - 1)
    at, other = data.draw(number, "at"), data.draw(number, "other")
    kind = data.draw(st.sampled_from(["change", "delete", "insert", "repeat", "swap", "cut", "tear"]), "kind")
    line = lines[at]
    match kind:
        case "change":
            place = data.draw(st.integers(0, len(line) - 1), "place")
            byte = data.draw(st.integers(0, 255).filter(lambda byte: byte not in (10, line[place])), "byte")
            return [*lines[:at], line[:place] + bytes([byte]) + line[place + 1 :], *lines[at + 1 :]]
        case "delete":
            return [*lines[:at], *lines[at + 1 :]]
        case "insert":
            return [*lines[:at], data.draw(st.sampled_from([b"", b"{}", b"x", b'{"v":1}'])), *lines[at:]]
        case "repeat":
            return [*lines[:at], lines[other], *lines[at:]]
        case "swap":
            lines = lines.copy()
            lines[at], lines[other] = lines[other], lines[at]
            return lines
        case "cut":
            return lines[:at]
        case _:
            return [*lines[:at], line[: data.draw(st.integers(0, len(line) - 1))], *lines[at + 1 :]]


@given(data=st.data())
def test_any_edit_of_what_is_signed_is_found(made: Path, data: DataObject) -> None:
    before = made.read_bytes().splitlines()
    after = edited(before, data)
    changed = made.parent / "changed"
    changed.write_bytes(b"\n".join(after) + b"\n")
    found = verify([changed], known(made))
    assert bool(found.problems) == (after != before)
    assert codes(found) <= PROBLEMS.keys()


def test_a_chain_that_is_taken_from_another_record_is_found(made: Path, tmp_path: Path) -> None:
    """All lines of a worker, exchanged for those of another record under the same key."""
    other = tmp_path / "log"
    file = opened(other)
    for n in range(12):
        write(file, record(n))
    file.close()
    ours, theirs = made.read_bytes().splitlines(), other.read_bytes().splitlines()
    of_worker = [at for at, line in enumerate(ours) if b'"n":1,' in line or b'"n":2,' in line]
    for at, line in zip(of_worker, [line for line in theirs if b'"salt"' in line], strict=False):
        ours[at] = line
    changed = tmp_path / "changed"
    changed.write_bytes(b"\n".join(ours) + b"\n")
    assert {"record-chain", "record-checkpoint"} <= codes(verify([changed], known(made)))


def test_a_cut_at_a_checkpoint_is_found_by_the_head_file_or_by_a_number_that_somebody_kept(
    made: Path, tmp_path: Path
) -> None:
    lines = made.read_bytes().splitlines(keepends=True)
    last = [at for at, line in enumerate(lines) if b'"event":"checkpoint"' in line][-2]
    cut = tmp_path / "cut"
    cut.write_bytes(b"".join(lines[: last + 1]))
    found = verify([cut], known(made))
    assert codes(found) == {"record-end"}
    alone = known(made)
    alone = type(alone)(alone.keys)
    assert codes(verify([cut], alone)) == set(), "without what the machine or somebody remembers, nobody can know"
    assert codes(verify([cut], type(alone)(alone.keys, least=verified(made).checkpoints))) == {"record-end"}


def test_records_after_the_last_checkpoint_can_be_cut_off_and_are_said_to_be_unsigned(tmp_path: Path) -> None:
    file = opened(tmp_path / "log", every=100)
    write(file, record(1), record(2))
    found = verified(tmp_path / "log")
    assert (found.problems, found.unsigned) == ([], 2)
    assert {"break-unsigned", "break-unclosed"} == breaks(found)


def test_another_key_signs_nothing(made: Path) -> None:
    found = verify([made], type(known(made))({"0" * 64: b"0" * 32}))
    assert codes(found) >= {"record-signature", "record-start"}


def test_a_clock_that_is_set_is_a_break_and_order_is_that_of_the_chain(tmp_path: Path) -> None:
    file = opened(tmp_path / "log")
    write(file, record(1), record(2).replace(b"T10:", b"T07:"), record(3).replace(b"T10:", b"T07:"))
    file.close()
    found = verified(tmp_path / "log")
    assert found.problems == []
    assert [(each.code, each.what) for each in found.breaks] == [("break-clock", "by -10800.0 seconds")]


def test_lost_records_are_named(tmp_path: Path) -> None:
    file = opened(tmp_path / "log")
    write(file, record(1), record(2, lost=7))
    file.close()
    assert [each.what for each in verified(tmp_path / "log").breaks] == ["7 records before it could not be written"]


def test_a_file_that_was_moved_is_followed_and_both_are_one_record(tmp_path: Path) -> None:
    path = tmp_path / "log"
    first, second = opened(path), opened(path)
    for n in range(20):
        write(first if n % 2 else second, record(n))
        if n in (7, 13):
            path.rename(tmp_path / f"log.{n}")
    first.close()
    second.close()
    files = [tmp_path / "log.7", tmp_path / "log.13", path]
    found = verified(path, files)
    assert (found.problems, found.breaks, found.records) == ([], [], 20)
    assert "record-start" in codes(verified(path, files[1:]))
    assert codes(verified(path, [files[0], files[2]])) >= {"record-series"}
    assert codes(verified(path, files[:2])) == {"record-end"}
    assert codes(verified(path, files[1:2], partial=True)) == set()


def test_a_record_that_is_moved_away_while_nobody_writes_leaves_a_signed_gap(tmp_path: Path) -> None:
    path, away = tmp_path / "log", tmp_path / "away"  # a name that does not begin like its own
    killed = opened(path, every=100)
    write(killed, record(1), record(2))
    path.rename(away)
    file = opened(path)
    write(file, record(3))
    file.close()
    found = verified(path, [away, path])
    assert found.problems == []
    assert found.unsigned == 2
    assert breaks(found) == {"break-unsigned", "break-unclosed"}


def test_a_file_that_is_moved_while_a_checkpoint_is_made_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that makes it has the file locked, by whatever name; the checkpoint is of that file."""
    path, moved = tmp_path / "log", tmp_path / "log.1"
    file = opened(path, every=2)
    write(file, record(1))
    real = series.kept_in

    def moving(record: Path) -> list[bytes]:
        path.rename(moved)
        path.write_bytes(b"")
        monkeypatch.setattr(series, "kept_in", real)
        return real(record)

    monkeypatch.setattr(series, "kept_in", moving)
    write(file, record(2))
    assert b'"number":2' in moved.read_bytes().splitlines()[-1]
    write(file, record(3))
    file.close()
    found = verified(path, [moved, path])
    assert (found.problems, found.breaks, found.records) == ([], [], 3)


@pytest.mark.parametrize("written", [True, False])
def test_a_kill_while_a_checkpoint_is_written_breaks_nothing(tmp_path: Path, written: bool) -> None:
    path = tmp_path / "log"
    file = opened(path)
    write(file, *map(record, range(3)))
    with path.open("rb") as here:
        assert file._head is not None
        line = Series(path, Signer(tmp_path / "record.pem")).next(file._head, here)
    if written:
        with path.open("ab") as log:
            log.write(line)
    assert len(kept_in(path)) == 2
    found = verified(path)
    assert found.problems == []
    assert ("break-head" in breaks(found)) != written
    again = opened(path)
    write(again, record(4))
    again.close()
    assert verified(path).problems == []


def test_a_head_file_that_is_gone_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(opened(path), *map(record, range(4)))
    head_file(path).unlink()
    file = opened(path)
    write(file, *map(record, range(4, 8)))
    file.close()
    assert verified(path).problems == []
