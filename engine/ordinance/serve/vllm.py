"""Inside vLLM: ``vllm serve MODEL --middleware ordinance.serve.vllm.Ordinance``.

A pure ASGI class around the server's application, with the doors, the session and the settings of the gateway; the
settings come from the file that ``ORDINANCE_CONFIG`` names. Deny by default: what the list of routes does not have as
governed, read or passed is closed, and a server that cannot be accounted for does not come up.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ordinance import __version__
from ordinance.errors import OrdinanceError
from ordinance.protocol.problems import Problem
from ordinance.protocol.routes import READY
from ordinance.serve.account import account, installed_version
from ordinance.serve.behind.in_process import InProcess
from ordinance.serve.door.current_policy import Renewal
from ordinance.serve.door.engine import installed_engine
from ordinance.serve.door.front_checks import FrontChecks, Presence, named_hosts
from ordinance.serve.door.http_headers import EXPOSED, policy_header
from ordinance.serve.door.numbers import numbers
from ordinance.serve.door.policies import policies_of
from ordinance.serve.door.router import Router
from ordinance.serve.door.service import Service, charter_alone, make_service, ready_state
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.stderr import log_defect, tell, write_as
from ordinance.serve.metrics.address import Shown, listen_for_metrics
from ordinance.serve.reload_signal import renewing
from ordinance.serve.wordless import Wordless, answering
from ordinance.settings.sources import load


class Ordinance:
    """Governs the application ``app``.

    Made by vLLM, which passes nothing else, and begun with the server (ASGI's lifespan): a policy that does not load,
    or a server that cannot be accounted for, stops it there with what to set.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inside = InProcess(app)
        self._service: Service | None = None
        self._front: ASGIApp | None = None
        self._shown: Shown | None = None
        self._failed = False
        self._log = Wordless()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            answering()
            front = self._front or self._begin_late(scope)
            if front is None:
                await Exchange(scope, receive, send).problem(_not_begun())
            else:
                await front(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = self._begin(scope)
        if service is None:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "ordinance: this server cannot be governed."})
            return
        policy = policy_header(service.open(service.keyring.anyone))
        tell(f"governs this server, policy {policy}", "info")
        for plugin in service.plan.attached:
            tell(f"the plugin {plugin.line()}", "info")
        if charter_alone(service):
            tell(f"no jurisdiction: only the charter applies; set `jurisdiction`, such as {min(service.plan.parents)}")
        with renewing(service):
            await self._app(scope, receive, send)
        await service.close()
        if self._shown is not None:
            self._shown.close()
        self._log.remove()

    def _begin_late(self, scope: Scope) -> ASGIApp | None:
        """Begin with the first request, for servers that do not announce their start. Returns None if that has
        failed."""
        if not self._failed:
            self._begin(scope)
        return self._front

    def _begin(self, scope: Scope) -> Service | None:
        """Open the doors; None where that cannot be, and the operator's log says why."""
        try:
            return self._open(scope)
        except OrdinanceError as error:
            _tell(error)
        except Exception as error:  # a server must not come up because something failed that nobody foresaw
            log_defect(error)
        self._failed = True
        return None

    def _open(self, scope: Scope) -> Service:
        """Look at the server, load the policy. Raises ``OrdinanceError``."""
        settings = load()
        write_as(settings.log)
        server = scope.get("app")
        account(server, settings.vllm)
        renewal = Renewal(policies_of, load, installed_engine())
        args = getattr(getattr(server, "state", None), "args", None)
        service = self._service = make_service(
            policies_of(settings), settings, self._inside, renewal=renewal, watermarked=_watermarked(args)
        )
        # vLLM's API processes have no parent of ours: each has a port of its own.
        metrics = listen_for_metrics(settings.metrics, getattr(args, "api_server_count", 1) or 1)
        self._shown = Shown(metrics, partial(numbers, service))
        self._log.install()
        self._front = self._in_front(service, args)
        return service

    def _in_front(self, service: Service, args: Any) -> ASGIApp:
        """Return the application that clients meet. ``args`` are vLLM's own, if it shows them: which pages may read an
        answer."""
        kept = frozenset(service.settings.vllm.closed_routes)
        router = Router(service, {READY: self._ready}, passed=self._app, kept=kept, patience=False)
        front = FrontChecks(router, lambda: named_hosts(service.standing.settings), Presence(), service.meter.failed)
        if args is None:
            return front
        # The server's own stands inside, where it does not see the answers that are ours.
        return CORSMiddleware(
            front,
            allow_origins=args.allowed_origins,
            allow_credentials=args.allow_credentials,
            allow_methods=args.allowed_methods,
            allow_headers=args.allowed_headers,
            expose_headers=EXPOSED,
        )

    async def _ready(self, exchange: Exchange) -> tuple[Any, int]:
        service = self._service
        if service is None:
            raise _not_begun()
        await service.admit(exchange)
        # A server that sends usage statistics has not come up.
        server = {"vllm": installed_version(), "usage_statistics": False}
        state = await ready_state(service)
        return {**state, "ordinance": __version__, "server": server}, 200 if state["ready"] else 503


def _watermarked(args: Any) -> bool | None:
    """Return whether vLLM runs with a watermark, from its arguments; None if it does not show them. A version before
    0.32 has none."""
    return None if args is None else getattr(args, "watermark_config", None) is not None


def _not_begun() -> Problem:
    return Problem(
        503, "not_begun", "This server is not governed yet, so it answers nothing. The operator's log says why."
    )


def _tell(error: OrdinanceError) -> None:
    tell(f"error[{error.code}]: {error.message}" + (f"\n  help: {error.help}" if error.help else ""), "error")
