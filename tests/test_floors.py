"""The floors of `make coverage` (tests/support/floors.py): they hold, and only rise."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from support import floors
from support.checkout import ROOT

PACKAGE = ROOT / "engine" / "ordinance"


def file(taken: int, there: int) -> dict[str, Any]:
    return {"summary": {"covered_branches": taken, "num_branches": there}}


def test_a_room_is_a_folder_without_the_folders_in_it() -> None:
    found = floors.rooms(
        {
            "engine/ordinance/errors.py": file(1, 2),
            "engine/ordinance/runtime/session.py": file(3, 4),
            "engine/ordinance/runtime/stream.py": file(5, 6),
            "engine/ordinance/runtime/match/matcher.py": file(7, 8),
            "engine/ordinance/runtime/text/tables.py": file(0, 0),
        }
    )
    assert found == {".": (1, 2), "runtime": (8, 10), "runtime/match": (7, 8)}


@pytest.mark.parametrize(("taken", "there", "said"), [(2, 3, 66.6), (1, 1, 100.0), (1999, 2000, 99.9), (0, 5, 0.0)])
def test_nothing_is_rounded_up(taken: int, there: int, said: float) -> None:
    assert floors.percent(taken, there) == said


def test_a_floor_only_rises_and_goes_with_its_room() -> None:
    before, now = {"up": 80.0, "down": 80.0, "gone": 80.0}, {"up": 85.5, "down": 70.0, "new": 50.0}
    assert floors.raised(before, now) == {"up": 85.5, "down": 80.0, "new": 50.0}


def test_a_room_below_its_floor_is_told_but_for_what_differs_each_time() -> None:
    just, far = 80.0 - floors.TOLERANCE, 80.0 - floors.TOLERANCE - 0.1
    (line,) = floors.fallen({"just": 80.0, "far": 80.0}, {"just": just, "far": far, "new": 1.0})
    assert line.startswith("far has 79.4 % and its floor is 80.0 %")


def test_what_is_written_is_read_again_and_names_rooms_that_there_are() -> None:
    kept = floors.FLOORS.read_text("utf-8")
    read = tomllib.loads(kept)["floors"]
    assert floors.written(read) == kept
    assert [room for room in read if not (PACKAGE / room).is_dir()] == []
