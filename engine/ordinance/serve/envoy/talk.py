"""One request on one stream with Envoy: its messages in the order in which they come, ours as it expects them.

Envoy goes on without us where a stream ends well before the response has: an end is only ever well once the whole
response was written (``finished``). Everything else ends with an error, on which Envoy closes the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

from envoy.extensions.filters.http.ext_proc.v3.processing_mode_pb2 import ProcessingMode
from envoy.service.ext_proc.v3.external_processor_pb2 import (
    BodyMutation,
    BodyResponse,
    CommonResponse,
    HeaderMutation,
    HeadersResponse,
    ImmediateResponse,
    ProcessingRequest,
    ProcessingResponse,
    StreamedBodyResponse,
    TrailersResponse,
)
from envoy.type.v3.http_status_pb2 import HttpStatus
from starlette.types import Message, Scope

from ordinance.protocol.problems import Problem
from ordinance.serve.envoy import heads
from ordinance.serve.http.exchange import ClientGone

#: The key of a ``Talk`` in the scope of its request.
TALK = "ordinance.talk"
#: Messages that may wait to be read. Envoy's are at most as large as its buffers; past these, it waits.
_MOST_WAITING = 16
#: The largest piece of a body in one message, in bytes, as Envoy's manual recommends.
_PIECE = 64 * 1024
#: How long the model server may take to close an answer that it has completed, in seconds. Longer, and its connection
#: is closed instead of kept.
_CLOSING_SECONDS = 0.25
_DUPLEX = ProcessingMode.FULL_DUPLEX_STREAMED


def misconfigured() -> Problem:
    """503: Envoy's filter is not set up as it must be. Only the operator is told how."""
    return Problem(
        503,
        "envoy_misconfigured",
        "The proxy in front of the model is not set up in a way in which answers can be governed. The operator's log "
        "says what to change.",
    )


class Head:
    """The head of the model server's response. ``bodiless``: nothing follows it."""

    def __init__(self, headers: heads.Headers, *, bodiless: bool) -> None:
        self.headers = headers
        self.bodiless = bodiless
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        self.named: Mapping[str, str] = named
        status = named.get(":status", "")
        self.status = int(status) if status.isascii() and status.isdecimal() else 502


class Talk:
    """``read`` gives the next message, None at the end; ``write`` sends one. ``receive`` and ``send`` are ASGI's, for
    ``scope``; ``ask``, ``head`` and ``pieces`` are for what stands behind."""

    def __init__(
        self,
        read: Callable[[], Awaitable[ProcessingRequest | None]],
        write: Callable[[ProcessingResponse], Awaitable[None]],
    ) -> None:
        self._read = read
        self._write = write
        self._arrived: asyncio.Queue[ProcessingRequest | None] = asyncio.Queue(_MOST_WAITING)
        self._gone = asyncio.Event()
        self._heard = False  # the request's body is complete
        self._asked = False
        self._head: Head | None = None
        self._over = False  # the model server's answer is complete
        self._request_trailers: heads.Headers | None = None
        self._trailers: heads.Headers | None = None
        self._released = False  # the head of the response has left
        self._start: Message = {}
        self._collected = bytearray()
        self.finished = False
        #: What is wrong with how Envoy's filter is set up, as far as it was seen; empty for nothing.
        self.wrong = ""
        #: No more is wanted of an answer that is not complete.
        self.stopped = False

    # Envoy's messages

    async def listen(self) -> None:
        """Take what comes until the end."""
        try:
            while (message := await self._read()) is not None:
                await self._arrived.put(message)
        finally:
            self.leave()

    def leave(self) -> None:
        """Note that nothing more comes: the client, or Envoy, has gone."""
        self._gone.set()
        if self._arrived.full():
            self._arrived.get_nowait()
        self._arrived.put_nowait(None)

    async def _next(self) -> ProcessingRequest:
        message = await self._arrived.get()
        if message is None:
            self._arrived.put_nowait(None)
            raise ClientGone
        return message

    def _unexpected(self, message: ProcessingRequest) -> Problem:
        kind = message.WhichOneof("request")
        self.wrong = self.wrong or f"it sent `{kind}` where that has no place; one of the modes must be SEND"
        return misconfigured()

    async def begin(self) -> Scope:
        """Read the request's head; its scope. Raises ``ClientGone``, and ``Problem`` where there is none."""
        message = await self._next()
        self.wrong = _wrong_in(message)
        if message.WhichOneof("request") == "response_headers":
            raise _answered(self._noted(message))
        if message.WhichOneof("request") != "request_headers":
            raise self._unexpected(message)
        self._heard = message.request_headers.end_of_stream
        self._request = heads.headers_of(message.request_headers.headers)
        shown = message.attributes.get("envoy.filters.http.ext_proc")
        source = "" if shown is None or "source.address" not in shown else str(shown["source.address"])
        return heads.scope_of(self._request, source.rpartition(":")[0].strip("[]"), **{TALK: self})

    # the request

    async def receive(self) -> Message:
        if self._heard:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        try:
            message = await self._next()
        except ClientGone:
            return {"type": "http.disconnect"}
        match message.WhichOneof("request"):
            case "request_body":
                self._heard = message.request_body.end_of_stream
                return {"type": "http.request", "body": message.request_body.body, "more_body": not self._heard}
            case "request_trailers":
                self._heard = True
                self._request_trailers = heads.headers_of(message.request_trailers.trailers)
                return {"type": "http.request", "body": b"", "more_body": False}
            case "response_headers":
                raise _answered(self._noted(message))
        raise self._unexpected(message)

    # the model server

    @property
    def fresh(self) -> bool:
        """Whether the request has been read and nobody has been asked yet."""
        return self._heard and not self._asked

    async def ask(self, path: str, ours: Mapping[str, str], kept: Iterable[str], body: bytes | None) -> None:
        """Send the request on, with this head and ``body``; None where the client's had none."""
        self._asked = True
        mutation = heads.onward(self._request, path, ours, kept)
        await self._say(ProcessingResponse(request_headers=_headers(mutation)))
        if body is not None:
            for piece, last in _cut(body, ends=self._request_trailers is None):
                await self._say(ProcessingResponse(request_body=_body(piece, last)))
        if self._request_trailers is not None:
            trailers = TrailersResponse(header_mutation=heads.without(self._request_trailers))
            await self._say(ProcessingResponse(request_trailers=trailers))

    async def head(self) -> Head:
        """Return the head of the model server's response. Raises ``ClientGone`` and ``Problem``."""
        message = await self._next()
        if message.WhichOneof("request") != "response_headers":
            raise self._unexpected(message)
        return self._noted(message)

    def _noted(self, message: ProcessingRequest) -> Head:
        shown = message.response_headers
        self._head = Head(heads.headers_of(shown.headers), bodiless=shown.end_of_stream)
        self._over = shown.end_of_stream
        return self._head

    async def piece(self) -> bytes | None:
        """Return the next piece of the body of that response, None at its end."""
        while not self._over:
            message = await self._next()
            match message.WhichOneof("request"):
                case "response_body":
                    self._over = message.response_body.end_of_stream
                    if message.response_body.body:
                        return bytes(message.response_body.body)
                case "response_trailers":
                    self._over = True
                    self._trailers = heads.headers_of(message.response_trailers.trailers)
                case _:
                    raise self._unexpected(message)
        return None

    # the response

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            piece, last = message.get("body", b""), not message.get("more_body", False)
            if self._released or (self._head is not None and not self._head.bodiless):
                await self._stream(piece, last)
            else:
                self._collected += piece
                if last:
                    await self._answer_at_once()

    async def _answer_at_once(self) -> None:
        """Answer in place of the model server, which has not begun to."""
        start = self._start
        reply = ImmediateResponse(
            status=HttpStatus(code=start["status"]),
            headers=heads.fresh(_ours(start)),
            body=bytes(self._collected),
            details="ordinance",
        )
        await self._say(ProcessingResponse(immediate_response=reply))
        self.finished = True

    async def _stream(self, piece: bytes, last: bool) -> None:
        if not self._released and self._head is not None:
            self._released = True
            mutation = heads.back(self._head.headers, self._start["status"], _ours(self._start))
            await self._say(ProcessingResponse(response_headers=_headers(mutation)))
        waits = last and not self._over and not self.stopped
        for cut, end in _cut(piece, ends=last and not waits and self._trailers is None):
            if cut or end:
                await self._say(ProcessingResponse(response_body=_body(cut, end)))
        if not last:
            return
        if waits:
            await self._until_over()
            if self._trailers is None:
                await self._say(ProcessingResponse(response_body=_body(b"", True)))
        if self._trailers is not None:
            trailers = TrailersResponse(header_mutation=heads.without(self._trailers))
            await self._say(ProcessingResponse(response_trailers=trailers))
        self.finished = True

    async def _until_over(self) -> None:
        """Let the model server close what it has completed, so that Envoy can keep its connection."""
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                while await self.piece() is not None:
                    pass
        except (TimeoutError, Problem):
            pass

    async def _say(self, message: ProcessingResponse) -> None:
        if self._gone.is_set():
            raise ClientGone
        await self._write(message)


def _wrong_in(message: ProcessingRequest) -> str:
    if message.observability_mode:
        return "`observability_mode` is on: Envoy lets answers pass whatever Ordinance says"
    modes = message.protocol_config
    for name in ("request_body_mode", "response_body_mode"):
        if getattr(modes, name) != _DUPLEX:
            return f"`{name}` is not FULL_DUPLEX_STREAMED"
    return ""


def _answered(head: Head) -> Problem:
    """Return the problem for an answer that came before anybody was asked: Envoy's own, or that of a filter behind
    ours."""
    status = head.status if 400 <= head.status < 600 else 502
    told = f"The proxy in front of the model did not accept the request (status {status})."
    return Problem(status, "envoy_refused", told)


def _ours(start: Message) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in start.get("headers", ())}


def _headers(mutation: HeaderMutation) -> HeadersResponse:
    return HeadersResponse(response=CommonResponse(header_mutation=mutation))


def _body(piece: bytes, last: bool) -> BodyResponse:
    streamed = StreamedBodyResponse(body=piece, end_of_stream=last)
    return BodyResponse(response=CommonResponse(body_mutation=BodyMutation(streamed_response=streamed)))


def _cut(body: bytes, *, ends: bool) -> Iterator[tuple[bytes, bool]]:
    """Yield ``body`` in pieces, each with whether it is the last of a body that ``ends`` with it."""
    starts = range(0, max(1, len(body)), _PIECE)
    for start in starts:
        yield body[start : start + _PIECE], ends and start == starts[-1]
