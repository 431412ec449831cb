"""Middlewares that let every variant run in one server: the first part of a request's path chooses.

``--middleware switch.Innermost --middleware ordinance.serve.vllm.Ordinance --middleware switch.Switch``, the last of
which vLLM puts outermost. ``/nothing/…`` goes straight to vLLM, ``/through/…`` by a middleware that passes every
message on, anything else to Ordinance.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Innermost:
    """Next to vLLM; the way round Ordinance."""

    app: ASGIApp

    def __init__(self, app: ASGIApp) -> None:
        Innermost.app = app
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class Through:
    """What any middleware costs that looks at nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def passed(message: Message) -> None:
            await send(message)

        await self._app(scope, receive, passed)


class Switch:
    """Next to the clients."""

    def __init__(self, app: ASGIApp) -> None:
        self._ways = {"nothing": Innermost.app, "through": Through(Innermost.app), "ordinance": app}
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way, _, rest = scope.get("path", "/")[1:].partition("/")
        if way in self._ways:
            scope = {**scope, "path": "/" + rest, "raw_path": b"/" + rest.encode()}
        await self._ways.get(way, self._app)(scope, receive, send)
