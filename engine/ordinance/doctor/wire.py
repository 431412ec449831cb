"""One server as a client meets it. No proxy variable, no redirect and no cookie is followed."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ordinance.errors import UsageError

#: Headers by which Ordinance's answers are known.
POLICY = "x-ordinance-policy"
#: More of an answer is not read, in bytes.
_MOST_BYTES = 4 * 1024 * 1024
_CONNECT_SECONDS = 5.0


class NoReplyError(Exception):
    """The server cannot be reached, is silent, or speaks no HTTP. ``help`` says what to do."""

    def __init__(self, what: str, help: str = "Check the URL, and that the server is running.") -> None:
        super().__init__(what)
        self.help = help


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``headers`` have lower-case names, in the order in which they came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)

    @property
    def values(self) -> list[Any]:
        """The JSON values of the answer: one, or one for each event of a stream."""
        if (self.header("content-type") or "").startswith("text/event-stream"):
            lines = (
                line.removeprefix(b"data:").strip() for line in self.body.splitlines() if line.startswith(b"data:")
            )
            return [value for value in map(_decoded, lines) if value is not None]
        value = _decoded(self.body)
        return [] if value is None else [value]

    @property
    def code(self) -> str:
        """The ``code`` of an error of Ordinance's own, in whichever shape the API has errors; else empty."""
        for value in self.values:
            if isinstance(value, dict) and isinstance(value.get("error"), dict):
                return str(value["error"].get("code") or "")
        return ""


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is, and how long it may take for one answer, in seconds."""

    secure: bool
    host: str
    port: int
    base: str
    key: str | None
    seconds: float

    @property
    def is_here(self) -> bool:
        """Whether its address is of the loopback interface."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask once. ``path`` is sent as it stands; ``body`` as JSON. ``key`` is sent instead of the server's own; None
        sends none. Raises ``NoReplyError``."""
        data = None if body is None else json.dumps(body).encode()
        token = self.key if key == "" else key
        sent = {"user-agent": "ordinance-doctor", "connection": "close", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        if data is not None:
            sent |= {"content-type": "application/json", "content-length": str(len(data))}
        elif method in ("POST", "PUT", "PATCH"):
            sent["content-length"] = "0"
        deadline = time.monotonic() + self.seconds
        connection = self._connection()
        try:
            connection.connect()
            with _hung_up(connection.sock, deadline - time.monotonic()):
                reply = _exchange(connection, method, self.base + path, data, sent)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
                raise NoReplyError("it did not answer in time") from None
            raise _no_reply(error) from None
        finally:
            connection.close()
        if time.monotonic() >= deadline:
            raise NoReplyError("it did not finish its answer in time")
        return reply

    def _connection(self) -> http.client.HTTPConnection:
        timeout = self.seconds
        if self.secure:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=timeout, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def reach(self) -> None:
        """Raise ``NoReplyError`` unless a connection can be made."""
        try:
            socket.create_connection((self.host, self.port), _CONNECT_SECONDS).close()
        except OSError as error:
            raise _no_reply(error) from None


def _exchange(
    connection: http.client.HTTPConnection, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
) -> Reply:
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(data)
    response = connection.getresponse()
    received = bytearray()
    while response.status != 101 and len(received) < _MOST_BYTES:
        piece = response.read1(65536)
        if not piece:
            break
        received += piece
    named = tuple((name.lower(), value) for name, value in response.getheaders())
    return Reply(response.status, named, bytes(received))


@contextmanager
def _hung_up(connected: socket.socket, seconds: float) -> Iterator[None]:
    """Hang up after so long, whatever the server does: a timeout of the socket begins anew with every byte."""

    def hang_up() -> None:
        with suppress(OSError):  # not TLS's own, which would wait for the other side
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    watch = threading.Timer(seconds, hang_up)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def server_at(url: str, key: str | None, seconds: float) -> Server:
    """Return the server at ``url``; a trailing ``/v1`` is optional. Raises ``UsageError``."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise UsageError(f"'{url}' is not a URL.", help="Write it like http://127.0.0.1:8000.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"'{url}' is not a URL.", help="Write it like http://127.0.0.1:8000.")
    if parts.username or parts.password:
        raise UsageError("the URL contains a password.", help="Pass the key with --key-file.")
    base = parts.path.rstrip("/").removesuffix("/v1")
    return Server(parts.scheme == "https", parts.hostname, port, base, key, seconds)


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _no_reply(error: Exception) -> NoReplyError:
    """Say why, in few words and none of the server's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoReplyError(
            f"its certificate is not accepted here ({error.verify_message})",
            "Use the name that the certificate has. For an authority of your own, set SSL_CERT_FILE to the file with "
            "its certificates.",
        )
    if isinstance(error, ssl.SSLError):
        return NoReplyError(f"TLS fails ({error.reason or 'unknown'})")
    if isinstance(error, OSError) and error.strerror:
        return NoReplyError(error.strerror)
    return NoReplyError(f"it does not speak HTTP ({type(error).__name__})")
