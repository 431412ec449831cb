"""The seam for third parties: one hook, no wrappers, no order; a detector in a wheel fires on a stream."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ordinance import load as loading
from ordinance.detection import Declaration, DetectorKind, Expressions, Pattern, Segments
from ordinance.errors import PatternError, PluginError
from ordinance.hookspecs import hookimpl
from ordinance.load import load
from ordinance.plugins import collect, installed
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.packs import JURISDICTION, TODAY, load_on, write_jurisdiction


def nothing(_: Declaration) -> Expressions:
    return Expressions(phrases=("nothing at all",))


def registering(*kinds: object) -> Callable[[], list[object]]:
    return lambda: [*kinds]


def plugin(*kinds: object) -> object:
    return hook("register_detectors", registering(*kinds))


def test_built_in_detectors_come_through_the_hook() -> None:
    registry = collect([])
    assert set(registry.kinds) == {"lexicon", "pattern"}
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


PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-ordinance"
version = "0.3.0"

[project.entry-points.ordinance]
acme = "acme_ordinance"
"""

MODULE = '''\
"""Shouting, seen by sentences, and the codes of Acme's shelves, found on the stream."""

import re

from ordinance.detection import DetectorKind, Expressions, Pattern, Segments
from ordinance.hookspecs import hookimpl


def find_shouting(sentence):
    return [match.span() for match in re.finditer(r"[A-Z]{4,}!", sentence)]


@hookimpl
def register_detectors():
    return [
        DetectorKind("acme.shouting", lambda declaration: Segments(find_shouting)),
        DetectorKind("acme.codes", lambda declaration: Expressions(patterns=(Pattern("ACME-[0-9]{4}"),))),
    ]
'''


@pytest.fixture(scope="module")
def wheel_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed a plugin that hatchling built."""
    work = tmp_path_factory.mktemp("acme")
    (work / "acme_ordinance").mkdir()
    (work / "acme_ordinance" / "__init__.py").write_text(MODULE, "utf-8")
    (work / "pyproject.toml").write_text(PROJECT, "utf-8")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work / "dist")]
    subprocess.run(build, cwd=work, check=True, capture_output=True)
    (wheel,) = (work / "dist").glob("*.whl")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(work / "site"),
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    return work / "site"


@pytest.fixture
def acme(wheel_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(wheel_folder))
    yield
    sys.modules.pop("acme_ordinance", None)


@pytest.mark.usefixtures("acme")
def test_a_wheel_is_found_through_its_entry_point() -> None:
    registry = installed()
    assert {"acme.shouting", "acme.codes"} <= set(registry.kinds)
    assert "acme-ordinance 0.3.0" in registry.ids
    assert isinstance(registry.kinds["acme.shouting"].prepare(Declaration("acme.shouting")), Segments)


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("detector", "said"),
    [("acme.shouting", "Quiet first. Then LOUD! Then quiet."), ("acme.codes", "See ACME-1234 there.")],
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
    secret = "LOUD!" if detector == "acme.shouting" else "ACME-1234"
    assert secret not in released
    assert released.startswith(said.partition(secret)[0] + "⟦…⟧" + said.partition(secret)[2])


@pytest.mark.usefixtures("acme")
def test_an_unknown_detector_is_told_with_its_neighbours(tmp_path: Path) -> None:
    text = JURISDICTION.replace("topic talk and", "detector acme.shoutin and")
    loaded = load_on(write_jurisdiction(tmp_path, text))
    (found,) = [item for item in loaded.diagnostics if item.code == "detector-missing"]
    assert found.help == "Did you mean `acme.shouting`?"
