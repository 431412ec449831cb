"""What `make quick` runs of tests that take long (tests/support/few.py): some cases, the same each time."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from support import few, quick
from support.checkout import ROOT

TESTS = """\
import pytest

@pytest.mark.parametrize("case", range(10))
def test_short(case):
    pass

@pytest.mark.parametrize("case", range(10))
def test_long(case):
    pass

class TestThose:
    @pytest.mark.parametrize("case", range(10))
    def test_too_long(self, case):
        pass
"""
FIXTURES = """\
import time
import pytest

def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

@pytest.fixture
def own():
    work(0.3)

@pytest.fixture(scope="module")
def shared():
    work(0.6)

def test_each_makes_one(own):
    pass

@pytest.mark.parametrize("case", range(2))
def test_they_share_one(shared, case):
    pass

def test_short():
    pass
"""
TIMES = """\
["test_each.py"]
"test_long" = 0.05
"TestThose::test_too_long" = 0.41
"""
CONFTEST = """\
from pathlib import Path
from support.few import Few, Taken, read
from support import few
from support.markers import Markers

few.FILE = Path(__file__).parent / "times.toml"


def pytest_addoption(parser):
    parser.addoption("--few", type=float)


def pytest_configure(config):
    config.addinivalue_line("markers", "server: ")
    share = config.getoption("--few")
    config.pluginmanager.register(Markers())
    config.pluginmanager.register(Few(share, read(few.FILE)) if share else Taken())
"""


@pytest.mark.parametrize(
    ("there", "each", "share", "run"),
    [
        (10, 0.05, 0.2, [0, 2, 5, 7]),
        (3, 0.05, 0.2, [0, 1, 2]),
        (10, 0.3, 0.2, [0]),
        (10, 0.41, 0.2, []),
        (2, 0.0, 0.2, [0, 1]),
    ],
)
def test_so_many_cases_are_run_as_fit_in_the_share(there: int, each: float, share: float, run: list[int]) -> None:
    assert few.cases(there, each, share) == run


def test_what_takes_little_is_not_in_the_file(tmp_path: Path) -> None:
    took = {"tests/a.py::test_one": [0.1, 0.3], "tests/a.py::test_two": [0.01] * 9, "tests/a.py::T::test_three": [0.5]}
    (tmp_path / "times.toml").write_text(few.written(took), "utf-8")
    assert few.read(tmp_path / "times.toml") == {"tests/a.py": {"T::test_three": 0.5, "test_one": 0.2}}


def test_what_a_fixture_takes_is_divided_among_the_cases_that_use_it() -> None:
    """Two processes made it, in one second and in two."""
    cases = [
        ("a", 0.25, {"f": 1.0}),
        ("a", 0.25, {"f": 1.0}),
        ("b", 0.5, {"f": 2.0}),
        ("b", 0.5, {}),
        ("b", 0.5, {"f": 2.0}),
    ]
    assert few.divided(cases) == {"a": [1.0, 1.0], "b": [1.25, 0.5, 1.25]}


def test_the_file_names_tests_that_there_are() -> None:
    """What is renamed is measured again, or its line changes with it."""
    gone = []
    for file, functions in few.read().items():
        path = ROOT / file
        there = set(defined(ast.parse(path.read_text("utf-8")))) if path.is_file() else set()
        gone += [f"{file}::{name}" for name in functions if name not in there]
    assert gone == []


def defined(tree: ast.Module) -> list[str]:
    """The functions of a module, and of its classes."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            found += [f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)]
    return found


@pytest.mark.server
@pytest.mark.parametrize("parallel", ["0", "2"])
def test_a_run_leaves_out_what_does_not_fit(tmp_path: Path, parallel: str) -> None:
    passed = run(tmp_path, "--few", "0.2", "-n", parallel)
    assert [name for name in passed if "test_short" in name] == [f"test_each.py::test_short[{n}]" for n in range(10)]
    assert [name for name in passed if "long" in name] == [f"test_each.py::test_long[{n}]" for n in (0, 2, 5, 7)]


@pytest.mark.server
def test_without_a_share_all_is_run_and_measured(tmp_path: Path) -> None:
    assert len(run(tmp_path)) == 30
    assert few.read(tmp_path / "times.toml") == {}


@pytest.mark.server
@pytest.mark.parametrize("parallel", ["0", "2"])
def test_what_fixtures_take_is_measured(tmp_path: Path, parallel: str) -> None:
    run(tmp_path, "-n", parallel, tests=FIXTURES)
    (times,) = few.read(tmp_path / "times.toml").values()
    assert times.keys() == {"test_each_makes_one", "test_they_share_one"}
    assert times["test_each_makes_one"] >= 0.25
    assert times["test_they_share_one"] >= 0.25


def run(folder: Path, *flags: str, tests: str = TESTS) -> list[str]:
    """Run the tests above in a folder of their own; the names of those that passed."""
    for name, text in {
        "test_each.py": tests,
        "times.toml": TIMES,
        "conftest.py": CONFTEST,
        "pytest.ini": "[pytest]",
    }.items():
        (folder / name).write_text(text, "utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rp", "-p", "no:cacheprovider", *flags],
        cwd=folder, env={"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'engine'}", "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return sorted(line.removeprefix("PASSED ") for line in ran.stdout.splitlines() if line.startswith("PASSED "))


@pytest.mark.parametrize("words", [["nowhere"], ["cli", "--times"]])
def test_what_cannot_be_run_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert quick.main(words) == 2
    assert capsys.readouterr().err.startswith("ordinance: ")
