"""All doors of a server: each request goes to the one it asks for, and to a closed one where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES, read_conversation
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.asked import read_body
from ordinance.protocol.problems import Problem, closed, internal, stopping
from ordinance.protocol.strings import encoded
from ordinance.serve.behind.small_answers import COUNT, MODELS, govern_count, govern_models
from ordinance.serve.door.service import Service
from ordinance.serve.door.visit import Door
from ordinance.serve.http import body_limits
from ordinance.serve.http.exchange import ClientGone, Exchange
from ordinance.serve.http.stderr import log_defect
from ordinance.serve.http.threads import aside

#: What is governed.
APIS: tuple[Api, ...] = (CHAT, COMPLETIONS, RESPONSES, MESSAGES)

#: What of a request is counted.
_COUNTED = ("model", "messages", "system", "tools", "tool_choice")

#: Answers a small request with a value for JSON and a status. Raises ``Problem``.
Small = Callable[[Exchange], Awaitable[tuple[Any, int]]]


class Doors:
    """An ASGI application for HTTP alone. ``small`` are the doors, by path, of a server's own that have a JSON answer
    to ``GET``; whoever asks needs no key for them. ``patience`` is that of ``Exchange``."""

    def __init__(self, service: Service, small: Mapping[str, Small], *, patience: bool = True) -> None:
        self._service = service
        self._small: dict[tuple[str, str], Small] = {}
        self._doors: dict[tuple[str, str], ASGIApp] = {}
        for path, answer in small.items():
            self._small["GET", path] = self._small["HEAD", path] = answer
        self._small["GET", MODELS] = self._small["HEAD", MODELS] = self._models
        self._small["POST", COUNT] = self._count
        for api in APIS:
            self._doors["POST", api.path] = Door(service, api, patience=patience)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = (scope["method"], path_of(scope))
        door = self._doors.get(wanted)
        if door is not None:
            await door(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send)
        try:
            value, status = await self._small.get(wanted, self._closed)(exchange)
            await exchange.json(value, status)
        except Problem as problem:
            await exchange.problem(problem)
        except ClientGone:
            pass
        except asyncio.CancelledError:  # the server stops, and can wait no longer
            if exchange.status is None:
                await exchange.problem(stopping())
        except Exception as error:
            log_defect(error)
            await exchange.problem(internal())

    async def _closed(self, exchange: Exchange) -> tuple[Any, int]:
        await self._service.admit(exchange)
        path = path_of(exchange.scope)
        allowed = sorted({method for method, known in (*self._doors, *self._small) if known == path})
        raise closed(allowed)

    async def _models(self, exchange: Exchange) -> tuple[Any, int]:
        await self._service.admit(exchange)
        return govern_models(await self._service.behind.read(exchange, "GET", MODELS)), 200

    async def _count(self, exchange: Exchange) -> tuple[Any, int]:
        await self._service.admit(exchange)
        raw = await exchange.body(body_limits.most(self._service.settings))
        asked = await aside(len(raw), False, self._counted, raw)
        return govern_count(await self._service.behind.read(exchange, "POST", COUNT, asked)), 200

    def _counted(self, raw: bytes) -> bytes:
        """What of a request is sent on to be counted. Raises ``Problem``."""
        settings = self._service.settings
        body_limits.check_unread(raw, settings)
        body = read_body(raw)
        said = read_conversation(body, frozenset(settings.parts))
        body_limits.check_read(raw, said, settings)
        return encoded({**{name: body[name] for name in _COUNTED if name in body}, **said})


def path_of(scope: Scope) -> str:
    """The path as routers read it: without the prefix under which a server was mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    rest = path[len(root) :]
    return rest if root and path.startswith(root) and (not rest or rest.startswith("/")) else path
