"""What `make quick` leaves out bears a marker, and the marker is true (tests/support/markers.py)."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from support.checkout import ROOT

pytestmark = pytest.mark.server

CONFTEST = """\
import socket
import pytest
from support import markers

markers.MOST_SECONDS = 0.2


def pytest_configure(config):
    config.addinivalue_line("markers", "server: ")
    config.addinivalue_line("markers", "slow: ")
    config.pluginmanager.register(markers.Markers())


@pytest.fixture(scope="session")
def loop_thread():
    return None


@pytest.fixture(scope="session")
def listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


@pytest.fixture
def through(listens):
    return listens
"""

TESTS = """\
import multiprocessing, os, socket, subprocess, sys, threading, time
import pytest


def test_process():
    subprocess.run([sys.executable, "-c", ""])

def test_shell():
    os.system("true")

def test_fork():
    if not os.fork():
        os._exit(0)
    os.wait()

def test_multiprocessing():
    process = multiprocessing.get_context("spawn").Process(target=time.time)
    process.start()
    process.join()

def test_listens():
    socket.create_server(("127.0.0.1", 0)).close()

def test_listens_in_a_thread():
    thread = threading.Thread(target=test_listens)
    thread.start()
    thread.join()

def test_connects():
    with socket.socket() as client:
        client.connect_ex(("127.0.0.1", 9))

def test_first_with_a_fixture(through):
    pass

def test_second_with_a_fixture(through):
    pass

@pytest.mark.server
def test_marked(through):
    subprocess.run([sys.executable, "-c", ""])

def test_marked_by_its_fixture(loop_thread):
    socket.create_server(("127.0.0.1", 0)).close()

def test_stays_here():
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()

def busy():
    begun = time.process_time()
    while time.process_time() < begun + 0.3:
        pass

def test_takes_long():
    busy()

@pytest.mark.slow
def test_takes_long_and_says_so():
    busy()
"""

HONEST = {
    "test_marked", "test_marked_by_its_fixture", "test_stays_here", "test_takes_long", "test_takes_long_and_says_so"
}  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints for ``TESTS``, in two processes."""
    folder = tmp_path_factory.mktemp("marked")
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    (folder / "test_made.py").write_text(TESTS, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "engine")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", folder],
        cwd=folder, env={**os.environ, "PYTHONPATH": path, "HYPOTHESIS_PROFILE": "glance"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return done.stdout


def test_who_reaches_out_without_the_marker_fails_and_reads_why(said: str) -> None:
    told = set(re.findall(r"^test_made\.py::(\w+) must bear @pytest\.mark\.server: it uses ", said, re.MULTILINE))
    assert told == set(re.findall(r"def (test_\w+)", TESTS)) - HONEST, said
    assert f"{len(HONEST)} passed" in said


def test_how_it_reaches_out_is_named(said: str) -> None:
    for test, way in {
        "test_process": "subprocess.Popen",
        "test_multiprocessing": "multiprocessing.Process.start",
        "test_listens_in_a_thread": "socket.bind",
        "test_connects": "socket.connect",
        "test_second_with_a_fixture": "the fixture 'listens'",
    }.items():
        assert re.search(rf"::{test} must bear .*{way}", said), said


def test_who_takes_long_without_the_marker_is_listed_and_does_not_fail(said: str) -> None:
    listed = said.partition("of processor time without @pytest.mark.slow")[2]
    assert "test_takes_long" in listed
    assert "test_takes_long_and_says_so" not in listed
