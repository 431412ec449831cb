"""What `make quick` runs of the tests that take long: as many cases as fit in a share of processor time.

``tests/times.toml`` says what a case of a test function takes, for the functions whose cases take more than
``LEAST`` together. ``--few SECONDS`` runs of each of these as many cases as fit in so many seconds, spread evenly, at
least one; and none of a function whose cases take more than twice that each. What the file does not name is run whole.
What a fixture takes is part of what a case takes; that of a fixture for several is divided among the cases that use it.
``--times`` measures all again and writes the file. The choice depends on the file alone, so that it is the same each
time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.markers import FIXTURES, TOOK

FILE = Path(__file__).parents[1] / "times.toml"
#: Functions whose cases take less than this together, in seconds of processor time, are not in the file.
LEAST = 0.2
#: What pytest itself takes for each case.
EACH_CASE = 0.003
#: How much more than its share a function may take before the end of a run reports it: the machine may be busy.
LENIENT = 10
HEAD = f"""\
# What one case of a test function takes, in seconds of processor time with the smallest hypothesis profile, where the
# cases of the function take more than {LEAST} s together. `make quick` runs of these what fits in a share
# (tests/support/few.py), `make quick ALL=1` all. `make quick TIMES=1` writes this file.
"""

#: By file, then by function (``Class::function`` in a class).
Times = Mapping[str, Mapping[str, float]]


def read(file: Path = FILE) -> Times:
    """Return what ``file`` says."""
    found: Times = tomllib.loads(file.read_text("utf-8"))
    return found


def written(took: Mapping[str, Sequence[float]]) -> str:
    """Return the file for the seconds that each case took, by node id without its parameters."""
    lines, last = [HEAD], ""
    for name in sorted(name for name, cases in took.items() if sum(cases) > LEAST):
        file, _, function = name.partition("::")
        lines += [f'\n["{file}"]\n'] if file != last else []
        lines.append(f'"{function}" = {sum(took[name]) / len(took[name]):.4f}\n')
        last = file
    return "".join(lines)


def cases(there: int, each: float, share: float) -> list[int]:
    """Return the places of the cases to run of ``there`` cases, of which each takes ``each`` seconds."""
    if each > 2 * share:
        return []
    count = min(there, max(1, int(share / each))) if each else there
    return [number * there // count for number in range(count)]


class Few:
    """Chooses among what has been collected, and reports what took much longer than its share."""

    def __init__(self, share: float, times: Times) -> None:
        self._share, self._times = share, times
        self._took: dict[str, float] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        functions: dict[str, list[pytest.Item]] = {}
        for item in items:
            functions.setdefault(function_of(item.nodeid), []).append(item)
        run: set[pytest.Item] = set()
        for name, found in functions.items():
            file, _, function = name.partition("::")
            each = self._times.get(file, {}).get(function)
            chosen = range(len(found)) if each is None else cases(len(found), each, self._share)
            run.update(found[place] for place in chosen)
        left_out = [item for item in items if item not in run]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item in run]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, seconds in seconds_of(report):
            self._took[name] = self._took.get(name, 0.0) + seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        long = {name: seconds for name, seconds in self._took.items() if seconds > LENIENT * self._share}
        if long:
            terminalreporter.section(f"more than {LENIENT * self._share:.1f} s of processor time: make quick TIMES=1")
            for name, seconds in sorted(long.items(), key=lambda each: -each[1]):
                terminalreporter.line(f"{seconds:6.1f} s  {name}")


class Taken:
    """Measures all that is run, and writes the file when all has passed."""

    def __init__(self) -> None:
        self._cases: list[tuple[str, float, Mapping[str, float]]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, seconds in seconds_of(report):
            self._cases.append((name, seconds, next(_found(report, FIXTURES), {})))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        # The workers of a run in parallel have no reports of each other.
        if exitstatus == pytest.ExitCode.OK and not hasattr(session.config, "workerinput"):
            FILE.write_text(written(divided(self._cases)), "utf-8")


def divided(cases: Iterable[tuple[str, float, Mapping[str, float]]]) -> dict[str, list[float]]:
    """Return what each case of a function took, from its name, its own seconds and those of the fixtures that it shares
    with others. A fixture that several processes made counts once for each."""
    cases = list(cases)
    made: dict[str, list[float]] = {}
    for _, _, fixtures in cases:
        for fixture, seconds in fixtures.items():
            made.setdefault(fixture, []).append(seconds)
    took: dict[str, list[float]] = {}
    for name, seconds, fixtures in cases:
        parts = (sum(set(made[fixture])) / len(made[fixture]) for fixture in fixtures)
        took.setdefault(name, []).append(seconds + sum(parts))
    return took


def function_of(nodeid: str) -> str:
    """Return a test's name without the parameters of the case."""
    return nodeid.partition("[")[0]


def seconds_of(report: pytest.TestReport) -> Iterable[tuple[str, float]]:
    """Return the function and what the case took, once for each test."""
    found = [EACH_CASE + seconds for seconds in _found(report, TOOK)]
    return [(function_of(report.nodeid), found[0])] if report.when == "call" and found else []


def _found(report: pytest.TestReport, named: str) -> Iterator[Any]:
    return (value for name, value in report.user_properties if name == named)
