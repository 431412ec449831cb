"""A plugin that ends or stops the process in which it is imported, registers or prepares is an error of the load."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ordinance.detectors.isolation import Budget
from ordinance.errors import OrdinanceError, PluginError
from ordinance.loading.load import load
from support.checkout import ROOT
from support.commands import ENGINE, Served, children, run
from support.faulty import packs
from support.packs import TODAY, write_jurisdiction
from support.serving import PATIENCE, ScriptedUpstream

pytestmark = pytest.mark.requirement("DET-1")

DEEDS = {
    "sys.exit": "sys.exit(0)",
    "os._exit": "os._exit(0)",
    "an interrupt": "raise KeyboardInterrupt",
    "a crash": "ctypes.string_at(0)",
    "a hang": "time.sleep(600)",
}
PLACES = ("at import", "registering", "preparing")
PLUGIN = """\
import ctypes, os, sys, time
from ordinance.detection import DetectorKind, Segments
from ordinance.hookspecs import hookimpl

def deed(here):
    if here == {place!r}:
        {deed}

def prepare(_):
    deed("preparing")
    return Segments(lambda sentence: [])

@hookimpl
def register_detectors():
    deed("registering")
    return [DetectorKind("faulty.red", prepare), DetectorKind("faulty.law", prepare)]

deed("at import")
"""


def install(folder: Path, place: str, deed: str) -> Path:
    """A folder that a path entry makes installed."""
    information = folder / "hostile_ordinance-1.0.dist-info"
    information.mkdir(parents=True, exist_ok=True)
    (folder / "hostile_ordinance.py").write_text(PLUGIN.format(place=place, deed=DEEDS[deed]), "utf-8")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile-ordinance\nVersion: 1.0\n", "utf-8")
    (information / "entry_points.txt").write_text("[ordinance]\nhostile = hostile_ordinance\n", "utf-8")
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("hostile_ordinance", None)


@pytest.mark.server
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("deed", list(DEEDS))
def test_the_load_ends_with_the_plugins_name(site: Path, tmp_path: Path, deed: str, place: str) -> None:
    install(site, place, deed)
    began = time.monotonic()
    budget = Budget(start=4.0 if deed == "a hang" else 60.0)
    with pytest.raises(OrdinanceError) as raised:
        load(packs(tmp_path / "packs"), on=TODAY, budget=budget).plan  # noqa: B018 - the property raises
    assert time.monotonic() - began < PATIENCE * 3
    named = "hostile-ordinance 1.0" if place != "preparing" else "the detector faulty."
    assert named in raised.value.message
    if place != "preparing" or deed in ("os._exit", "a crash", "a hang"):
        assert isinstance(raised.value, PluginError)
    assert "hostile_ordinance" not in sys.modules or place == "preparing", "it did not come into this process"


@pytest.mark.server
def test_what_was_tried_leaves_no_process(site: Path, tmp_path: Path) -> None:
    before = children(os.getpid())
    install(site, "at import", "a hang")
    with pytest.raises(PluginError, match="within 2 seconds"):
        load(packs(tmp_path / "packs"), on=TODAY, budget=Budget(start=2.0))
    assert children(os.getpid()) == before


@pytest.mark.server
@pytest.mark.parametrize("place", PLACES)
def test_check_is_not_green_when_it_checked_nothing(tmp_path: Path, place: str) -> None:
    site = install(tmp_path / "site", place, "sys.exit")
    paths = packs(tmp_path / "packs")
    done = run("check", "--on", str(TODAY), *paths, PYTHONPATH=f"{site}:{ROOT / 'engine'}")
    assert done.returncode == 1, done
    assert "SystemExit" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["sys.exit", "os._exit", "a hang"])
def test_a_running_server_keeps_its_last_good_policy_and_can_be_told_again(
    upstream: ScriptedUpstream, tmp_path: Path, deed: str
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\nlimits: {plugin_seconds: 6}\n")
    pack = write_jurisdiction(tmp_path / "XA")
    served = Served(
        "--config", settings, "--upstream", upstream.url, "--jurisdiction", "XA", "--pack", pack, "--on", str(TODAY),
        PYTHONPATH=f"{site}:{ENGINE}",
    )  # fmt: skip
    try:
        until_stale(served, None)
        install(site, "at import", deed)
        served.signal(signal.SIGHUP)
        until_stale(served, "plugin")
        for path in sorted(site.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        served.signal(signal.SIGHUP)
        until_stale(served, None)
    finally:
        _, errors = served.stop()
    assert "hostile-ordinance 1.0" in errors
    assert "Traceback" not in errors


def until_stale(served: Served, code: str | None) -> None:
    deadline = time.monotonic() + PATIENCE * 4
    while True:
        ready = httpx2.get(f"{served.address}/ready", timeout=PATIENCE * 2, trust_env=False).json()
        if ready.get("stale") == code:
            return
        assert time.monotonic() < deadline, ready
        time.sleep(0.1)
