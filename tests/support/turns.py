"""`make quick` on several cores: each process takes the next file that no other has taken, and runs its tests.

pytest-xdist collects every test in every process, starts one more process that reads all reports, and sends each report
there. For thousands of short tests that is a sixth of the run. Here a file is collected by the process that runs it.

Files whose tests all bear ``slow`` or ``server`` are left out: this is for runs that choose neither.

``--turns FOLDER`` names the empty folder where the processes mark what they take. ``--begin SHARE`` says where in the
list of files this one begins, so that each works in rooms of its own, whose fixtures are made once, until it meets what
another has taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: A mark of all tests in a file: the file is not even imported, which takes as long as its tests would.
_LEFT_OUT = re.compile(r"^pytestmark = (?:\[[^\]]*)?pytest\.mark\.(?:server|slow)\b", re.MULTILINE)


class Turns:
    """Collects folders and the names of files at first, and the tests of a file when it is this process's turn."""

    def __init__(self, taken: Path, begin: float) -> None:
        self._taken, self._begin = taken, begin
        self._files: list[_Unread] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Collector:
        """Let pytest find the file and read nothing of it. It passes others on its way to the folder named."""
        file: _Unread = _Unread.from_parent(parent, path=module_path, found=self._files)
        return file

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("a folder could not be collected")
        tests = self._tests(session)
        test = next(tests, None)
        while test is not None:
            following = next(tests, None)
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            test = following
        return True

    def _tests(self, session: pytest.Session) -> Iterator[pytest.Item]:
        """The tests of each file that no other process has taken, chosen as in any run."""
        start = int(len(self._files) * self._begin)
        for number in (*range(start, len(self._files)), *range(start)):
            if self._take(number):
                items = list(session.genitems(self._files[number].read()))
                session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=items)
                session.testscollected += len(items)
                yield from items

    def _take(self, number: int) -> bool:
        """Mark file ``number`` as taken; false if it was."""
        try:
            (self._taken / str(number)).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


class _Unread(pytest.File):
    """A file of tests that has not been imported; ``found`` gets it where it is among those that were asked for."""

    def __init__(self, *, found: list[_Unread], **more: Any) -> None:
        super().__init__(**more)
        self._found = found

    def collect(self) -> Iterable[pytest.Item]:
        if not _LEFT_OUT.search(self.path.read_text("utf-8")):
            self._found.append(self)
        return ()

    def read(self) -> pytest.Module:
        module: pytest.Module = pytest.Module.from_parent(self.parent, path=self.path)
        return module
