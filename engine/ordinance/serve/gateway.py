"""The gateway: an ASGI application that opens the governed doors and keeps every other one shut."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ordinance.serve.door import Door
from ordinance.serve.doorstep import Doorstep, Presence, expected_hosts
from ordinance.serve.exchange import LAST_WORDS_SECONDS
from ordinance.serve.protocol.api import Api
from ordinance.serve.protocol.chat import CHAT
from ordinance.serve.protocol.completions import COMPLETIONS
from ordinance.serve.protocol.messages import MESSAGES
from ordinance.serve.protocol.problems import Problem, closed, internal, malformed
from ordinance.serve.protocol.responses import RESPONSES
from ordinance.serve.service import Service, policy_header

#: What the gateway governs.
APIS: tuple[Api, ...] = (CHAT, COMPLETIONS, RESPONSES, MESSAGES)


def gateway(service: Service) -> Starlette:
    """The application for one process. It holds the upstream's connections while it runs, and replaces the policy at a
    SIGHUP. When it is stopped, answers that still run end with a word to the client."""
    presence = Presence()

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with service.upstream:
            with _renewing(service):
                yield
            await service.upstream.end()
            await presence.gone(LAST_WORDS_SECONDS)
        service.audit.close()

    async def models(request: Request) -> Response:
        service.keyring.admit(request.headers.get("authorization"))
        return _json(govern_models(await service.upstream.models()))

    async def ready(_: Request) -> Response:
        reachable = await service.upstream.reachable()
        state: dict[str, Any] = {"ready": reachable}
        state["policy"] = policy_header(service.open(service.keyring.anyone, ()))
        if service.standing.stale:
            state["stale"] = service.standing.stale
        if service.plan.struck:
            state["struck"] = [{"rule": each.rule, "test": each.test} for each in service.plan.struck]
        return _json({**state, "upstream": "reachable" if reachable else "unreachable"}, 200 if reachable else 503)

    app = Starlette(
        routes=[
            *(Route(api.path, Door(service, api), methods=["POST"]) for api in APIS),
            Route("/v1/models", models, methods=["GET"]),
            Route("/health", _health, methods=["GET"]),
            Route("/ready", ready, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _closed, Problem: _problem, Exception: _defect},
        lifespan=running,
    )
    app.add_middleware(Doorstep, hosts=expected_hosts(service.settings), presence=presence)
    # A redirect would be made from the client's own Host header.
    app.router.redirect_slashes = False
    return app


@contextmanager
def _renewing(service: Service) -> Iterator[None]:
    """Listen to SIGHUP, which only the main thread of a process can."""
    if not service.standing.replaceable or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def renew() -> None:
        task = loop.create_task(service.standing.renew())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGHUP, renew)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


class _Model(msgspec.Struct, frozen=True):
    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = ""


class _Models(msgspec.Struct, frozen=True):
    data: list[_Model]


def govern_models(raw: bytes) -> dict[str, Any]:
    """The list of models with the fields of the OpenAI API and no others. Raises ``Problem`` (502)."""
    try:
        known = msgspec.json.decode(raw, type=_Models)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise malformed("it is no list of models") from None
    return {"object": "list", "data": known.data}


async def _health(_: Request) -> Response:
    return _json({"status": "alive"})


async def _closed(_: Request, error: Exception) -> Response:
    known = isinstance(error, HTTPException) and error.status_code == 405
    headers = error.headers if isinstance(error, HTTPException) else None
    problem = closed(path_known=known)
    return _json(problem.body(), problem.status, dict(headers or {}))


async def _problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - Starlette calls this for nothing else
    return _json(problem.body(), problem.status, dict(problem.headers))


async def _defect(_: Request, __: Exception) -> Response:
    return await _problem(_, internal())


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, "application/json")
