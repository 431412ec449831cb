"""A plugin beside the engine is refused at the next load, whenever it was installed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib.metadata import Distribution, DistributionFinder, entry_points
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.errors import PluginError
from ordinance.plugins import beside

NAMES = ("acme_one", "acme_two")
PLUGIN = "[ordinance]\nhooks = acme:hooks\n"
OTHER = "[ordinancf]\nhooks = acme:hooks\n"


def install(folder: Path, name: str, points: str | None) -> None:
    home = folder / f"{name}-1.0.dist-info"
    home.mkdir(exist_ok=True)
    (home / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    if points is not None:
        (home / "entry_points.txt").write_text(points, "utf-8")


def refused() -> bool:
    try:
        beside.refuse_beside()
    except PluginError:
        return True
    return False


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([PLUGIN, OTHER, None, "gone"])), max_size=6))
def test_what_is_written_between_two_loads_is_seen(changes: list[tuple[str, str | None]]) -> None:
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        folder = Path(place)
        patch.setattr(sys, "path", [place])
        assert not refused()
        for name, points in changes:
            if points == "gone":
                shutil.rmtree(folder / f"{name}-1.0.dist-info", ignore_errors=True)
            else:
                install(folder, name, points)
            says = any(each.read_text("utf-8") == PLUGIN for each in folder.glob("*/entry_points.txt"))
            assert refused() is says


def test_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "acme_one", PLUGIN)
    with pytest.raises(PluginError, match=r"acme_one 1\.0 is installed beside the engine"):
        beside.refuse_beside()


def test_a_file_that_is_written_in_its_place_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size and its date of change, which anybody can set, are the same."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "acme_one", OTHER)
    points = tmp_path / "acme_one-1.0.dist-info" / "entry_points.txt"
    before = points.stat()
    assert not refused()
    while points.stat().st_ctime_ns == before.st_ctime_ns:  # the clock of a file system has steps
        with points.open("r+", encoding="utf-8") as opened:
            opened.write(PLUGIN)
        os.utime(points, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert points.stat().st_size == before.st_size
    assert refused()


def test_a_folder_of_the_same_time_is_listed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    before = tmp_path.stat()
    assert not refused()
    install(tmp_path, "acme_one", PLUGIN)
    os.utime(tmp_path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert refused()


def test_another_folder_on_the_path_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "acme_one", PLUGIN)
    assert not refused()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert refused()


def test_another_finder_is_asked_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it knows of need not be a file."""
    install(tmp_path, "acme_one", PLUGIN)
    known: list[Distribution] = []

    class Finder(DistributionFinder):
        def find_distributions(self, context: object = None) -> list[Distribution]:
            return known

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert not refused()
    known.append(Distribution.at(tmp_path / "acme_one-1.0.dist-info"))
    assert refused()


def test_nothing_is_read_again_where_nothing_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(group: str) -> object:
        read.append(group)
        return entry_points(group=group)

    beside.refuse_beside()
    monkeypatch.setattr(beside, "entry_points", reading)
    beside.refuse_beside()
    assert read == []


def test_a_path_that_begins_where_the_process_is_follows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "acme_one", PLUGIN)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert not refused()
    monkeypatch.chdir(tmp_path)
    assert refused()
