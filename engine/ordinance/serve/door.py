"""The door for chat completions: a request in, a session opened, the upstream asked, a governed answer out."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from ordinance.runtime.session import Session
from ordinance.serve import locale, sse
from ordinance.serve.aside import LARGE, aside
from ordinance.serve.exchange import ClientGone, Exchange
from ordinance.serve.keys import Client
from ordinance.serve.protocol.chat import ChatRequest, Head, govern_whole, read_request, refused_whole, refuses_prompt
from ordinance.serve.protocol.chat_stream import ChatStream, Chunk, refused_stream
from ordinance.serve.protocol.problems import Problem, internal, malformed, truncated
from ordinance.serve.service import Service, policy_header
from ordinance.serve.upstream import Reply

#: What the audit log says where the client went before the end, as proxies write it.
_CLIENT_GONE = 499


class ChatDoor:
    """``POST /v1/chat/completions`` as an ASGI application."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _Visit(self._service, Exchange(scope, receive, send)).serve()


class _Visit:
    """One request, from its first byte to its line in the audit log."""

    def __init__(self, service: Service, exchange: Exchange) -> None:
        self._service = service
        self._exchange = exchange
        self._id = uuid.uuid4().hex
        self._client = Client()
        self._session: Session | None = None
        self._problem: Problem | None = None
        exchange.common["x-request-id"] = self._id

    async def serve(self) -> None:
        status = _CLIENT_GONE
        try:
            await self._serve()
            status = self._exchange.status or 500
        except ClientGone:
            pass
        finally:
            self._record(status)

    async def _serve(self) -> None:
        try:
            self._client = self._service.keyring.admit(self._exchange.headers.get("authorization"))
            raw = await self._exchange.body(self._service.settings.limits.body_bytes)
            await self._exchange.unless_gone(self._answer(raw))
        except Problem as problem:
            await self._fail(problem)
        except (ClientGone, asyncio.CancelledError):
            raise
        except Exception as error:
            _log_defect(error)
            await self._fail(internal())

    async def _fail(self, problem: Problem) -> None:
        """Answer with a problem; where a stream had begun, as its last event."""
        self._problem = problem
        if self._exchange.status is None:
            await self._exchange.problem(problem)
        else:
            await self._exchange.write(sse.encode(problem.body()), last=True)

    async def _answer(self, raw: bytes) -> None:
        request = await aside(len(raw), False, read_request, raw)
        session = self._session = self._open(request)
        self._exchange.common["x-ordinance-policy"] = policy_header(session)
        head = Head(f"chatcmpl-{self._id}", int(time.time()), request.model)
        ours = self._client.system_messages_are_ours
        if await aside(len(raw), session.waits, refuses_prompt, request, session, system_is_ours=ours):
            await self._refuse(request, session, head)
            return
        body = msgspec.json.encode(request.body)
        async with self._service.upstream.chat(body, streaming=request.streaming) as reply:
            if request.streaming:
                await self._pass_stream(reply, ChatStream(request, session, head), session.waits)
            else:
                answer = await reply.whole(self._service.settings.limits.answer_bytes)
                governed = await aside(len(answer), session.waits, govern_whole, answer, request, session, head)
                await self._exchange.json(governed)

    def _open(self, request: ChatRequest) -> Session:
        headers = self._exchange.headers
        wanted = locale.wanted_languages(headers.get(locale.HEADER), ", ".join(headers.getlist("accept-language")))
        return self._service.open(self._client, wanted, turn=request.turn, whole=not request.streaming)

    async def _refuse(self, request: ChatRequest, session: Session, head: Head) -> None:
        if request.streaming:
            await self._start_stream()
            await self._exchange.write(_events(refused_stream(request, session, head)) + sse.DONE, last=True)
        else:
            await self._exchange.json(refused_whole(request, session, head))

    async def _start_stream(self) -> None:
        headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}
        await self._exchange.start(200, {**headers, "x-accel-buffering": "no"})

    async def _pass_stream(self, reply: Reply, stream: ChatStream, waits: bool) -> None:
        """Pass the governed chunks on as they become free, each of the upstream's pieces in one write. ``waits`` says
        that detectors are asked, which may take a while."""
        parser = sse.EventParser(self._service.settings.limits.event_bytes)
        await self._start_stream()
        ready: list[Chunk] = []
        try:
            async for piece in reply.pieces():
                size = parser.pending + len(piece)
                if waits or size >= LARGE:
                    ended = await aside(size, waits, _govern, parser, piece, stream, ready)
                else:
                    ended = _govern(parser, piece, stream, ready)
                if ended:
                    break
                if ready:
                    await self._exchange.write(_events(ready))
                    ready.clear()
            else:
                if not stream.complete:
                    raise truncated()
            ready += await aside(0, waits, stream.end)
        except Problem as problem:
            self._problem = problem
            await self._exchange.write(_events(ready + stream.fail(problem)), last=True)
        else:
            await self._exchange.write(_events(ready) + sse.DONE, last=True)

    def _record(self, status: int) -> None:
        record: dict[str, Any] = {"request": self._id, "key": self._client.name, "status": status}
        if self._problem is not None:
            record["problem"] = self._problem.code
        if self._session is not None:
            record |= self._session.record()
        self._service.audit.write(record)


def _govern(parser: sse.EventParser, piece: bytes, stream: ChatStream, ready: list[Chunk]) -> bool:
    """Put the governed chunks of one piece into ``ready``; True when the answer has ended. Raises ``Problem``."""
    try:
        for data in parser.feed(piece):
            if data.strip() == "[DONE]":
                return True
            ready += stream.event(data)
            if stream.over:
                return True
    except sse.BadEventError as error:
        raise malformed(str(error)) from None
    return False


def _events(chunks: Iterable[Chunk]) -> bytes:
    return b"".join(sse.encode(chunk) for chunk in chunks)


def _log_defect(error: Exception) -> None:
    """Say where a defect is. Never its message: it may hold what was said."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    print(  # noqa: T201 - the log of last resort
        f"ordinance: defect: {type(error).__name__} at {place.filename}:{place.lineno}", file=sys.stderr, flush=True
    )
