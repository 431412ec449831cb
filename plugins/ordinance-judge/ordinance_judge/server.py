"""One OpenAI-style server: a question goes out as JSON, an answer of the right model comes back, in time."""

from __future__ import annotations

import json
import select
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, NoReturn
from urllib.parse import urlsplit

from ordinance.plugin import JudgeFaultError, Served, connect
from ordinance_judge.together import Together

#: The largest answer that is read, in bytes.
_LARGEST = 1024 * 1024
_PIECE = 64 * 1024
#: Connections that wait for a next question.
_KEPT = 64
#: What a server answers that is there and cannot do it now.
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


class Server:
    """The server that ``served`` names, asked with the bearer token ``key``; ``ca`` are certificates in PEM. Safe from
    several threads."""

    def __init__(self, served: Served, key: str, ca: str) -> None:
        parts = urlsplit(served.url)
        self._served = served
        self._host = parts.hostname or ""
        self._path = f"{parts.path.rstrip('/').removesuffix('/v1')}/v1/chat/completions"
        self._headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        self._context = ssl.create_default_context(cadata=ca or None) if parts.scheme == "https" else None
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        #: As ``ask``, for what several questions ask alike.
        self.together = Together(self.ask)

    def ask(self, body: Mapping[str, Any], until: float) -> dict[str, Any]:
        """Return the one choice of the answer to ``body``, a request without its model. Raises ``JudgeFaultError`` for
        anything else, at the monotonic time ``until`` at the latest."""
        data = json.dumps({"model": self._served.model, "temperature": 0, **body}).encode()
        return self._choice(self._parsed(self._sent(data, until)))

    def _sent(self, data: bytes, until: float) -> bytes:
        while True:
            connection, kept = self._taken(until)
            try:
                raw = self._exchanged(connection, data, until)
            except TimeoutError:
                connection.close()
                raise JudgeFaultError("late") from None
            except (OSError, HTTPException):
                connection.close()
                if not kept:  # the server may have closed one that it had kept for long
                    raise JudgeFaultError("unreachable") from None
            except BaseException:
                connection.close()
                raise
            else:
                self._keep(connection)
                return raw

    def _taken(self, until: float) -> tuple[HTTPConnection, bool]:
        while (kept := self._kept()) is not None:
            if _is_quiet(kept):
                return kept, True
            kept.close()
        # The engine makes one connection after the other; whoever waits for that is late, not stuck.
        if not self._connecting.acquire(timeout=max(0.0, until - time.monotonic())):
            raise JudgeFaultError("late")
        connection = HTTPConnection(self._host)
        connection.auto_open = 0
        try:
            connection.sock = connect(self._served.address)
            connection.sock.settimeout(_left(until))
            if self._context is not None:
                connection.sock = self._context.wrap_socket(connection.sock, server_hostname=self._host)
        except PermissionError:
            raise
        except TimeoutError:
            connection.close()
            raise JudgeFaultError("late") from None
        except OSError:
            connection.close()
            raise JudgeFaultError("unreachable") from None
        finally:
            self._connecting.release()
        return connection, False

    def _kept(self) -> HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _exchanged(self, connection: HTTPConnection, data: bytes, until: float) -> bytes:
        connection.sock.settimeout(_left(until))
        connection.request("POST", self._path, data, self._headers)
        response = connection.getresponse()
        raw = self._read(connection, response, until)
        if response.status != 200:
            raise JudgeFaultError("unreachable" if response.status in _BUSY else "unreadable")
        return raw

    def _read(self, connection: HTTPConnection, response: HTTPResponse, until: float) -> bytes:
        raw = bytearray()
        while piece := response.read1(_PIECE):
            raw += piece
            if len(raw) > _LARGEST:
                raise JudgeFaultError("unreadable")
            left = _left(until)
            if connection.sock is not None:
                connection.sock.settimeout(left)
        if response.length:  # half a response
            raise JudgeFaultError("unreadable")
        response.close()  # else http.client takes the connection for one that is still being read
        return bytes(raw)

    def _keep(self, connection: HTTPConnection) -> None:
        with self._lock:
            if connection.sock is not None and len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        with suppress(OSError):
            connection.close()

    def _parsed(self, raw: bytes) -> Any:
        try:
            return json.loads(raw, parse_constant=_not_finite)
        except (ValueError, RecursionError):
            raise JudgeFaultError("unreadable") from None

    def _choice(self, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict) or not isinstance(model := answer.get("model"), str):
            raise JudgeFaultError("unreadable")
        if model != self._served.model:
            raise JudgeFaultError("wrong_model")
        choices = answer.get("choices")
        if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
            raise JudgeFaultError("unreadable")
        return choices[0]


def _is_quiet(connection: HTTPConnection) -> bool:
    """Return whether nothing has come since the last answer: what would come first is no answer to the next question,
    but that the server has closed, or has said something that nobody asked for."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _not_finite(_: str) -> NoReturn:
    raise ValueError
