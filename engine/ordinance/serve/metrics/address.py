"""The address at which Prometheus asks for ``/metrics``: apart from the one for requests, and without a key."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from ordinance.errors import ServeError
from ordinance.serve.http.listener import Listener, listen
from ordinance.serve.http.stderr import log_defect, tell
from ordinance.serve.metrics.exposition import CONTENT_TYPE, exposition
from ordinance.serve.metrics.tally import Numbers
from ordinance.settings.model import is_loopback
from ordinance.settings.reporting import MetricsSettings

PATH = "/metrics"
#: How long a connection may take for its request and for the answer, in seconds.
_PATIENCE_SECONDS = 5.0
#: Connections that are served at once. Whoever scrapes needs one.
_MOST_AT_ONCE = 16


def listen_for_metrics(settings: MetricsSettings, ports: int = 1) -> Listener | None:
    """Open the address that ``settings`` name, the first of so many ``ports`` that is free; None if they name none.
    Raises ``ServeError``."""
    if settings.port is None:
        return None
    for port in range(settings.port, settings.port + max(1, ports)):
        try:
            listener = listen(settings.host, port)
            listener.open()
            return listener
        except ServeError as error:
            last = error
    raise ServeError(
        f"`metrics`: {last.message}",
        help="Set `metrics.port` to a free port, and `metrics.host` to an address of this machine.",
    )


class Shown:
    """Answers ``GET /metrics`` on ``listener`` with what ``numbers`` returns, until ``close``; nothing without a
    listener. It has threads of its own, so that a server that is busy still shows that it is."""

    def __init__(self, listener: Listener | None, numbers: Callable[[], Numbers]) -> None:
        self._server = None if listener is None else _Server(listener, numbers)
        if listener is not None and self._server is not None:
            self._thread = threading.Thread(
                target=self._server.serve_forever, name="ordinance-metrics-http", daemon=True
            )
            self._thread.start()
            tell(f"metrics are at {listener.address}{PATH}", "info")

    def close(self) -> None:
        """Close the address, and end the thread that waits there. An answer that has begun still ends."""
        if self._server is not None:
            with suppress(OSError):  # where the system can, this wakes the thread at once
                self._server.socket.shutdown(socket.SHUT_RDWR)
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: Listener, numbers: Callable[[], Numbers]) -> None:
        super().__init__((listener.host, listener.port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener.socket
        self.numbers = numbers
        #: On loopback a page in a browser can have a name of its own resolve to this machine.
        self.local = is_loopback(listener.host)
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return self._places.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that was broken off: what was sent on it is anybody's."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE_SECONDS
    server_version, sys_version = "ordinance", ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != PATH:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"Metrics are at /metrics.\n")
        elif self.server.local and not _is_local(self.headers.get("host", "")):
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"Ask for a loopback name or address.\n")
        else:
            try:
                said = exposition(self.server.numbers()).encode()
            except Exception as error:  # a scrape that fails is seen by Prometheus, and its cause by the operator
                log_defect(error)
                self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"A defect; the log says where.\n")
            else:
                self._answer(HTTPStatus.OK, CONTENT_TYPE, said)

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        with suppress(OSError):
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("cache-control", "no-store")
            self.end_headers()
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is none, without repeating it."""
        self._answer(HTTPStatus(code), "text/plain", b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log: a request's line may hold anything."""


def _is_local(asked: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{asked}").hostname or "")
    except ValueError:
        return False
