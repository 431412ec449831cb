"""``make new``: what it lays is right as it stands, and the tables that it prints are there."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.checkout import ROOT

BEGIN = ROOT / "deploy" / "begin"
NAMES = {"detector": "shelf_marks", "check": "late_dates", "command": "tidy", "slot": "word_choice", "api": "rankings"}
#: Whatever is built, cached or large: none of it is part of a checkout.
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "dist", "build", "*.egg-info")


def kinds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("begin_kinds", BEGIN / "kinds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


KINDS = kinds().KINDS


def begin(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "deploy" / "begin"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_text("utf-8", "replace") for path in found}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which one of each kind was laid."""
    folder = tmp_path_factory.mktemp("copy") / "checkout"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    for kind, name in NAMES.items():
        done = begin(folder, kind, name)
        assert done.returncode == 0, done.stderr
        (folder / f"{kind}.said").write_text(done.stdout)
    return folder


def laid(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for name in NAMES.values() for path in folder.rglob(f"*{name}.py")]


@pytest.mark.server
def test_every_kind_lays_a_file_and_its_test(checkout: Path) -> None:
    """A slot is laid as a test alone: all else that it needs is rows of files that are there."""
    assert set(NAMES) == set(KINDS)
    assert len(laid(checkout)) == 2 * len(KINDS) - 1


@pytest.mark.server
@pytest.mark.slow
def test_what_it_lays_passes_its_own_tests_and_those_of_the_manual_and_the_rooms(checkout: Path) -> None:
    own = [path for path in laid(checkout) if path.startswith("tests/")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *own]
    command += ["tests/test_docs.py", "tests/test_architecture.py", "-k", "not samples"]
    environment = {"PYTHONPATH": f"{checkout / 'engine'}:{checkout / 'tests'}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.server
@pytest.mark.slow
def test_what_it_lays_passes_ruff_and_mypy(checkout: Path) -> None:
    for words in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy", *laid(checkout))):
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.server
@pytest.mark.parametrize("kind", NAMES)
def test_it_prints_each_table_that_is_left(kind: str, checkout: Path) -> None:
    said = (checkout / f"{kind}.said").read_text()
    assert all(f"\n  {table.file} (" in said for table in KINDS[kind].tables)
    assert "$" not in said


@pytest.mark.parametrize(("kind", "table"), [(kind, table) for kind, of in KINDS.items() for table in of.tables])
def test_each_table_is_where_it_says(kind: str, table: object) -> None:
    """A table that moved is to be corrected in ``deploy/begin/kinds.py``."""
    file, at = getattr(table, "file", ""), getattr(table, "at", "")
    assert at in (ROOT / file).read_text("utf-8"), f"{file} has no {at!r}"


@pytest.mark.server
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("",  ""), "a KIND and a NAME are needed"),
        (("check", ""), "a KIND and a NAME are needed"),
        (("rule", "late_dates"), "there is no kind 'rule'. Kinds: detector, check, command, slot, api."),
        (("check", "LateDates"), "the NAME 'LateDates' does not fit"),
        (("check", "late-dates"), "does not fit"),
        (("check", "../late"), "does not fit"),
        (("check", "_late"), "does not fit"),
        (("check", "class"), "does not fit"),
        (("check", "a" * 41), "does not fit"),
        (("command", "tidy_up"), "lower-case letters"),
        (("check", "reach"), "the name 'reach' is taken (engine/ordinance/policy/check/reach.py)"),
        (("slot", "chat"), "is taken"),
        (("detector", "policy"), "is taken"),
        (("command", "json"), "is taken, a module of Python"),
    ],
)  # fmt: skip
def test_a_name_that_does_not_fit_is_refused_and_nothing_is_written(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    shutil.copytree(BEGIN, tmp_path / "deploy" / "begin")
    for room in ("policy/check/reach.py", "protocol/apis/chat.py"):
        file = tmp_path / "engine" / "ordinance" / room
        file.parent.mkdir(parents=True)
        file.write_text("")
    before = files(tmp_path)
    done = begin(tmp_path, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not re.search("Traceback", done.stderr)
    assert files(tmp_path) == before


@pytest.mark.server
def test_what_exists_is_not_overwritten(checkout: Path) -> None:
    before = files(checkout / "engine")
    done = begin(checkout, "check", NAMES["check"])
    assert (done.returncode, "is taken" in done.stderr) == (2, True)
    test = checkout / "tests" / "policy" / "check" / "test_other.py"
    test.write_text("mine")
    done = begin(checkout, "check", "other")
    assert (done.returncode, "test_other.py exists" in done.stderr) == (2, True)
    assert test.read_text() == "mine"
    assert files(checkout / "engine") == before
