"""Verifying, fuzzed: no byte of a bundle can change, and whatever stands in one, nothing but a refusal comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ordinance.trust import archive
from ordinance.trust.roots import read_root
from ordinance.trust.seen import Seen
from ordinance.trust.trouble import CODES, TroubleError
from ordinance.trust.verifying import verify
from support.bundles import NOW, ROOT, World

FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "root.json").write_bytes(ROOT)
    return folder


def codes(place: Path, data: bytes) -> list[str]:
    (place / "policy.bundle").write_bytes(data)
    verified, found = verify(place / "policy.bundle", place / "root.json", Seen(), NOW)
    assert (verified is None) == bool(found)
    assert all(each.code in CODES for each in found)
    return [each.code for each in found]


def test_it_is_right_before_it_is_changed(place: Path, world: World) -> None:
    assert codes(place, world.second) == []


@FUZZ
@given(st.data())
def test_no_byte_of_a_bundle_can_change(place: Path, world: World, data: st.DataObject) -> None:
    made = bytearray(world.second)
    made[data.draw(st.integers(0, len(made) - 1))] ^= data.draw(st.integers(1, 255))
    assert codes(place, bytes(made)) != []


@FUZZ
@given(st.data())
def test_no_byte_of_what_vouches_can_change(place: Path, world: World, data: st.DataObject) -> None:
    """Roots and statements are a small part of a bundle, which the test above seldom meets."""
    members = archive.read(world.second, "x")
    name = data.draw(st.sampled_from([name for name in members if name.startswith(("roots/", "statements/"))]))
    made = bytearray(members[name])
    made[data.draw(st.integers(0, len(made) - 1))] ^= data.draw(st.integers(1, 255))
    assert codes(place, archive.write({**members, name: bytes(made)})) != []


@FUZZ
@given(st.data())
def test_no_member_can_be_another(place: Path, world: World, data: st.DataObject) -> None:
    """Not cut, not longer, not that of another place, not empty."""
    members = archive.read(world.second, "x")
    name = data.draw(st.sampled_from(sorted(members)))
    before = members[name]
    other = data.draw(
        st.one_of(
            st.binary(max_size=200),
            st.integers(0, len(before)).map(lambda at: before[:at]),
            st.sampled_from(sorted(members)).map(lambda key: members[key]),
            st.sampled_from([b"{}", b"null", b"[]", b'{"payload":"","payloadType":"","signatures":[]}', b"[" * 5000]),
            st.just(before + b" "),
        )
    )
    members[name] = other
    if other != before:
        assert codes(place, archive.write(members)) != []


@FUZZ
@given(st.data())
def test_no_byte_of_a_root_can_change(data: st.DataObject) -> None:
    """What is left after a change is not signed by its own people."""
    from ordinance.trust.roots import trusted

    made = bytearray(ROOT)
    made[data.draw(st.integers(0, len(made) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        rooted = read_root(bytes(made), "x")
    except TroubleError:
        return
    assert trusted(rooted, {})[1] != []


@FUZZ
@given(st.binary(max_size=500))
def test_whatever_is_called_a_root_is_refused(place: Path, data: bytes) -> None:
    with pytest.raises(TroubleError):
        read_root(data, "x")
