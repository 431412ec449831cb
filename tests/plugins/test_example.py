"""The plugin that third parties copy, from source to a stream: each of its detectors, whatever the pieces."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ordinance.loading.load import load
from ordinance.plugins.allowed import Plugin
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import ROOT
from support.packs import TODAY, asking, write_jurisdiction
from support.plugin_folders import allowed
from support.wheels import built

pytestmark = pytest.mark.server

SOURCE = ROOT / "plugins" / "ordinance-example"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    """The example, built by hatchling and unpacked as pip would."""
    work = tmp_path_factory.mktemp("example")
    shutil.copytree(SOURCE, work / "source")
    return allowed(built(work / "source"))


@pytest.mark.parametrize(
    ("detector", "said", "secret"),
    [
        ("example.shouting", "Quiet first. Then LOUD! Then quiet.", "LOUD!"),
        ("example.shelves", "See SHELF-1234, not SHELF-1235.", "SHELF-1234"),
        ("example.stamps", "It has STAMP 12AB on it.", "STAMP 12AB"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_its_detectors_fire_on_a_stream(
    detector: str, said: str, secret: str, size: int, example: Plugin, tmp_path: Path
) -> None:
    pack = write_jurisdiction(tmp_path, asking(f"detector {detector}"))
    plan = load([pack], plugins=[example], on=TODAY).plan
    session = Session(plan, situate(plan, jurisdiction="XA", on=TODAY), "en")
    stream = session.stream()
    released = "".join(stream.feed(said[at : at + size]) for at in range(0, len(said), size)) + stream.close()
    assert session.outcome().verdict is Verdict.WITHHOLD
    before, _, after = said.partition(secret)
    assert released.startswith(f"{before}⟦…⟧{after}")
