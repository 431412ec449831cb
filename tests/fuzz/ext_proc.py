"""What an Envoy sends: messages of ext_proc, in any order, for one request."""

from __future__ import annotations

import asyncio

from envoy.config.core.v3.base_pb2 import HeaderMap, HeaderValue
from envoy.extensions.filters.http.ext_proc.v3.processing_mode_pb2 import ProcessingMode
from envoy.service.ext_proc.v3.external_processor_pb2 import (
    HttpBody,
    HttpHeaders,
    HttpTrailers,
    ProcessingRequest,
    ProtocolConfiguration,
)
from google.protobuf.message import DecodeError

from fuzz.target import Target
from ordinance.protocol.problems import Problem
from ordinance.serve.envoy.talk import Talk
from ordinance.serve.http.exchange import ClientGone

_DUPLEX = ProcessingMode.FULL_DUPLEX_STREAMED


def _map(**headers: str) -> HeaderMap:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    shown = {":" + name if name in ("method", "path", "status") else name: value for name, value in named.items()}
    return HeaderMap(headers=[HeaderValue(key=name, raw_value=value.encode()) for name, value in shown.items()])


def _packed(*messages: ProcessingRequest) -> bytes:
    written = [each.SerializeToString() for each in messages]
    return b"".join(len(each).to_bytes(2, "big") + each for each in written)


def _samples() -> tuple[bytes, ...]:
    modes = ProtocolConfiguration(request_body_mode=_DUPLEX, response_body_mode=_DUPLEX)
    asked = ProcessingRequest(
        request_headers=HttpHeaders(headers=_map(method="POST", path="/v1/chat/completions?x", content_length="2")),
        protocol_config=modes,
    )
    body = ProcessingRequest(request_body=HttpBody(body=b"{}", end_of_stream=True))
    head = ProcessingRequest(response_headers=HttpHeaders(headers=_map(status="200", content_type="text/event-stream")))
    piece = ProcessingRequest(response_body=HttpBody(body=b"data: [DONE]\n\n", end_of_stream=True))
    end = ProcessingRequest(response_trailers=HttpTrailers(trailers=_map(x="y")))
    return _packed(asked, body, head, piece, end), _packed(asked, head), _packed(asked, body, head, end)


def _unpacked(data: bytes) -> list[ProcessingRequest]:
    """Return the messages in ``data``; gRPC itself refuses what is not one."""
    found, at = [], 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        try:
            found.append(ProcessingRequest.FromString(data[at + 2 : at + 2 + length]))
        except DecodeError:
            break
        at += 2 + length
    return found


def _talk(data: bytes) -> object:
    return asyncio.run(_whole(_unpacked(data)))


async def _whole(messages: list[ProcessingRequest]) -> object:
    """Take a request through as the external processor does: its head and body, the question, head and body back."""
    waiting = iter(messages)

    async def read() -> ProcessingRequest | None:
        return next(waiting, None)

    async def write(_: object) -> None:
        pass

    talk = Talk(read, write)
    listening = asyncio.create_task(talk.listen())
    try:
        scope = await talk.begin()
        while (await talk.receive()).get("more_body"):
            pass
        await talk.ask("/v1/chat/completions", {"x": "y"}, ("accept",), b"{}")
        head = await talk.head()
        await talk.send({"type": "http.response.start", "status": head.status, "headers": [(b"a", b"b")]})
        while (piece := await talk.piece()) is not None:
            await talk.send({"type": "http.response.body", "body": piece, "more_body": True})
        await talk.send({"type": "http.response.body", "body": b""})
        return scope
    except (Problem, ClientGone):
        return None
    finally:
        listening.cancel()


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    return (Target("ext-proc", _talk, _samples(), ()),)
