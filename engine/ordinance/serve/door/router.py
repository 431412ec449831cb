"""Where a request goes: as the list of routes says (``protocol/routes.py``). What is not in it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ordinance.protocol import routes
from ordinance.protocol.apis.messages import read_conversation
from ordinance.protocol.asked import read_body, read_model
from ordinance.protocol.problems import Problem, closed, internal, no_model, stopping
from ordinance.protocol.routes import COUNT, EMBEDDINGS, MODEL, MODELS, Treatment
from ordinance.protocol.strings import encoded
from ordinance.serve.behind.contract import Errand
from ordinance.serve.behind.small_answers import govern_count, govern_model, govern_models
from ordinance.serve.door.doors import GOVERNABLE, SCREENABLE, Door
from ordinance.serve.door.service import Service
from ordinance.serve.door.visit import Visit
from ordinance.serve.http import body_limits
from ordinance.serve.http.exchange import ClientGone, Exchange
from ordinance.serve.http.stderr import log_defect
from ordinance.serve.http.threads import aside

#: What of a request is counted.
_COUNTED = ("model", "messages", "system", "tools", "tool_choice")

#: Answers a small request with a value for JSON and a status. Raises ``Problem``.
Small = Callable[[Exchange], Awaitable[tuple[Any, int]]]


class Router:
    """An ASGI application for HTTP alone.

    ``own`` are the server's own JSON answers by path; whoever asks needs no key for them. ``passed`` is the application
    that gets what passes as it came, unless its path is one of ``kept``; without one, nothing passes. ``patience`` is
    that of ``Exchange``. Raises ``LookupError`` if a route is listed as governed or read and nothing here can do it.
    """

    def __init__(
        self,
        service: Service,
        own: Mapping[str, Small],
        *,
        passed: ASGIApp | None = None,
        kept: Collection[str] = (),
        patience: bool = True,
    ) -> None:
        self._service = service
        self._patience = patience
        self._passed = passed
        self._kept = kept
        self._answers: dict[str, Small] = {MODELS: self._models, MODEL: self._model, COUNT: self._count, **own}
        self._routes: dict[tuple[str, str], ASGIApp] = dict(self._made())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._routes.get((scope["method"], routes.as_listed(path_of(scope))), self._closed)(scope, receive, send)

    def _made(self) -> Iterator[tuple[tuple[str, str], ASGIApp]]:
        for route in routes.ROUTES:
            app = self._app_of(route)
            if app is not None:
                yield from (((method, route.path), app) for method in route.methods)
                if route.path in self._answers and "GET" in route.methods:
                    yield ("HEAD", route.path), app

    def _app_of(self, route: routes.Route) -> ASGIApp | None:
        """Return the application for a route's requests; None if the route is closed."""
        match route.treatment:
            case Treatment.GOVERNED:
                return self._governing(GOVERNABLE[route.path])
            case Treatment.SCREENED:
                opened = route.path == EMBEDDINGS and self._service.settings.routes.embeddings == "pass"
                return self._governing(SCREENABLE[route.path]) if opened else None
            case Treatment.READ:
                return self._answering(self._answers[route.path])
            case Treatment.PASSED if route.path in self._answers:
                return self._answering(self._answers[route.path])
            case Treatment.PASSED if route.path not in self._kept:
                return self._passed
        return None

    def _governing(self, door: Door) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await Visit(self._service, door, Exchange(scope, receive, send, patience=self._patience)).serve()

        return app

    def _answering(self, answer: Small) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            exchange = Exchange(scope, receive, send)
            try:
                value, status = await answer(exchange)
                await exchange.json(value, status)
            except Problem as problem:
                self._service.meter.failed(problem.code)
                await exchange.problem(problem)
            except ClientGone:
                pass
            except asyncio.CancelledError:  # the server stops, and can wait no longer
                if exchange.status is None:
                    await exchange.problem(stopping())
            except Exception as error:
                log_defect(error)
                self._service.meter.failed(internal().code)
                await exchange.problem(internal())

        return app

    async def _closed(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answering(self._refuse)(scope, receive, send)

    async def _refuse(self, exchange: Exchange) -> tuple[Any, int]:
        await self._service.admit(exchange)
        path = routes.as_listed(path_of(exchange.scope))
        raise closed(sorted({method for method, known in self._routes if known == path}))

    async def _models(self, exchange: Exchange) -> tuple[Any, int]:
        client = await self._service.admit(exchange)
        return govern_models(await self._service.behind.read(exchange, "GET", MODELS), client.may_ask), 200

    async def _model(self, exchange: Exchange) -> tuple[Any, int]:
        client = await self._service.admit(exchange)
        name = path_of(exchange.scope).removeprefix(f"{MODELS}/")
        if not client.may_ask(name):
            raise no_model()
        return govern_model(await self._service.behind.read(exchange, "GET", MODELS), name), 200

    async def _count(self, exchange: Exchange) -> tuple[Any, int]:
        await self._service.admit(exchange)
        raw = await exchange.body(body_limits.most(self._service.settings))
        asked, model = await aside(len(raw), False, self._counted, raw)
        self._service.keyring.admit_for(model, exchange.authorization)
        return govern_count(await self._service.behind.read(exchange, "POST", COUNT, asked, errand=Errand(model))), 200

    def _counted(self, raw: bytes) -> tuple[bytes, str]:
        """Return the part of a request that is sent on to be counted, and the model. Raises ``Problem``."""
        settings = self._service.settings
        body_limits.check_unread(raw, settings)
        body = read_body(raw)
        said = read_conversation(body, frozenset(settings.parts))
        body_limits.check_read(raw, said, settings)
        return encoded({**{name: body[name] for name in _COUNTED if name in body}, **said}), read_model(body)


def path_of(scope: Scope) -> str:
    """Return the path as routers read it: without the prefix under which a server is mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    rest = path[len(root) :]
    return rest if root and path.startswith(root) and (not rest or rest.startswith("/")) else path
