"""The seam for third parties: one hook, no wrappers, no order; a detector in a wheel fires on a stream."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ordinance.detection import Declaration, DetectorKind, Expressions, Pattern, Segments
from ordinance.detectors.plugins import collect, installed
from ordinance.errors import PatternError, PluginError
from ordinance.hookspecs import hookimpl
from ordinance.loading import load as loading
from ordinance.loading.load import load
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import ROOT
from support.packs import JURISDICTION, TODAY, load_on, write_jurisdiction


def nothing(_: Declaration) -> Expressions:
    return Expressions(phrases=("nothing at all",))


def registering(*kinds: object) -> Callable[[], list[object]]:
    return lambda: [*kinds]


def plugin(*kinds: object) -> object:
    return hook("register_detectors", registering(*kinds))


def test_built_in_detectors_come_through_the_hook() -> None:
    registry = collect([])
    assert set(registry.kinds) == {"lexicon", "pattern", "identifier", "script"}
    with pytest.raises(PatternError):
        registry.kinds["lexicon"].prepare(Declaration("x", ("\u200d",)))
    with pytest.raises(PatternError):
        registry.kinds["pattern"].prepare(Declaration("x", ("a+",)))


def test_plugins_add_kinds_and_are_named() -> None:
    registry = collect([("acme 1.0", plugin(DetectorKind("acme.codes", nothing))), ("beta 2.0", plugin())])
    assert "acme.codes" in registry.kinds
    assert [name.split()[0] for name in registry.ids] == ["acme", "beta", "ordinance"]


def hook(name: str, function: Callable[..., object], *options: str) -> object:
    marker: Any = hookimpl
    return SimpleNamespace(**{name: marker(function, **dict.fromkeys(options, True))})


def wrapping(option: str) -> object:
    def register_detectors() -> Iterator[None]:
        yield

    return hook("register_detectors", register_detectors, option)


#: What is refused, and a part of why.
REFUSED = [
    (wrapping("wrapper"), "wraps"),
    (wrapping("hookwrapper"), "wraps"),
    (hook("register_detectors", registering(), "tryfirst"), "first or last"),
    (hook("register_detectors", registering(), "trylast"), "first or last"),
    (hook("register_everything", registering()), "does not fit"),
    (hook("register_detectors", lambda plan: []), "does not fit"),
    (hook("register_detectors", lambda: 1 / 0), "ZeroDivisionError"),
    (hook("register_detectors", lambda: None), "TypeError"),
    (plugin("acme.codes"), "registers a str"),
    (plugin(DetectorKind("codes", nothing)), "'codes'"),
    (plugin(DetectorKind("lexicon", nothing)), "'lexicon'"),
    (plugin(DetectorKind("acme.codes", nothing), DetectorKind("acme.codes", nothing)), "registered by both"),
]


@pytest.mark.parametrize(("module", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_breaks_the_contract_is_refused(module: object, why: str) -> None:
    with pytest.raises(PluginError, match=why) as raised:
        collect([("acme 1.0", module)])
    assert "acme 1.0" in raised.value.message
    assert raised.value.help


def test_two_plugins_with_one_name() -> None:
    kind = DetectorKind("acme.codes", nothing)
    with pytest.raises(PluginError, match=r"both acme 1\.0 and beta 1\.0"):
        collect([("acme 1.0", plugin(kind)), ("beta 1.0", plugin(kind))])


def raising(_: Declaration) -> Expressions:
    raise RuntimeError("no such model")


@pytest.mark.parametrize(
    "prepare",
    [
        raising,
        lambda _: None,
        lambda _: Expressions(phrases=("\u200d",)),
        lambda _: Expressions(patterns=(Pattern("a+"),)),
    ],
)
def test_a_detector_that_cannot_be_prepared_is_a_finding(
    prepare: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = DetectorKind("acme.codes", prepare)  # type: ignore[arg-type]  # what plugins may do wrong
    registry = collect([("acme 1.0", plugin(kind))])
    monkeypatch.setattr(loading, "installed", lambda: registry)
    loaded = load_on(write_jurisdiction(tmp_path, JURISDICTION.replace("topic talk and", "detector acme.codes and")))
    assert "detector-fails" in [item.code for item in loaded.diagnostics]


#: The plugin that third parties copy.
EXAMPLE = ROOT / "plugins" / "ordinance-example"


@pytest.fixture(scope="module")
def wheel_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed a plugin that hatchling built."""
    work = tmp_path_factory.mktemp("plugin") / "plugin"
    shutil.copytree(EXAMPLE, work)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work / "dist")]
    subprocess.run(build, cwd=work, check=True, capture_output=True)
    (wheel,) = (work / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(work / "site"), str(wheel)], check=True, capture_output=True)
    return work / "site"


@pytest.fixture
def example(wheel_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(wheel_folder))
    yield
    sys.modules.pop("ordinance_example", None)


@pytest.mark.server
@pytest.mark.usefixtures("example")
def test_a_wheel_is_found_through_its_entry_point() -> None:
    registry = installed()
    assert {"example.shouting", "example.shelves"} <= set(registry.kinds)
    assert "ordinance-example 0.1.0" in registry.ids
    assert isinstance(registry.kinds["example.shouting"].prepare(Declaration("example.shouting")), Segments)


@pytest.mark.server
@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("detector", "said"),
    [("example.shouting", "Quiet first. Then LOUD! Then quiet."), ("example.shelves", "See SHELF-1234 there.")],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_detector_from_a_wheel_fires_on_a_stream(detector: str, said: str, size: int, tmp_path: Path) -> None:
    text = JURISDICTION.replace("topic talk and", f"detector {detector} and").replace("sentence at most 200", "span")
    plan = load([write_jurisdiction(tmp_path, text.replace("topic   talk  from lexicon words\n", ""))], on=TODAY).plan
    session = Session(plan, situate(plan, jurisdiction="XA", on=TODAY), "en")
    stream = session.stream()
    released = "".join(stream.feed(said[at : at + size]) for at in range(0, len(said), size)) + stream.close()
    outcome = session.outcome()
    assert outcome.verdict is Verdict.WITHHOLD
    assert outcome.rules == ("XA/words",)
    secret = "LOUD!" if detector == "example.shouting" else "SHELF-1234"
    assert secret not in released
    assert released.startswith(said.partition(secret)[0] + "⟦…⟧" + said.partition(secret)[2])


@pytest.mark.server
@pytest.mark.usefixtures("example")
def test_an_unknown_detector_is_told_with_its_neighbours(tmp_path: Path) -> None:
    text = JURISDICTION.replace("topic talk and", "detector example.shoutin and")
    loaded = load_on(write_jurisdiction(tmp_path, text))
    (found,) = [item for item in loaded.diagnostics if item.code == "detector-missing"]
    assert found.help == "Did you mean `example.shouting`?"
