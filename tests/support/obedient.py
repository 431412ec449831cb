"""A model server that says exactly what a request's form asks for, so that it can be made to say anything; and a front
that passes requests on to another server and breaks its answers.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from support.blocks import framed, upstream_events
from support.serving import DONE, USAGE, Asked, LoopThread, ScriptedUpstream, Wire, chunk, completion, event

_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


async def obey(wire: Wire) -> None:
    """The four APIs, whole or in pieces of three characters; and the list of models."""
    path = wire.asked.path
    if path == "/v1/models":
        await wire.json({"object": "list", "data": [{"id": "m", "object": "model"}]})
    elif path in _WRITERS:
        body = wire.asked.json
        said, called = _said(body), bool(body.get("tool_choice"))
        whole, events = _WRITERS[path](said, called)
        if body.get("stream"):
            await wire.head()
            await wire.send(*events)
        else:
            await wire.json(whole)
    else:
        await wire.json({"detail": "Not Found"}, 404)


def _said(body: dict[str, Any]) -> str:
    """What the form of a request asks for; else a greeting, after the prompt if an echo is wanted."""
    form = body.get("structured_outputs") or {}
    if form.get("choice"):
        said = str(form["choice"][0])
    elif form.get("regex"):
        said = _plain(form["regex"])
    else:
        pattern = next((each for each in map(_pattern, _schemas(body)) if each), None)
        said = json.dumps({"text": _plain(pattern)}) if pattern else "Hello."
    return str(body["prompt"]) + said if body.get("echo") and isinstance(body.get("prompt"), str) else said


def _schemas(body: dict[str, Any]) -> Iterator[Any]:
    """Wherever an API has the schema of an answer or of a call."""
    yield (body.get("structured_outputs") or {}).get("json")
    yield ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    yield ((body.get("text") or {}).get("format") or {}).get("schema")
    yield ((body.get("output_config") or {}).get("format") or {}).get("schema")
    if body.get("tool_choice"):
        tool = body["tools"][0]
        yield tool.get("input_schema") or tool.get("parameters") or tool["function"]["parameters"]


def _pattern(schema: Any) -> str | None:
    found: str | None = (schema or {}).get("properties", {}).get("text", {}).get("pattern")
    return found


def _plain(pattern: str) -> str:
    found = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), pattern)
    return found.strip("^$").replace("(", "").replace(")", "")


def _pieces(text: str) -> list[str]:
    return [text[start : start + 3] for start in range(0, len(text), 3)]


Written = tuple[dict[str, Any], list[bytes]]


def _chat(said: str, called: bool) -> Written:
    if called:
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "note", "arguments": said}}
        deltas, whole = [chunk(tool_calls=[call])], completion(None, finish="tool_calls", tool_calls=[call])
    else:
        deltas, whole = [chunk(content=each) for each in _pieces(said)], completion(said)
    return whole, [*map(event, deltas), event(chunk(finish="tool_calls" if called else "stop")), DONE]


def _completions(said: str, _: bool) -> Written:
    events = [event(_piece(each)) for each in _pieces(said)]
    return {**_piece(said, "stop"), "usage": USAGE}, [*events, event(_piece("", "stop")), DONE]


def _piece(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {"id": "cmpl-up", "object": "text_completion", "created": 1700000000, "model": "m", "choices": [choice]}


def _responses(said: str, called: bool) -> Written:
    events = upstream_events(RESPONSES, [_block(said, called)])
    return events[-1]["response"], list(map(framed, events))


def _messages(said: str, called: bool) -> Written:
    ending = {"stop_reason": "tool_use"} if called else {}
    events = upstream_events(MESSAGES, [_block(said, called)], **ending)
    block: dict[str, Any] = {"type": "text", "text": said}
    if called:
        block = {"type": "tool_use", "id": "call_0", "name": "note", "input": json.loads(said)}
    top = {**events[0]["message"], "content": [block], "stop_reason": ending.get("stop_reason", "end_turn")}
    return top, list(map(framed, events))


def _block(said: str, called: bool) -> tuple[Any, ...]:
    return ("call", "note", _pieces(said)) if called else ("text", _pieces(said))


_WRITERS: dict[str, Callable[[str, bool], Written]] = {
    "/v1/chat/completions": _chat,
    "/v1/completions": _completions,
    "/v1/responses": _responses,
    "/v1/messages": _messages,
}


# a front that breaks answers


@dataclass
class Seen:
    """An answer on its way to the client."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def saying(self, value: Any) -> Seen:
        return replace(self, body=json.dumps(value).encode())


Defect = Callable[[Asked, Seen], Seen]


@dataclass
class Front:
    """Stands before ``server`` and passes everything on; ``defect`` changes what comes back."""

    thread: LoopThread
    server: str
    defect: Defect = lambda _, seen: seen
    _front: ScriptedUpstream = field(init=False)

    def __post_init__(self) -> None:
        self._front = ScriptedUpstream(self.thread)
        self._front.script = self._pass

    @property
    def address(self) -> str:
        return self._front.url.removesuffix("/v1")

    def stop(self) -> None:
        self._front.stop()

    async def _pass(self, wire: Wire) -> None:
        seen = self.defect(wire.asked, await asyncio.to_thread(self._ask, wire.asked))
        await wire.head(seen.status, **{"content-type": "", **seen.headers})
        await wire.send(seen.body)

    def _ask(self, asked: Asked) -> Seen:
        parts = urlsplit(self.server)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            connection.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers.items():
                connection.putheader(name, value)
            connection.endheaders(asked.body)
            reply = connection.getresponse()
            body = b"" if reply.status == 101 else reply.read()
            skipped = ("connection", "transfer-encoding", "content-length")
            headers = {name: value for name, value in reply.getheaders() if name.lower() not in skipped}
            return Seen(reply.status, headers, body)
        finally:
            connection.close()
