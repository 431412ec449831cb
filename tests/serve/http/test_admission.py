"""Who makes room for whom, where connections are many."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from ordinance.serve.http import admission as places
from ordinance.serve.http.admission import SPARE, Places, home_of
from ordinance.serve.http.descriptors import affordable, needed
from support.serving import LoopThread


@dataclass(eq=False)
class Guest:
    name: str
    gone: list[str]
    home: str = "a"
    idle: bool = True
    served: bool = False

    def dismiss(self) -> None:
        self.gone.append(self.name)


@dataclass
class House:
    places: Places
    gone: list[str] = field(default_factory=list)

    def come(self, name: str, **more: object) -> Guest:
        self.places.expect()
        guest = Guest(name, self.gone, **more)  # type: ignore[arg-type]
        self.places.enter(guest)
        self.places.arrived()
        return guest


def test_the_silent_go_first_then_who_was_served_longest_ago_and_who_is_busy_stays(loop_thread: LoopThread) -> None:
    async def scene() -> list[str]:
        house = House(Places(5))
        house.come("busy", idle=False, served=True)
        served, again = house.come("served", served=True), house.come("served again", served=True)
        house.come("silent")
        house.come("silent later")
        house.places.stay(served)
        house.places.stay(again)
        for number in range(4):
            house.come(f"busy {number}", idle=False)
        assert not house.places.full
        return house.gone

    assert loop_thread.run(scene()) == ["silent", "silent later", "served", "served again"]


def test_where_all_are_busy_a_few_places_are_spare(loop_thread: LoopThread) -> None:
    async def scene() -> None:
        house = House(Places(3))
        for number in range(3 + SPARE):
            assert not house.places.full
            house.come(str(number), idle=False)
        assert house.places.full
        assert not house.places.make_room()
        assert house.gone == []

    loop_thread.run(scene())


def test_where_descriptors_run_out_the_silent_leave_at_once_and_each_that_stays_has_a_second_one(
    loop_thread: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_FEWER_SECONDS", 0.2)

    async def scene() -> list[int]:
        house, left = House(Places(1000)), []
        for number in range(40):
            house.come(str(number), idle=number % 4 > 0)
        house.places.exhausted()  # 10 are busy with a descriptor each at the server behind: 50 are there
        left.append(40 - len(house.gone))
        for number in range(100):
            house.come(f"new {number}")
        left.append(140 - len(house.gone))
        await asyncio.sleep(0.4)
        for number in range(100):
            house.come(f"newest {number}")
        left.append(240 - len(house.gone))
        return left

    assert loop_thread.run(scene()) == [25, 25, 125]


def test_one_address_makes_room_among_its_own(loop_thread: LoopThread) -> None:
    async def scene() -> list[str]:
        house = House(Places(100, 2))
        house.come("other", home="b")
        for name in ("first", "second", "third"):
            house.come(name)
        return house.gone

    assert loop_thread.run(scene()) == ["first"]


def test_it_is_told_at_once_and_then_no_more_often_than_once_a_minute(
    loop_thread: LoopThread, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert places._TOLD_EVERY == 60
    monkeypatch.setattr(places, "_TOLD_EVERY", 0.2)

    async def scene() -> None:
        house = House(Places(1))
        for number in range(50):
            house.come(str(number))

    loop_thread.run(scene())
    told = until_told(capfd, 2)
    assert [line.partition("make room: ")[2].partition(";")[0] for line in told] == ["1", "48"]


def until_told(capfd: pytest.CaptureFixture[str], lines: int) -> list[str]:
    told: list[str] = []
    deadline = time.monotonic() + 10
    while len(told) < lines and time.monotonic() < deadline:
        told += capfd.readouterr().err.splitlines()
        time.sleep(0.05)
    return told


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "unix", False),
    ],
)
def test_whose_an_address_is(one: str, other: str, same: bool) -> None:
    assert (home_of(one) == home_of(other)) is same


@pytest.mark.parametrize(
    ("limits", "wanted", "taken", "raised"),
    [
        ((1024, 4096), 100, 100, None),
        ((1024, 4096), 1000, 1000, needed(1000)),
        ((1024, 1024), 1000, (1024 - 80) // 2, 1024),
        ((128, 128), 1000, 24, 128),
        ((16, 16), 1000, 1, 16),
        ((-1, -1), 1000, 1000, None),
        ((1024, -1), 1000, 1000, needed(1000)),
    ],
)
def test_connections_keep_well_below_the_limit_of_open_files(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], wanted: int, taken: int, raised: int | None
) -> None:
    done: list[tuple[int, tuple[int, int]]] = []
    note: Callable[[int, tuple[int, int]], None] = lambda what, both: done.append((what, both))  # noqa: E731
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", note)
    assert affordable(wanted) == taken
    assert [soft for _, (soft, _) in done] == ([] if raised is None else [raised])
