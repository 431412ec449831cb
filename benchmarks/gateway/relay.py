"""The limit: a proxy of the same stack as the gateway (uvicorn, starlette, aiohttp) that only copies bytes.

    python relay.py UPSTREAM_URL [delay]

Prints its port. With `delay` its sockets are without TCP_NODELAY, as uvicorn leaves them for a socket that it is given:
each event then may wait some 40 ms for the acknowledgement of the one before (Nagle's algorithm).
"""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send


class Relay:
    """``POST /v1/chat/completions``: the body there, the answer back."""

    session: aiohttp.ClientSession

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        async with self.session.post(self._upstream + "/v1/chat/completions", data=body, headers=headers) as response:
            kind = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": response.status, "headers": kind})
            async for piece in response.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def main() -> None:
    relay = Relay(sys.argv[1])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False) as session:
            relay.session = session
            yield

    app = Starlette(routes=[Route("/v1/chat/completions", endpoint=relay, methods=["POST"])], lifespan=lifespan)
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int("delay" not in sys.argv))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    main()
