"""A model server that says exactly what a request's form asks for, so that it can be made to say anything; and a front
that passes requests on to another server and breaks its answers.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from support.serving import DONE, USAGE, Asked, LoopThread, ScriptedUpstream, Wire, chunk, completion, event

_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


async def obey(wire: Wire) -> None:
    """Chat completions and completions, whole or in pieces of three characters; and the list of models."""
    if wire.asked.path == "/v1/models":
        await wire.json({"object": "list", "data": [{"id": "m", "object": "model"}]})
        return
    if wire.asked.path not in ("/v1/chat/completions", "/v1/completions"):
        await wire.json({"detail": "Not Found"}, 404)
        return
    body = wire.asked.json
    chat, said = "messages" in body, _said(body)
    if body.get("tool_choice"):
        await _call(wire, body, said)
    elif body.get("stream"):
        await wire.head()
        for start in range(0, len(said), 3):
            part = said[start : start + 3]
            await wire.send(event(chunk(content=part) if chat else _piece(part)))
        await wire.send(event(chunk(finish="stop") if chat else _piece("", "stop")), DONE)
    else:
        whole = {**_piece(said, "stop"), "usage": USAGE}
        await wire.json(completion(said) if chat else whole)


def _said(body: dict[str, Any]) -> str:
    form = body.get("structured_outputs") or {}
    if "choice" in form:
        said = str(form["choice"][0])
    elif "regex" in form:
        said = _plain(form["regex"])
    else:
        schema = form.get("json") or body.get("response_format", {}).get("json_schema", {}).get("schema")
        if body.get("tool_choice"):
            schema = body["tools"][0]["function"]["parameters"]
        pattern = (schema or {}).get("properties", {}).get("text", {}).get("pattern")
        said = json.dumps({"text": _plain(pattern)}) if pattern else "Hello."
    return str(body["prompt"]) + said if body.get("echo") and isinstance(body.get("prompt"), str) else said


def _plain(pattern: str) -> str:
    found = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), pattern)
    return found.strip("^$").replace("(", "").replace(")", "")


def _piece(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {"id": "cmpl-up", "object": "text_completion", "created": 1700000000, "model": "m", "choices": [choice]}


async def _call(wire: Wire, body: dict[str, Any], said: str) -> None:
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "note", "arguments": said}}
    if body.get("stream"):
        await wire.head()
        await wire.send(event(chunk(tool_calls=[call])), event(chunk(finish="tool_calls")), DONE)
    else:
        await wire.json(completion(None, finish="tool_calls", tool_calls=[call]))


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
        lines = "".join(f"{name}: {value}\r\n" for name, value in seen.headers.items())
        await wire.send(f"HTTP/1.1 {seen.status} Front\r\nconnection: close\r\n{lines}\r\n".encode(), seen.body)

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
