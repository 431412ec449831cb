"""A client that does not finish the head of its request is not waited for for ever."""

from __future__ import annotations

import logging
import socket
import time

import httpx2
import pytest

from ordinance.serve.http import seldom
from support.serving import PATIENCE, OpenGateway

pytestmark = pytest.mark.server

WHOLE = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.mark.parametrize("first", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nhost: loc"])
@pytest.mark.parametrize("served", [False, True], ids=["new", "kept"])
def test_an_unfinished_head_ends_the_connection(open_gateway: OpenGateway, first: bytes, served: bool) -> None:
    gateway = open_gateway(limits={"idle_seconds": 0.3})
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        if served:
            client.sendall(WHOLE)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(first)
        began = time.monotonic()
        while client.recv(65536):
            pass
        assert time.monotonic() - began < PATIENCE


def test_a_head_that_trickles_in_does_not_move_the_limit(open_gateway: OpenGateway) -> None:
    gateway = open_gateway(limits={"idle_seconds": 0.3})
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        client.sendall(b"GET /health HTTP/1.1\r\n")
        cut = False
        for number in range(100):
            try:
                client.sendall(b"x-%d: y\r\n" % number)
            except OSError:
                cut = True
                break
            time.sleep(0.05)
        assert cut


def test_requests_that_are_served_are_not_cut(open_gateway: OpenGateway) -> None:
    gateway = open_gateway(limits={"idle_seconds": 0.2})
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        for _ in range(6):
            client.sendall(WHOLE)
            received = b""
            while not received.endswith(b"}"):
                piece = client.recv(65536)
                assert piece, "the connection is gone"
                received += piece
            time.sleep(0.1)


def test_what_is_no_http_fills_no_log(open_gateway: OpenGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seldom, "_EVERY", 2.0)
    monkeypatch.setattr(seldom.SELDOM, "_next", {})
    monkeypatch.setattr(seldom.SELDOM, "_left_out", {})
    written: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("uvicorn.error")
    gateway = open_gateway()

    def garbage() -> None:
        with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
            client.sendall(b"no http at all\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 400")

    logger.addHandler(handler)
    try:
        began = time.monotonic()
        while not any("times before" in line for line in written):
            garbage()
            assert time.monotonic() < began + PATIENCE * 3
    finally:
        logger.removeHandler(handler)
    assert len(written) == 2
    assert "Invalid HTTP request received." in written[0]


def test_whoever_asks_for_another_protocol_gets_no_advice_into_the_log(
    open_gateway: OpenGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seldom.SELDOM, "_next", {})
    written: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("uvicorn.error")
    gateway = open_gateway()
    logger.addHandler(handler)
    try:
        headers = {"connection": "upgrade", "upgrade": "websocket"}
        assert httpx2.get(f"{gateway.address}/v1/realtime", headers=headers, trust_env=False).status_code == 404
    finally:
        logger.removeHandler(handler)
    assert written == ["Unsupported upgrade request."], "and not to install what opens one"
