"""Real servers on loopback for tests: an upstream that says what the test wants, and the gateway before it.

Both run in one event loop in a thread of their own, so that a test can speak to them with any client.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ordinance.policy.plan import Plan
from ordinance.protocol.routes import MODELS
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.behind.upstreams import Upstreams
from ordinance.serve.door.current_policy import Renewal
from ordinance.serve.door.policies import Policies
from ordinance.serve.door.service import make_service
from ordinance.serve.gateway import Gateway
from ordinance.serve.http.listener import listen
from ordinance.serve.server import Server
from ordinance.settings.model import Settings

T = TypeVar("T")
PATIENCE = 10.0


class LoopThread:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do ``work`` in the loop and wait for it."""
        return self.begin(work).result(PATIENCE * 3)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def stop(self) -> None:
        self.run(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()

    async def _end(self) -> None:
        """End what still runs, such as an upstream whose other side has not been seen to go."""
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@dataclass
class Asked:
    """A request as the upstream saw it; ``gone`` is set when the other side has closed the connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")


class Wire:
    """What a script writes with. What it sends is a packet of its own each, and behind a ``head`` the answer's body: in
    chunks, as real servers speak, or to the end of the connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: Asked, *, chunked: bool
    ) -> None:
        self.asked = asked
        self._reader = reader
        self._writer = writer
        self._speaks_chunked = chunked
        self._in_chunks = False

    @property
    def closing(self) -> bool:
        """Whether the other side has gone, as far as is known."""
        return self._writer.is_closing() or self._reader.at_eof()

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            await self._write(b"%x\r\n%s\r\n" % (len(piece), piece) if self._in_chunks and piece else piece)

    async def _write(self, packet: bytes) -> None:
        self._writer.write(packet)
        await self._writer.drain()
        await asyncio.sleep(0)

    async def head(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        bodiless = self.asked.method == "HEAD" or status < 200 or status in (204, 304)
        chunked = self._speaks_chunked and not bodiless
        framing = {"transfer-encoding": "chunked"} if chunked else {"connection": "close"}
        lines = {"content-type": kind, **framing, **{k.replace("_", "-"): v for k, v in headers.items()}}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await self._write(f"HTTP/1.1 {status} Script\r\n{text}\r\n".encode())
        self._in_chunks = chunked

    async def json(self, value: Any, status: int = 200, **headers: str) -> None:
        await self.head(status, "application/json", **headers)
        await self.send(json.dumps(value).encode())

    async def end(self) -> bool:
        """The body is complete; whether the connection can take another request."""
        if self._in_chunks:
            await self._write(b"0\r\n\r\n")
        return self._in_chunks

    def break_off(self) -> None:
        """Close the connection in the middle of the body."""
        self._writer.close()

    async def until_gone(self) -> None:
        """Wait for the other side to close."""
        with suppress(OSError):
            while await self._reader.read(1024):
                pass
        self.asked.gone.set()


Script = Callable[[Wire], Awaitable[None]]


class ScriptedUpstream:
    """An HTTP server that follows ``script`` and remembers what it was asked, for the list of its models apart. It
    speaks in chunks and keeps its connections, unless ``chunked`` is off: then a body ends with the connection.
    ``port`` 0 takes a free one."""

    def __init__(self, thread: LoopThread, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.reset()
        self._thread = thread
        self._server = thread.run(asyncio.start_server(self._serve, "127.0.0.1", port, backlog=4096, ssl=tls))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    def reset(self) -> None:
        self.script: Script = say("Hello.")
        self.asked: list[Asked] = []
        self.listed: list[Asked] = []
        self.listed_before = 0
        self.chunked = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request; whether the connection can take another."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await _body(reader, headers)
        asked = Asked(method, path, headers, body)
        (self.listed if path == MODELS else self.asked).append(asked)
        self.listed_before += path == MODELS and not self.asked
        wire = Wire(reader, writer, asked, chunked=self.chunked)
        try:
            await self.script(wire)
            return await wire.end()
        except OSError:
            asked.gone.set()
            return False

    def stop(self) -> None:
        async def stop() -> None:
            self._server.close()

        self._thread.run(stop())


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    """The body of a request: of the length that it announces, or in chunks, as proxies send one that they changed."""
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def posting(body: bytes, length: int | None = None, path: str = "/v1/chat/completions", **headers: str) -> bytes:
    """A request as it stands on the wire; ``length`` is what it says of its body, if not the truth."""
    lines = {"host": "localhost", "content-type": "application/json", "content-length": str(length or len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class RunningGateway:
    """A gateway on a free port."""

    def __init__(
        self,
        thread: LoopThread,
        plan: Plan | Policies,
        upstream: str,
        settings: Mapping[str, Any],
        load: Callable[[], Plan | Policies] | None = None,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        values: dict[str, Any] = {"jurisdiction": "DE", "audit": "/dev/null", **settings}
        values.setdefault("conversation", {"store": "none"})  # most tests make up what was answered before
        if "upstreams" not in values:
            values["upstream"] = {"url": upstream, **values.get("upstream", {})}
        self._thread = thread
        checked = Settings.model_validate(values)
        behind = Upstreams(checked.upstreams) if checked.upstream is None else Upstream(checked.upstream)
        renewal = None if load is None else Renewal(lambda _: policies_in(load()), reread)
        self.service = make_service(policies_in(plan), checked, behind, renewal=renewal)
        listener = listen("127.0.0.1", 0)
        listener.open()  # who asks at once waits until it serves
        self.address = listener.address
        self._server = Server(Gateway(self.service, behind), listener, checked)
        self._done = thread.begin(self._server.serve())

    def stop(self) -> None:
        self._server.should_exit = True
        self._done.result(PATIENCE)


OpenGateway = Callable[..., RunningGateway]


def policies_in(plan: Plan | Policies) -> Policies:
    return Policies(plan) if isinstance(plan, Plan) else plan


# scripts


def chunk(index: int = 0, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """An upstream's chunk with one choice."""
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {
        "id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1700000000, "model": "m", "choices": [choice]
    }  # fmt: skip


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


def completion(*texts: str | None, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """An upstream's whole answer with a choice for each text."""
    choices = [
        {"index": index, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
        for index, text in enumerate(texts)
    ]
    return {
        "id": "chatcmpl-up", "object": "chat.completion", "created": 1700000000, "model": "m",
        "choices": choices, "usage": USAGE,
    }  # fmt: skip


def pieces(text: str, cuts: Iterable[int]) -> list[str]:
    """``text`` cut at the positions ``cuts``."""
    ends = [0, *sorted(cuts), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


def say(text: str, cuts: Iterable[int] = ()) -> Script:
    """Answer with ``text``, streamed in pieces where the request asks for a stream."""
    parts = pieces(text, cuts)

    async def script(wire: Wire) -> None:
        if wire.asked.path == "/v1/models":
            await wire.json({"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "o"}]})
        elif wire.asked.json.get("stream"):
            await wire.head()
            await wire.send(event(chunk(role="assistant", content="")))
            await wire.send(*(event(chunk(content=part)) for part in parts))
            await wire.send(event(chunk(finish="stop")), DONE)
        else:
            await wire.json(completion(text))

    return script


def send(*packets: bytes, status: int = 200, kind: str = "text/event-stream") -> Script:
    """Write these packets and close."""

    async def script(wire: Wire) -> None:
        await wire.head(status, kind)
        await wire.send(*packets)

    return script


def send_and_wait(*packets: bytes, kind: str = "text/event-stream") -> Script:
    """Write these packets, then say nothing until the other side goes."""

    async def script(wire: Wire) -> None:
        await wire.head(kind=kind)
        await wire.send(*packets)
        await wire.until_gone()

    return script
