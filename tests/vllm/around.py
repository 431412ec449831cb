"""Two middlewares of the tests, one on each side of Ordinance in the server's process.

``--middleware around.Inside --middleware ordinance.serve.vllm.Ordinance --middleware around.Outside``: vLLM puts the
last one outermost. ``Inside`` writes down what arrives at vLLM. ``Outside`` lets the tests round Ordinance: a path
below ``/ungoverned`` goes straight to ``Inside`` without that prefix, so that a leak check can be seen to fail there.
``GET /harness/seen`` gives, and forgets, the requests that have come to vLLM; ``POST /harness/route`` adds a route to
the running server. ``AROUND_EARLY_ROUTE`` adds it before the server has started. With ``AROUND_PROCESS`` each answer
says in a header which process it is from: the kernel chooses one of several API servers.
"""

from __future__ import annotations

import json
import os
from typing import Any

from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/ungoverned"
ADDED = "/v1/added-by-the-test"
PROCESS = "x-harness-process"

_inner: ASGIApp | None = None
_seen: list[dict[str, Any]] = []


class Inside:
    """Next to vLLM."""

    def __init__(self, app: ASGIApp) -> None:
        global _inner
        self.app = app
        _inner = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = bytearray()
        seen = {"method": scope["method"], "path": scope["path"], "headers": _headers(scope), "body": ""}
        _seen.append(seen)

        async def watched() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            seen["body"] = body.decode("utf-8", "replace")
            return message

        await self.app(scope, watched, send)


class Outside:
    """Next to the clients."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and "AROUND_EARLY_ROUTE" in os.environ:
            _add_route(scope)
        if scope["type"] == "http" and "AROUND_PROCESS" in os.environ:
            send = _signed(send)
        path = scope.get("path", "")
        if path == "/harness/seen":
            await JSONResponse(_seen)(scope, receive, send)
            _seen.clear()
        elif path == "/harness/route":
            _add_route(scope)
            await JSONResponse({"added": ADDED})(scope, receive, send)
        elif path.startswith(PREFIX + "/") and _inner is not None:
            inner = path.removeprefix(PREFIX)
            await _inner({**scope, "path": inner, "raw_path": inner.encode()}, receive, send)
        else:
            await self.app(scope, receive, send)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _signed(send: Send) -> Send:
    async def signing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (PROCESS.encode(), str(os.getpid()).encode())]
        await send(message)

    return signing


def _add_route(scope: Scope) -> None:
    async def added(_: object) -> JSONResponse:
        return JSONResponse({"said": json.dumps("qvxzjkwy")})

    scope["app"].router.routes.insert(0, Route(ADDED, added, methods=["GET", "POST"]))
