"""A socket that the service manager opened: served, by one process or by several, and never closed by a restart."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.activation import Activated, as_the_unit_opens
from support.commands import GERMANY, Served, environment, run
from support.commands import PATIENCE as LONG
from support.outside import Held, until
from support.processes import children
from support.serving import ScriptedUpstream, Wire, say

pytestmark = pytest.mark.server

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})


class Load:
    """Clients that ask one question after the other, each on a connection of its own, until ``stop``."""

    def __init__(self, port: int, clients: int = 4) -> None:
        self.answered, self.failed = 0, list[str]()
        self._port, self._stop = port, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for each in self._threads:
            each.start()

    def _ask(self) -> None:
        while not self._stop.wait(0.01):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LONG)
            try:
                connection.request(
                    "POST", "/v1/chat/completions", BODY, {"content-type": "application/json", "connection": "close"}
                )
                answer = connection.getresponse()
                assert answer.status == 200, answer.status
                assert b"Hello." in answer.read()
                self.answered += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failed.append(repr(error))
            finally:
                connection.close()

    def more(self, count: int) -> None:
        """Wait until so many more were answered, or one failed."""
        goal = self.answered + count
        until(lambda: self.answered >= goal or bool(self.failed))

    def stop(self) -> None:
        self._stop.set()
        for each in self._threads:
            each.join(LONG)


async def slowly(wire: Wire) -> None:
    await asyncio.sleep(0.05)
    await say("Hello.")(wire)


@pytest.fixture
def passed() -> Iterator[socket.socket]:
    with as_the_unit_opens() as opened:
        yield opened


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_restart_under_load_loses_no_connection(
    workers: str, upstream: ScriptedUpstream, passed: socket.socket
) -> None:
    upstream.script = slowly
    words = ("--upstream", upstream.url, *GERMANY, "--workers", workers)
    served = Activated([passed], *words)
    port = passed.getsockname()[1]
    assert served.address == f"http://127.0.0.1:{port}", "what the flag --port says does not count"
    load = Load(port)
    try:
        load.more(20)
        for _ in range(2):
            _, errors = served.stop()
            assert errors.count("Traceback") == 0
            assert served.process.returncode == 0
            served = Activated([passed], *words)
            load.more(20)
    finally:
        load.stop()
        served.stop()
    assert load.failed == []


def test_who_connects_while_nothing_serves_is_answered_by_the_next(
    upstream: ScriptedUpstream, passed: socket.socket
) -> None:
    words = ("--upstream", upstream.url, *GERMANY)
    served = Activated([passed], *words)
    held = Held(upstream, served)
    served.signal(signal.SIGTERM)
    with socket.create_connection(passed.getsockname(), LONG) as waiting:
        waiting.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert "Done." in held.end(), "the answer that ran ends whole"
        assert served.process.wait(LONG) == 0
        served.process.communicate()
        following = Activated([passed], *words)
        try:
            assert waiting.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            following.stop()


def test_what_holds_for_a_loopback_address_holds_for_a_socket_that_was_passed(
    upstream: ScriptedUpstream, passed: socket.socket
) -> None:
    served = Activated([passed], "--upstream", upstream.url, *GERMANY, "--host", "0.0.0.0")
    try:
        connection = http.client.HTTPConnection("127.0.0.1", passed.getsockname()[1], timeout=LONG)
        connection.request("GET", "/health", headers={"host": "rebound.example"})
        assert connection.getresponse().status == 421
    finally:
        connection.close()
        served.stop()


def test_nothing_of_the_service_manager_reaches_the_processes_that_it_starts(
    upstream: ScriptedUpstream, passed: socket.socket
) -> None:
    served = Activated([passed], "--upstream", upstream.url, *GERMANY, "--workers", "2")
    try:
        started = children(served.process.pid)
        assert started
        # What a process was started with, as it was then: what it has unset since still stands there.
        for each in started:
            told = Path(f"/proc/{each}/environ").read_bytes()
            assert b"LISTEN_" not in told
    finally:
        served.stop()


def test_the_service_manager_is_told_when_it_serves(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(LONG)
        manager.bind(str(tmp_path / "notify"))
        served = Served("--upstream", upstream.url, *GERMANY, NOTIFY_SOCKET=str(tmp_path / "notify"))
        try:
            assert manager.recv(100) == b"READY=1"
        finally:
            served.stop()


def test_two_sockets_are_too_many_unless_one_is_named(upstream: ScriptedUpstream, passed: socket.socket) -> None:
    words = ("--upstream", upstream.url, *GERMANY)
    with socket.create_server(("127.0.0.1", 0)) as other:
        with pytest.raises(AssertionError, match=r"passed 2 sockets, and 0 of them are named 'http'"):
            Activated([other, passed], *words, names="a:b")
        served = Activated([other, passed], *words, names="metrics:http")
        served.stop()
        assert served.address.endswith(f":{passed.getsockname()[1]}")


def test_a_socket_that_does_not_listen_is_told(upstream: ScriptedUpstream) -> None:
    one, other = socket.socketpair()
    with one, other, pytest.raises(AssertionError, match=r"does not listen.*(\n.*)*Accept=no"):
        Activated([one], "--upstream", upstream.url, *GERMANY)


# a Unix socket


def ask_in_file(path: Path, **headers: str) -> int:
    connection = http.client.HTTPConnection("localhost", timeout=LONG)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(LONG)
    connection.sock.connect(str(path))
    try:
        connection.request("POST", "/v1/chat/completions", BODY, {"content-type": "application/json", **headers})
        answer = connection.getresponse()
        assert b"Hello." in answer.read() or answer.status != 200
        return answer.status
    finally:
        connection.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_unix_socket_answers_with_its_permissions_and_goes_at_the_end(
    workers: str, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = say("Hello.")
    path = tmp_path / "ordinance.sock"
    words = ("--upstream", upstream.url, *GERMANY, "--host", f"unix:{path}", "--workers", workers)
    served = Served(*words, ORDINANCE_SOCKET_MODE="0600")
    try:
        assert served.address == f"unix:{path}"
        assert "/chat" not in served.said
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ask_in_file(path) == 200
        assert ask_in_file(path, host="any.example") == 200, "no browser reaches it; the proxy decides on names"
        done = run("serve", *words)
        assert done.returncode == 1
        assert "another server listens on the socket" in done.stderr
    finally:
        served.stop()
    assert not path.exists()


def test_names_that_are_listed_count_on_a_unix_socket_too(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.script = say("Hello.")
    path = tmp_path / "ordinance.sock"
    words = ("--upstream", upstream.url, *GERMANY, "--host", f"unix:{path}")
    served = Served(*words, ORDINANCE_HOSTS='["chat.example.org"]')
    try:
        assert ask_in_file(path, host="chat.example.org") == 200
        assert ask_in_file(path, host="rebound.example") == 421
    finally:
        served.stop()


def test_a_socket_that_a_killed_server_left_is_replaced(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.script = say("Hello.")
    path = tmp_path / "ordinance.sock"
    words = ("--upstream", upstream.url, *GERMANY, "--host", f"unix:{path}")
    killed = Served(*words)
    killed.process.kill()
    killed.process.communicate()
    assert path.exists()
    served = Served(*words)
    try:
        assert ask_in_file(path) == 200
    finally:
        served.stop()


def test_an_ipv6_address_answers(upstream: ScriptedUpstream) -> None:
    for host in ("::1", "::"):
        served = Served("--upstream", upstream.url, *GERMANY, "--host", host, ORDINANCE_OPEN_WITHOUT_KEYS="true")
        try:
            connection = http.client.HTTPConnection("::1", served.port, timeout=LONG)
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
        finally:
            connection.close()
            served.stop()


def test_a_variable_for_another_process_is_not_ours(upstream: ScriptedUpstream) -> None:
    served = Served("--upstream", upstream.url, *GERMANY, LISTEN_PID="1", LISTEN_FDS="1")
    served.stop()
    assert served.port > 0
    assert "LISTEN_PID" not in environment() or os.environ["LISTEN_PID"] != str(served.process.pid)
