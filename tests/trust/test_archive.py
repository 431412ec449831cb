"""The file of a bundle: one form for the same members, and no other is read."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.trust import archive
from ordinance.trust.trouble import TroubleError

PARTS = st.text(st.sampled_from("abcXYZ019-_.äß"), min_size=1, max_size=40).filter(lambda part: part[0] != ".")
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
MEMBERS = (
    st.dictionaries(NAMES, st.binary(max_size=1500), min_size=1, max_size=6)
    .filter(lambda members: len({name.casefold() for name in members}) == len(members))
    .filter(lambda members: not any(other.startswith(f"{name}/") for name in members for other in members))
)


@given(MEMBERS)
def test_what_is_written_is_read(members: dict[str, bytes]) -> None:
    data = archive.write(members)
    assert archive.read(data, "x") == members
    assert archive.write(dict(reversed(members.items()))) == data


@given(MEMBERS)
def test_every_tar_reads_it(members: dict[str, bytes]) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive.write(members))) as opened:
        assert {info.name: opened.extractfile(info).read() for info in opened} == members  # type: ignore[union-attr]


@given(MEMBERS, st.data())
def test_one_changed_byte_is_another_archive_or_none(members: dict[str, bytes], data: st.DataObject) -> None:
    """What is read is exactly what the bytes say: no byte is without a meaning."""
    made = bytearray(archive.write(members))
    at = data.draw(st.integers(0, len(made) - 1))
    made[at] ^= data.draw(st.integers(1, 255))
    with suppress(TroubleError):
        assert archive.read(bytes(made), "x") != members


@given(st.binary(max_size=3000))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(TroubleError):
        archive.read(data, "x")


@given(MEMBERS, st.integers(1, 4000))
def test_a_part_of_it_is_refused(members: dict[str, bytes], less: int) -> None:
    with pytest.raises(TroubleError):
        archive.read(archive.write(members)[:-less], "x")


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", "..", "a/../b", ".a", "a\\b", "a\0", "a:b", "e\u0301", "a" * 300]
)
def test_a_name_that_leads_elsewhere_is_not_written(name: str) -> None:
    with pytest.raises(TroubleError):
        archive.write({name: b""})


def test_a_name_cannot_be_obeyed_by_a_terminal() -> None:
    data = bytearray(archive.write({"a": b""}))
    data[0:5] = b"\x1b[2Ja"
    with pytest.raises(TroubleError) as refused:
        archive.read(bytes(data), "x")
    assert "\x1b" not in str(refused.value.trouble)
