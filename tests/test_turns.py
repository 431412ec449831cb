"""Several processes of pytest share the files of a run (tests/support/turns.py)."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from support import quick
from support.checkout import ROOT

pytestmark = pytest.mark.server

CONFTEST = """\
from pathlib import Path
import pytest
from support.turns import Turns

def pytest_addoption(parser):
    parser.addoption("--turns", type=Path)
    parser.addoption("--begin", type=float)

def pytest_configure(config):
    config.pluginmanager.register(Turns(config.getoption("--turns"), config.getoption("--begin")))

@pytest.fixture(scope="session")
def shared():
    return "made above"
"""
INNER = """\
import pytest

@pytest.fixture
def near(shared):
    return shared + " and near"
"""
TESTS = """\
import pytest

@pytest.mark.parametrize("case", range(3))
def test_cases(case, near):
    assert near == "made above and near"

def test_chosen_by_a_mark():
    pass

@pytest.mark.slow
def test_left_out():
    raise AssertionError
"""
#: Importing it fails.
SLOW = "import pytest\npytestmark = pytest.mark.slow\nraise AssertionError\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n", "utf-8")
    (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
    for room in "abc":
        (tmp_path / room).mkdir()
        (tmp_path / room / "conftest.py").write_text(INNER, "utf-8")
        for number in range(4):
            (tmp_path / room / f"test_{room}{number}.py").write_text(TESTS, "utf-8")
        (tmp_path / room / f"test_{room}_slow.py").write_text(SLOW, "utf-8")
    (tmp_path / "taken").mkdir()
    return tmp_path


def start(folder: Path, begin: float, *rooms: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable, "-m", "pytest", "-q", "-rp", "-p", "no:cacheprovider", "-m", "not slow",
            "--turns", str(folder / "taken"), "--begin", str(begin), *rooms,
        ],
        cwd=folder, env={"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'engine'}", "PATH": ""},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def passed(said: str) -> list[str]:
    return [line.removeprefix("PASSED ") for line in said.splitlines() if line.startswith("PASSED ")]


def test_each_test_is_run_by_one_process(folder: Path) -> None:
    processes = [start(folder, begin) for begin in (0, 1 / 3, 2 / 3)]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes if process.returncode not in (0, 5)] == [], said
    expected = [
        f"{room}/test_{room}{number}.py::{test}"
        for room in "abc"
        for number in range(4)
        for test in (*(f"test_cases[{case}]" for case in range(3)), "test_chosen_by_a_mark")
    ]
    assert Counter(name for each in said for name in passed(each)) == Counter(expected)


def test_a_process_begins_where_it_is_told_and_goes_on_to_what_is_left(folder: Path) -> None:
    (folder / "taken" / "11").touch()
    process = start(folder, 2 / 3)
    files = list(dict.fromkeys(name.partition("::")[0] for name in passed(process.communicate()[0])))
    numbers = [8, 9, 10, *range(8)]
    assert files == [f"{'abc'[number // 4]}/test_{'abc'[number // 4]}{number % 4}.py" for number in numbers]


def test_of_a_room_only_its_files_are_run(folder: Path) -> None:
    (folder / "test_above.py").write_text(TESTS, "utf-8")
    (folder / "b" / "inner").mkdir()
    (folder / "b" / "inner" / "test_inner.py").write_text(TESTS, "utf-8")
    said, _ = start(folder, 0.0, "b/inner").communicate()
    assert {name.partition("::")[0] for name in passed(said)} == {"b/inner/test_inner.py"}


def test_nothing_is_left_for_the_last(folder: Path) -> None:
    for number in range(12):
        (folder / "taken" / str(number)).touch()
    process = start(folder, 0.5)
    process.communicate()
    assert process.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize("broken", ["b/test_b1.py", "b/conftest.py"])
def test_what_cannot_be_imported_fails_the_run(folder: Path, broken: str) -> None:
    (folder / broken).write_text("import nothing_of_the_kind\n", "utf-8")
    process = start(folder, 0.0)
    said, _ = process.communicate()
    assert process.returncode in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED), said
    assert "nothing_of_the_kind" in said


def test_a_test_that_fails_fails_the_run(folder: Path) -> None:
    (folder / "c" / "test_c3.py").write_text("def test_no():\n    assert False\n", "utf-8")
    process = start(folder, 0.0)
    process.communicate()
    assert process.returncode == pytest.ExitCode.TESTS_FAILED


#: Stands for pytest: says where it begins, and ends as it is told to.
FAKE = """\
import sys
begin = sys.argv[sys.argv.index("--begin") + 1]
print("began at", begin)
sys.exit(int(dict(each.split("=") for each in sys.argv[1].split(","))[begin]))
"""


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ("0.0=0,0.5=0", 0),
        ("0.0=0,0.5=1", 1),
        ("0.0=2,0.5=1", 2),
        ("0.0=0,0.5=5", 0),
        ("0.0=5,0.5=1", 1),
        ("0.0=5,0.5=5", quick.NOTHING_RUN),
    ],
)
def test_a_run_fails_where_one_of_its_processes_does(
    ends: str, code: int, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "fake.py").write_text(FAKE, "utf-8")
    monkeypatch.setattr(quick, "_cores", lambda: 2)
    assert quick.run(folder, (), sys.executable, folder / "fake.py", ends) == code
    assert sorted(capfd.readouterr().out.splitlines()) == ["began at 0.0", "began at 0.5"]


def test_there_are_no_more_processes_than_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "fake.py").write_text(FAKE, "utf-8")
    (folder / "one").mkdir()
    (folder / "one" / "test_one.py").touch()
    monkeypatch.setattr(quick, "_cores", lambda: 9)
    assert quick.run(folder / "one", (), sys.executable, folder / "fake.py", "0.0=0") == 0
    assert capfd.readouterr().out == "began at 0.0\n"
