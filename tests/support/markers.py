"""The markers ``server`` and ``slow`` are true: `make quick` leaves out what bears them, and nothing else.

``server``: the test, or a fixture that it uses, starts a process, listens or connects. The interpreter's audit events
tell; a test that does so without the marker fails. A test that uses ``loop_thread`` gets the marker by itself: whatever
serves in this process does so there.

``slow``: the test takes more than ``MOST_SECONDS`` of processor time in the smallest profile. Time is no reason to fail
on a busy machine, so such a test is only reported, at the end of a run with that profile.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

#: The audit events of whoever reaches out of this process. A connection counts only where a test makes it itself: the
#: servers of the session live on in other threads while the next test runs.
REACHES = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "socket.bind", "subprocess.Popen"
}  # fmt: skip
CONNECTS = "socket.connect"
#: Fixtures whose users bear ``server`` by themselves.
SERVING = {"loop_thread"}
#: How much processor time a test may take in the profile ``glance`` without ``slow``, in seconds.
MOST_SECONDS = 2.0
#: The names under which a report carries the seconds that its test took, and those that each fixture took that is made
#: once for several tests, by the fixture's name.
TOOK, FIXTURES = "processor_seconds", "processor_seconds_of_fixtures"

_Nothing = Generator[None, None, None]


class Markers:
    """Watches each test; made once for a process, because an audit hook stays."""

    def __init__(self) -> None:
        self._reached: list[str] = []
        self._reached_here = 0
        self._fixtures: set[tuple[str, str]] = set()
        self._made: dict[str, float] = {}
        self._made_now = self._own = 0.0
        self._slow: dict[str, float] = {}
        sys.addaudithook(self._hear)
        # multiprocessing forks without an event.
        start = BaseProcess.start

        def started(process: BaseProcess) -> None:
            self._reached.append("multiprocessing.Process.start")
            start(process)

        BaseProcess.start = started  # type: ignore[method-assign, assignment]

    def _hear(self, event: str, _: Any) -> None:
        here = threading.current_thread() is threading.main_thread()
        if event in REACHES or (event == CONNECTS and here):
            self._reached.append(event)
            self._reached_here += here

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if SERVING & set(getattr(item, "fixturenames", ())):
                item.add_marker("server")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Remember a fixture that reaches out itself: it may live longer than the test for which it is made. What other
        threads do meanwhile, which an earlier test left, is not the fixture's."""
        before, start = self._reached_here, _processor_seconds()
        made = yield
        if self._reached_here > before:
            self._fixtures.add((fixturedef.baseid, fixturedef.argname))
        if fixturedef.scope != "function":
            self._made[_name(fixturedef)] = seconds = _processor_seconds() - start
            self._made_now += seconds
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> _Nothing:
        self._reached.clear()
        self._made_now, start = 0.0, _processor_seconds()
        yield
        self._own = max(0.0, _processor_seconds() - start - self._made_now)
        shared = {_name(each) for each in self._used(item)} & self._made.keys()
        item.user_properties.append((FIXTURES, {name: self._made[name] for name in sorted(shared)}))
        self._hold(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> _Nothing:
        before = _processor_seconds()
        try:
            yield
        finally:
            item.user_properties.append((TOOK, self._own + _processor_seconds() - before))
        self._hold(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> _Nothing:
        yield
        self._hold(item)

    def _hold(self, item: pytest.Item) -> None:
        """Fail ``item`` if it has reached out and does not bear the marker."""
        through = sorted({each.argname for each in self._used(item) if self._serves(each)})
        if (self._reached or through) and item.get_closest_marker("server") is None:
            what = [*(f"the fixture {name!r}" for name in through), *sorted(set(self._reached))]
            pytest.fail(f"{item.nodeid} must bear @pytest.mark.server: it uses {', '.join(what)}", pytrace=False)

    def _used(self, item: pytest.Item) -> list[pytest.FixtureDef[Any]]:
        found = getattr(item, "_fixtureinfo", None)
        return [] if found is None else [each for all_ in found.name2fixturedefs.values() for each in all_]

    def _serves(self, fixture: pytest.FixtureDef[Any]) -> bool:
        return (fixture.baseid, fixture.argname) in self._fixtures

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and "slow" not in report.keywords:
            for name, value in report.user_properties:
                if name == TOOK and float(str(value)) > MOST_SECONDS:
                    self._slow[report.nodeid] = float(str(value))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._slow or os.environ.get("HYPOTHESIS_PROFILE") != "glance":
            return
        terminalreporter.section(f"more than {MOST_SECONDS:.0f} s of processor time without @pytest.mark.slow")
        for nodeid, seconds in sorted(self._slow.items(), key=lambda each: -each[1]):
            terminalreporter.line(f"{seconds:6.1f} s  {nodeid}")


def _name(fixture: pytest.FixtureDef[Any]) -> str:
    return f"{fixture.baseid}::{fixture.argname}"


def _processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])
