"""The address of the metrics: what it answers, and that nobody can make it say or log anything else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx2
import pytest

from ordinance.errors import ServeError
from ordinance.serve.http.listener import Listener
from ordinance.serve.metrics.address import Shown, listen_for_metrics
from ordinance.serve.metrics.tally import Numbers
from ordinance.settings.reporting import MetricsSettings
from support.waiting import until

pytestmark = pytest.mark.server

NUMBERS: Numbers = {("ordinance_streams", ""): 2.0}


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = listen_for_metrics(MetricsSettings(port=0))
    assert made is not None
    yield made
    made.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    listener = listen_for_metrics(MetricsSettings(port=0))
    assert listener is not None
    with closing(Shown(listener, lambda: NUMBERS)):
        yield listener.address


def get(url: str, **headers: str) -> httpx2.Response:
    return httpx2.get(url, headers=headers, trust_env=False, timeout=10)


def test_it_answers_with_the_numbers_as_prometheus_reads_them(address: str) -> None:
    answer = get(f"{address}/metrics?any=thing")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.splitlines()[-1] == "ordinance_streams 2"


def test_there_is_nothing_else(address: str) -> None:
    assert get(f"{address}/").status_code == 404
    assert get(f"{address}/v1/models").status_code == 404
    assert httpx2.post(f"{address}/metrics", trust_env=False, timeout=10).status_code == 501


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:80", "[", ""])
def test_a_page_of_another_name_reads_nothing(address: str, host: str) -> None:
    answer = get(f"{address}/metrics", host=host)
    assert answer.status_code in (400, 421)
    assert "ordinance_streams" not in answer.text


def test_nothing_of_a_request_is_repeated_or_logged(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    host, port = address.removeprefix("http://").split(":")
    for sent in (
        b"canary\r\n\r\n", b"GET /canary HTTP/1.1\r\n\r\n", b"canary /metrics HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nhost: canary\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"\0canary" * 20_000,
    ):  # fmt: skip
        said = b""
        with socket.create_connection((host, int(port)), 10) as asking, suppress(OSError):
            asking.sendall(sent)
            asking.shutdown(socket.SHUT_WR)
            while piece := asking.recv(65536):
                said += piece
        assert b"canary" not in said
        assert b"ordinance_streams" not in said
    assert capfd.readouterr() == ("", "")


def test_those_who_say_nothing_keep_nobody_out(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    silent = [socket.create_connection((host, int(port)), 10) for _ in range(12)]
    try:
        assert get(f"{address}/metrics").status_code == 200
        more = [socket.create_connection((host, int(port)), 10) for _ in range(12)]
        for each in (*silent, *more):
            each.close()
        until(lambda: get_status(address) == 200)
    finally:
        for each in silent:
            each.close()


def get_status(address: str) -> int:
    try:
        return get(f"{address}/metrics").status_code
    except httpx2.HTTPError:
        return 0


def test_a_port_that_is_taken_is_told_as_a_setting(listener: Listener) -> None:
    with pytest.raises(ServeError, match="is in use") as told:
        listen_for_metrics(MetricsSettings(port=listener.port))
    assert told.value.message.startswith("`metrics`: port")
    assert "`metrics.port`" in told.value.help


def test_each_api_process_of_a_vllm_takes_the_next_port(listener: Listener) -> None:
    second = listen_for_metrics(MetricsSettings(port=listener.port), 3)
    assert second is not None
    try:
        assert listener.port < second.port <= listener.port + 2
    finally:
        second.close()


def test_once_closed_nothing_listens_and_no_thread_waits() -> None:
    before = set(threading.enumerate())
    listener = listen_for_metrics(MetricsSettings(port=0))
    assert listener is not None
    address = (listener.host, listener.port)
    shown = Shown(listener, lambda: NUMBERS)
    assert get(f"{listener.address}/metrics").status_code == 200
    (waiting,) = (each for each in set(threading.enumerate()) - before if each.name == "ordinance-metrics-http")
    for _ in "twice":
        shown.close()
        assert not waiting.is_alive()
        assert listener.socket.fileno() == -1
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 10)


def test_an_answer_that_has_begun_ends_after_the_address_is_closed() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> Numbers:
        begun.set()
        assert go_on.wait(60)
        return NUMBERS

    listener = listen_for_metrics(MetricsSettings(port=0))
    assert listener is not None
    with socket.create_connection((listener.host, listener.port), 60) as asking:
        shown = Shown(listener, slowly)
        asking.sendall(b"GET /metrics HTTP/1.0\r\nhost: localhost\r\n\r\n")
        assert begun.wait(60)
        shown.close()
        go_on.set()
        said = b"".join(iter(lambda: asking.recv(65536), b""))
    assert said.endswith(b"ordinance_streams 2\n")


def test_without_a_port_there_is_none() -> None:
    assert listen_for_metrics(MetricsSettings()) is None
    Shown(None, lambda: NUMBERS).close()
