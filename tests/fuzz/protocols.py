"""What comes by HTTP: requests, an upstream's answers and streams, in the four protocols; headers; small answers."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from types import SimpleNamespace
from typing import Any

import h11
from starlette.datastructures import Headers

from fuzz.target import Target, written
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.finish import steering
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.govern.transcript import transcript_of
from ordinance.protocol.govern.whole import govern_whole
from ordinance.protocol.problems import Problem
from ordinance.serve.behind.field_named import field_in
from ordinance.serve.behind.small_answers import govern_count, govern_models
from ordinance.serve.door.http_headers import claims_in
from ordinance.serve.http.correlation import request_id_in, traced_in
from ordinance.serve.http.strict_http import StrictReader
from support.fields import FIELDS, script_of
from support.governing import ASKED, OWN, open_session, read
from support.small_plan import FORBIDDEN

APIS: tuple[Api, ...] = (CHAT, COMPLETIONS, RESPONSES, MESSAGES)

_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
_TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"enum": ["x", "y"]}}, "required": ["a"]}
_PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
_REQUESTS: dict[str, tuple[dict[str, Any], ...]] = {
    CHAT.path: (
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "t"},
         _PICTURE]}, {"role": "assistant", "content": None, "tool_calls": [_CALL]}, {"role": "tool",
         "tool_call_id": "c", "content": "r"}], "tools": [_TOOL], "tool_choice": "auto", "n": 2, "stop": ["END"],
         "logprobs": True, "top_logprobs": 3, "seed": 1, "stream": True, "stream_options": {"include_usage": True}},
        {"messages": [{"role": "user", "content": "hi", "name": "n"}], "response_format": {"type": "json_schema",
         "json_schema": {"name": "x", "schema": _SCHEMA, "strict": True}}, "max_tokens": 7, "temperature": 0.5},
        {"messages": [{"role": "user", "content": "hi"}], "structured_outputs": {"regex": "[a-z]{2}"}, "user": "u"},
    ),
    COMPLETIONS.path: (
        {"prompt": ["a", "b"], "n": 2, "echo": True, "logprobs": 2, "stop": "x", "stream": True, "suffix": ""},
        {"prompt": [1, 2, 3], "max_tokens": 7}, {"prompt": "Once ", "best_of": 2},
    ),
    RESPONSES.path: (
        {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]},
         {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
         {"type": "function_call_output", "call_id": "c", "output": "r"},
         {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "s"}]}],
         "tools": [{"type": "function", "name": "f", "parameters": {}}], "instructions": "be", "stream": True},
        {"input": "hi", "text": {"format": {"type": "json_schema", "name": "x", "schema": _SCHEMA}}, "store": False},
    ),
    MESSAGES.path: (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "t"}]}, {"role": "assistant", "content": [
         {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]}, {"role": "user", "content": [
         {"type": "tool_result", "tool_use_id": "c", "content": "r"}]}], "system": [{"type": "text", "text": "s"}],
         "tools": [{"name": "f", "input_schema": {}}], "max_tokens": 9, "stop_sequences": ["END"], "stream": True},
    ),
}  # fmt: skip
_HEADERS = (
    "accept-language: de-AT, en;q=0.5, *;q=0\nx-ordinance-locale: et\nx-ordinance-elapsed: 77\n"
    "x-ordinance-speak: formality=formal, language=et\nx-ordinance-conversation: c-1\nx-request-id: abc\n"
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\ntracestate: a=b\n",
)
_HTTP = (
    "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    "POST /v1/messages HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nt: 1\r\n\r\n",
    "GET /ready HTTP/1.1\r\nhost: a\r\nx: 1\r\n y\r\nconnection: close\r\n\r\nGET / HTTP/1.0\r\n\r\n",
)


class _Wire:
    """Takes what a script of the tests says, without a connection."""

    def __init__(self, *, stream: bool) -> None:
        self.asked = SimpleNamespace(json={"stream": stream})
        self.sent = b""

    async def head(self, *_: object, **__: object) -> None:
        pass

    async def send(self, *pieces: bytes) -> None:
        self.sent += b"".join(pieces)

    async def json(self, value: object, *_: object) -> None:
        self.sent += json.dumps(value).encode()


def _answers(api: Api, *, stream: bool) -> tuple[bytes, ...]:
    """Return an upstream's answer for each field in which an API can say something."""
    found = []
    for name in FIELDS[api.path](FORBIDDEN):
        wire: Any = _Wire(stream=stream)
        asyncio.run(script_of(api.path, name, FORBIDDEN)(wire))
        found.append(wire.sent)
    return tuple(dict.fromkeys(found))


def _questions(api: Api) -> tuple[bytes, ...]:
    return written(*(json.dumps({"model": "m", **each}) for each in (ASKED[api.path], *_REQUESTS[api.path])))


def _asked(api: Api, data: bytes) -> object:
    request = api.read_request(data, frozenset({"image_url"}))
    session = open_session()
    transcript_of(api, request, session.prompt.cutter)
    steering(request.body, request.structure)
    return sent_on(api, request, session, system_is_ours=False)


def _whole(api: Api, data: bytes) -> object:
    session = open_session(whole=True)
    answer = govern_whole(api, data, read(api, logprobs=_logprobs(api)), session).written(OWN)
    return json.dumps(answer, allow_nan=False)


def _logprobs(api: Api) -> Any:
    return {CHAT.path: True, COMPLETIONS.path: 3}.get(api.path)


def _stream(api: Api, data: bytes) -> object:
    """Give the stream in pieces whose length its first byte says; a failure ends it as the gateway ends it."""
    answer = GovernedStream(api, read(api, stream=True, logprobs=_logprobs(api)), open_session(), OWN, 1 << 20, 1 << 16)
    step = 1 + (data[0] if data else 0) * 7 % 997
    sent = b""
    try:
        for at in range(0, len(data), step):
            sent += answer.take(data[at : at + step])
            if answer.over or answer.done:
                break
        return sent + answer.end()
    except Problem as problem:
        return sent + answer.fail(problem)


def _headers(data: bytes) -> object:
    lines = (line.partition(b":") for line in data.split(b"\n"))
    headers = Headers(raw=[(name.strip().lower(), value.strip()) for name, _, value in lines])
    return claims_in(headers), request_id_in(headers), traced_in(headers)


def _http(data: bytes) -> object:
    reader = StrictReader(h11.SERVER, 1 << 16)
    reader.receive_data(data)
    seen: list[object] = []
    while len(seen) < 1000:
        event = reader.next_event()
        if event is h11.PAUSED and reader.our_state is h11.SEND_RESPONSE:
            reader.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            reader.send(h11.EndOfMessage())
            if {reader.our_state, reader.their_state} != {h11.DONE}:
                break
            reader.start_next_cycle()
        elif event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
            break
        seen.append(event)
    return seen


def _name(api: Api) -> str:
    return api.path.rpartition("/v1/")[2].replace("/", "-")


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    problem = (Problem,)
    by_api = [
        target
        for api in APIS
        for target in (
            Target(f"{_name(api)}-request", partial(_asked, api), _questions(api), problem),
            Target(f"{_name(api)}-answer", partial(_whole, api), _answers(api, stream=False), problem),
            Target(f"{_name(api)}-stream", partial(_stream, api), _answers(api, stream=True), problem),
        )
    ]
    return (
        *by_api,
        Target("headers", _headers, written(*_HEADERS), ()),
        Target("http", _http, written(*_HTTP), (h11.RemoteProtocolError,)),
        Target("models", partial(govern_models, may_ask=bool),
               written('{"object":"list","data":[{"id":"m","created":1,"owned_by":"o"}]}'), problem),
        Target("count", govern_count, written('{"input_tokens": 3}'), problem),
        Target("upstream-error", field_in, written('{"error":{"param":"seed","message":"`seed` is wrong"}}',
               '{"message": "[{\'loc\': (\'body\', \'seed\')}]"}'), ()),
    )  # fmt: skip
