"""The inference server in the same process: the application that a middleware wraps.

It is asked with a scope of our making. What the client sent beside its body does not reach it, but for what it needs to
know whom it answers; its answer is pushed through the session in the task that makes it, without a queue.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope

from ordinance.protocol.problems import Problem, malformed, no_key, stopping, truncated, upstream_failed
from ordinance.protocol.routes import MODELS
from ordinance.serve.behind.contract import MOST_READ, NO_ERRAND, Answer, Errand, Want, refused
from ordinance.serve.behind.field_named import MOST_OF_ERROR
from ordinance.serve.http.correlation import TRACEPARENT
from ordinance.serve.http.exchange import ClientGone, Exchange
from ordinance.serve.http.stderr import log_defect

#: The request's headers that the application sees. A server may take its own settings from others: the id of a request,
#: the rank that is to answer it.
_PASSED = frozenset({b"host", b"user-agent", b"origin", b"accept"})
#: A key that the application accepted is not tried out again so soon, in seconds. It looks at each request's itself.
_ADMITTED_SECONDS = 60.0
_MOST_ADMITTED = 4096


class InProcess:
    """The application behind the doors; see ``ModelServer``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._admitted: dict[bytes, float] = {}
        self._ended = False

    async def admit(self, exchange: Exchange) -> None:
        """Ask for the list of models with the client's key: whoever may not have it is turned away. Any other fault is
        told when the request itself is asked."""
        key = hashlib.sha256((exchange.authorization or "").encode()).digest()
        now = time.monotonic()
        if self._admitted.get(key, 0.0) > now:
            return
        try:
            await self._read(_scope(exchange, "GET", MODELS))
        except Problem as problem:
            if problem.status == 401:
                raise
            return
        if len(self._admitted) >= _MOST_ADMITTED:
            self._admitted.clear()
        self._admitted[key] = now + _ADMITTED_SECONDS

    async def answer(
        self, exchange: Exchange, path: str, body: bytes, answer: Answer, *, streaming: bool, errand: Errand = NO_ERRAND
    ) -> None:
        kind = "text/event-stream" if streaming else "application/json"
        asking = _Asking(exchange, body, answer, kind)
        await self._ask(_scope(exchange, "POST", path, body), asking)

    async def read(
        self, exchange: Exchange, method: str, path: str, body: bytes | None = None, *, errand: Errand = NO_ERRAND
    ) -> bytes:
        return await self._read(_scope(exchange, method, path, body), body or b"")

    async def end(self) -> None:
        self._ended = True

    async def _read(self, scope: Scope, body: bytes = b"") -> bytes:
        collected = _Collected()
        await self._ask(scope, _Asking(None, body, collected, "application/json"))
        return bytes(collected.body)

    async def _ask(self, scope: Scope, asking: _Asking) -> None:
        if self._ended:
            raise stopping()
        try:
            await self._app(scope, asking.receive, asking.send)
        except Exception as error:
            # Its own words may hold what was said. What we raised ourselves, and what follows from an end, is known.
            if not asking.over:
                log_defect(error, "the server behind failed")
                raise upstream_failed() from None
        finally:
            asking.close()
        asking.settle()


class _Collected:
    """A small answer."""

    def __init__(self) -> None:
        self.body = bytearray()

    async def begin(self) -> None:
        pass

    async def take(self, piece: bytes) -> Want:
        self.body += piece
        if len(self.body) > MOST_READ:
            raise malformed("it is over the limit")
        return Want.MORE


class _Asking:
    """One request to the application, from its side an ordinary client: ``receive`` and ``send`` are ASGI's.

    When the answer is ended before the model has, the application is told that its client has gone, which is how
    servers learn to stop.
    """

    def __init__(self, exchange: Exchange | None, body: bytes, answer: Answer, kind: str) -> None:
        self._exchange = exchange
        self._body: bytes | None = body
        self._answer = answer
        self._kind = kind
        self._status: int | None = None
        self._headers = Headers()
        self._error = b""  # the body of a 400
        self._stopped: Exception | None = None
        self._complete = False
        self._gone = False
        self._end: asyncio.Future[None] | None = None
        self._listening: asyncio.Future[Message] | None = None
        self.over = False

    # what the application calls

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.over:
            await self._until_over()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.over:
            return
        kind = message["type"]
        if kind == "http.response.body":
            piece = message.get("body", b"")
            if self._status == 400 and len(self._error) + len(piece) <= MOST_OF_ERROR:
                self._error += piece
            self._complete = not message.get("more_body", False)
            if piece and self._status == 200:
                try:
                    if await self._answer.take(piece) is Want.ENDED:
                        self._stop(None)
                except Exception as error:
                    self._stop(error)
        elif kind == "http.response.start":
            await self._begin(message)

    # what comes of it

    async def _begin(self, message: Message) -> None:
        self._status = int(message["status"])
        headers = Headers(raw=[(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())])
        if self._status != 200:
            self._headers = headers
            return
        found = headers.get("content-type", "").partition(";")[0].strip()
        if found != self._kind:
            self._stop(malformed(f"it is {found or 'of no type'}, which was not asked for"))
            return
        try:
            await self._answer.begin()
        except Exception as error:
            self._stop(error)

    def _stop(self, why: Exception | None) -> None:
        """Stop the application; ``why`` is what went wrong on our side of it."""
        self._stopped = why
        self.over = True
        if self._end is not None and not self._end.done():
            self._end.set_result(None)

    async def _until_over(self) -> None:
        """Wait until the client has gone, or until no more is wanted."""
        if self._end is None:
            self._end = asyncio.get_running_loop().create_future()
        if self._exchange is not None and self._listening is None:
            self._listening = asyncio.ensure_future(self._exchange.receive())
        while not self.over:
            waiting = [each for each in (self._end, self._listening) if each is not None]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if self._listening is not None and self._listening.done():
                gone = self._listening.result()["type"] == "http.disconnect"
                self._listening = None
                if gone:
                    self._gone = self.over = True
                elif self._exchange is not None:
                    self._listening = asyncio.ensure_future(self._exchange.receive())

    def close(self) -> None:
        """Stop listening, because the application has returned."""
        if self._listening is not None:
            self._listening.cancel()

    def settle(self) -> None:
        """Raise what there is to raise."""
        if self._stopped is not None:
            raise self._stopped
        if self._status in (401, 403):
            raise no_key()
        if self._status not in (None, 200):
            raise refused(self._status, self._headers, self._error)
        if self._gone:
            raise ClientGone
        if not self.over and (self._status is None or not self._complete):
            raise truncated()


def _scope(exchange: Exchange, method: str, path: str, body: bytes | None = None) -> Scope:
    """Return what the application sees of a request: its path and its key, and nothing that it could take for a
    setting."""
    scope: dict[str, Any] = dict(exchange.scope)
    headers = [(name, value) for name, value in scope["headers"] if name.lower() in _PASSED]
    if (traced := exchange.onward.get(TRACEPARENT)) is not None:
        headers.append((TRACEPARENT.encode(), traced.encode()))
        headers += [(name, value) for name, value in scope["headers"] if name.lower() == b"tracestate"]
    if exchange.authorization is not None:
        headers.append((b"authorization", exchange.authorization.encode("latin-1", "replace")))
    if body is not None:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    # Extensions would let an application send in ways that are not looked at. Below version 2.4 of the protocol it
    # listens for the client's going while it streams, which is how it learns that no more is wanted.
    asgi = {**scope.get("asgi", {"version": "3.0"}), "spec_version": "2.3"}
    mine = {"method": method, "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b""}
    return {**scope, **mine, "headers": headers, "asgi": asgi, "extensions": {}}
