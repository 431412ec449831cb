"""Workers: what follows when one dies, when their parent does, and when the package is replaced under them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ordinance import __version__
from ordinance.errors import RestartDueError
from ordinance.serve.door import engine
from support import processes
from support.commands import GERMANY, Served, copy_of_engine
from support.commands import PATIENCE as LONG
from support.outside import Held, gone, ready, refused, until
from support.processes import running
from support.serving import ScriptedUpstream, say

TWO = (*GERMANY, "--workers", "2")


@pytest.fixture
def upgradable(tmp_path: Path) -> Path:
    """A copy of the engine with what ships, as it is installed somewhere."""
    return copy_of_engine(tmp_path)


def workers_of(served: Served) -> set[int]:
    return processes.workers_of(served.process.pid)


def test_a_worker_that_dies_is_told_and_another_takes_its_place(upstream: ScriptedUpstream) -> None:
    upstream.script = say("Hello.")
    served = Served("--upstream", upstream.url, *TWO)
    try:
        before = workers_of(served)
        assert len(before) == 2
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(workers_of(served) - before) == 1)
        assert ready(served)[0] == 200
    finally:
        _, errors = served.stop()
    told = [line for line in errors.splitlines() if "worker" in line]
    assert len(told) == 1
    assert f"worker {victim} (version {__version__}) ended: killed by SIGKILL; another is started" in told[0]
    assert "Traceback" not in errors


def test_workers_end_when_their_parent_is_gone_and_so_do_their_answers(upstream: ScriptedUpstream) -> None:
    served = Served("--upstream", upstream.url, *TWO)
    workers = workers_of(served)
    held = Held(upstream, served)
    try:
        served.process.kill()
        until(lambda: refused(served))
        assert "Done." in held.end(), "an answer that runs comes to its end"
        assert gone(workers)
        errors = served.process.communicate(timeout=LONG)[1].decode()
    finally:
        held.end()
        for pid in workers:
            if running(pid):
                os.kill(pid, signal.SIGKILL)
    assert all(f"worker {pid} stops, because the process that started it is gone" in errors for pid in workers)
    assert "Traceback" not in errors


def test_after_an_upgrade_nothing_of_the_new_engine_joins_the_old(upstream: ScriptedUpstream, upgradable: Path) -> None:
    upstream.script = say("Hello.")
    served = Served("--upstream", upstream.url, *TWO, PYTHONPATH=str(upgradable / "engine"))
    try:
        _, state = ready(served)
        assert state["restart_due"] is False
        pack = upgradable / "rules" / "jurisdictions" / "DE" / "DE.ord"
        pack.write_text(f"# Another.\n{pack.read_text()}")
        version = upgradable / "engine" / "ordinance" / "__init__.py"
        version.write_text(version.read_text().replace(__version__, "99.0.0"))

        served.signal(signal.SIGHUP)
        until(lambda: all(ready(served)[1]["stale"] == "restart-due" for _ in range(8)))
        until(lambda: ready(served)[1]["restart_due"])
        assert ready(served)[1]["policy"] == state["policy"], "new packs do not come into the old engine"
        assert ready(served)[0] == 200

        one, other = sorted(workers_of(served))
        os.kill(one, signal.SIGKILL)
        assert gone({one})
        assert all(ready(served)[1]["policy"] == state["policy"] for _ in range(8))
        assert workers_of(served) == {other}

        os.kill(other, signal.SIGKILL)
        assert served.process.wait(LONG) == 1, "whoever started it starts the new engine"
    finally:
        served.process.kill()
        errors = served.process.communicate()[1].decode()
    assert f"worker {one} (version {__version__}) ended: killed by SIGKILL; it is not replaced" in errors
    assert "error[restart-due]" in errors
    assert "Traceback" not in errors


def test_packs_are_no_part_of_the_engine_and_whatever_else_ships_is(
    monkeypatch: pytest.MonkeyPatch, upgradable: Path
) -> None:
    package = upgradable / "engine" / "ordinance"
    monkeypatch.setattr(engine, "__file__", str(package / "serve" / "door" / "engine.py"))
    monkeypatch.setattr(engine, "folder", lambda name: upgradable / name)
    first = engine.installed_engine()
    assert (first.version, first.replaced) == (__version__, False)
    (package / "rules").mkdir()
    (package / "rules" / "more.ord").write_text("jurisdiction X")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_text("")
    first.require()
    for path in (package / "loading" / "load.py", upgradable / "grammars" / "ordinance.lark"):
        before = path.read_text()
        path.write_text(before + "\n")
        with pytest.raises(RestartDueError, match=f"version {__version__}"):
            first.require()
        path.write_text(before)
    first.require()
    (package / "loading" / "load.py").unlink()
    assert first.replaced
