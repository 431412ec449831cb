"""One HTTP exchange as a door sees it: the body in, a response out, and word when the client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from ordinance.protocol.problems import Problem, media_type, too_large
from ordinance.serve.http.keys import credential

#: How long a client may take to send a body, or to take a piece of an answer, in seconds.
PATIENCE_SECONDS = 120.0


#: How long an answer may still say that the server stops, in seconds.
LAST_WORDS_SECONDS = 2.0


class ClientGone(Exception):  # noqa: N818 - an event more than an error
    """The client closed the connection; nobody is left to answer."""


class Exchange:
    """Wraps what an ASGI server passes. ``status`` is None until a response has begun.

    ``headers`` is the request's; ``common`` goes with every response, ``onward`` with the request to the server behind,
    if that is another one. ``scope`` and ``receive`` are for what stands
    behind in the same process, once the body was read. Without ``patience`` a client that takes nothing is the server's
    affair: inside another server that has its own rules for that, and a timer for each event costs as much as all else.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, patience: bool = True) -> None:
        self.scope = scope
        self.receive = receive
        self.headers = Headers(scope=scope)
        self.common: dict[str, str] = {}
        self.onward: dict[str, str] = {}
        self.status: int | None = None
        self._send = send
        self._patience = patience

    @property
    def authorization(self) -> str | None:
        """The request's key, as a bearer token."""
        return credential(self.headers)

    async def body(self, limit: int) -> bytes:
        """Read the request's body, which must be declared as JSON: a page of another site cannot send that without a
        preflight request. Raises ``Problem`` if it is not (415), as soon as it exceeds ``limit`` bytes (413) or takes
        too long (408), and ``ClientGone``."""
        if self._media_types() != {"application/json"}:
            raise media_type()
        announced = self.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise too_large(limit)
        body, more = bytearray(), True
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while more:
                    message = await self.receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > limit:
                        raise too_large(limit)
        except TimeoutError:
            raise Problem(408, "request_timeout", "The request's body did not arrive in time.") from None
        return bytes(body)

    def _media_types(self) -> set[str]:
        return {value.partition(";")[0].strip().lower() for value in self.headers.getlist("content-type")}

    async def unless_gone(self, work: Awaitable[None]) -> None:
        """Do ``work`` while the client listens; when it goes, cancel the work and raise ``ClientGone``.

        When the server stops, the upstream ends (``Upstream.end``) and the work is left the time to tell the client.
        """
        working = asyncio.ensure_future(work)
        watching = asyncio.ensure_future(self._gone())
        try:
            try:
                await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                await asyncio.wait({working}, timeout=LAST_WORDS_SECONDS)
                if not working.done():
                    raise
            if not working.done():
                raise ClientGone
        finally:
            for task in (working, watching):
                task.cancel()
            await asyncio.gather(working, watching, return_exceptions=True)
        working.result()

    async def _gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin the response."""
        self.status = status
        lines = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in {**self.common, **headers}.items()
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def write(self, body: bytes, *, last: bool = False) -> None:
        """Send a piece of the body. Raises ``ClientGone`` where the client does not take it."""
        message = {"type": "http.response.body", "body": body, "more_body": not last}
        try:
            if self._patience:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._send(message)
            else:
                await self._send(message)
        except (TimeoutError, OSError):
            raise ClientGone from None

    async def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole response."""
        body = msgspec.json.encode(value)
        length = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
        await self.start(status, {**length, **(headers or {})})
        await self.write(body, last=True)

    async def problem(self, problem: Problem) -> None:
        """Send the response for a request that gets no answer."""
        await self.json(problem.body(), problem.status, problem.headers)
