"""The door for every governed API: a request in, a session opened, the upstream asked, a governed answer out."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from ordinance.runtime.session import Session
from ordinance.serve import locale, speaking, sse
from ordinance.serve.aside import LARGE, aside
from ordinance.serve.exchange import ClientGone, Exchange
from ordinance.serve.keys import Client
from ordinance.serve.protocol.api import Api
from ordinance.serve.protocol.asked import Request
from ordinance.serve.protocol.problems import Problem, internal, malformed, truncated
from ordinance.serve.protocol.prompts import sent_on
from ordinance.serve.protocol.said import Top
from ordinance.serve.protocol.streamed import AnswerStream, refused_stream
from ordinance.serve.protocol.whole import govern_whole, refused_whole
from ordinance.serve.service import ELAPSED_HEADER, Service, marks_header, policy_header, seconds
from ordinance.serve.upstream import Reply

#: What the audit log says where the client went before the end, as proxies write it.
_CLIENT_GONE = 499


class Door:
    """The route of one API as an ASGI application."""

    def __init__(self, service: Service, api: Api) -> None:
        self._service = service
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _Visit(self._service, self._api, Exchange(scope, receive, send)).serve()


class _Visit:
    """One request, from its first byte to its line in the audit log."""

    def __init__(self, service: Service, api: Api, exchange: Exchange) -> None:
        self._service = service
        self._api = api
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
            await self._exchange.write(sse.framed(msgspec.json.encode(problem.body())), last=True)

    async def _answer(self, raw: bytes) -> None:
        request = await aside(len(raw), False, self._api.read_request, raw)
        session = self._session = self._open(request)
        self._exchange.common["x-ordinance-policy"] = policy_header(session)
        if session.marks:
            self._exchange.common["x-ordinance-marks"] = marks_header(session)
        top = Top(f"{self._api.prefix}{self._id}", int(time.time()), request.model)
        ours = self._client.system_messages_are_ours
        body = await aside(len(raw), session.waits, sent_on, self._api, request, session, system_is_ours=ours)
        if body is not None:
            request, body = await self._service.adapting.adapt(self._api, request, body, session)
        if body is None:
            await self._refuse(request, session, top)
            return
        async with self._service.upstream.ask(self._api.path, body, streaming=request.streaming) as reply:
            if request.streaming:
                await self._pass_stream(reply, AnswerStream(self._api, request, session, top), session.waits)
            else:
                answer = await reply.whole(self._service.settings.limits.answer_bytes)
                governing = partial(govern_whole, self._api, answer, request, session, top)
                governed = await aside(len(answer), session.waits, governing)
                await self._exchange.json(governed, headers=_notices_header(request, session))

    def _open(self, request: Request) -> Session:
        headers = self._exchange.headers
        wanted = locale.wanted_languages(headers.get(locale.HEADER), ", ".join(headers.getlist("accept-language")))
        elapsed = seconds(headers.get(ELAPSED_HEADER))
        asked = speaking.asked_slots(headers.get(speaking.HEADER))
        return self._service.open(
            self._client, wanted, turn=request.turn, elapsed=elapsed, whole=not request.streaming, asked=asked
        )

    async def _refuse(self, request: Request, session: Session, top: Top) -> None:
        if request.streaming:
            await self._start_stream()
            await self._exchange.write(_events(refused_stream(self._api, request, session, top)) + sse.DONE, last=True)
        else:
            refused = refused_whole(self._api, request, session, top)
            await self._exchange.json(refused, headers=_notices_header(request, session))

    async def _start_stream(self) -> None:
        headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}
        await self._exchange.start(200, {**headers, "x-accel-buffering": "no"})

    async def _pass_stream(self, reply: Reply, stream: AnswerStream, waits: bool) -> None:
        """Pass the governed chunks on as they become free, each of the upstream's pieces in one write. ``waits`` says
        that detectors are asked, which may take a while."""
        parser = sse.EventParser(self._service.settings.limits.event_bytes)
        await self._start_stream()
        ready: list[bytes] = []
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


def _govern(parser: sse.EventParser, piece: bytes, stream: AnswerStream, ready: list[bytes]) -> bool:
    """Put the governed chunks of one piece into ``ready``; True when the answer has ended. Raises ``Problem``."""
    try:
        for data in parser.feed(piece):
            if data.strip() == b"[DONE]":
                return True
            ready += stream.event(data)
            if stream.over:
                return True
    except sse.BadEventError as error:
        raise malformed(str(error)) from None
    return False


def _events(chunks: Iterable[bytes]) -> bytes:
    return b"".join(map(sse.framed, chunks))


def _notices_header(request: Request, session: Session) -> dict[str, str]:
    """Where the text has a form that a notice would break, a whole answer has its notices in a header too (semantics,
    rule 9): a JSON list in ASCII."""
    notices = session.outcome().notices
    if request.structure is None or not notices:
        return {}
    return {"x-ordinance-notices": json.dumps([notice.text for notice in notices])}


def _log_defect(error: Exception) -> None:
    """Say where a defect is. Never its message: it may hold what was said."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    print(  # noqa: T201 - the log of last resort
        f"ordinance: defect: {type(error).__name__} at {place.filename}:{place.lineno}", file=sys.stderr, flush=True
    )
