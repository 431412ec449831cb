"""Behind Envoy: ``ordinance ext-proc`` governs what an Envoy shows it of each request (ext_proc, over gRPC).

The doors, the session and the settings are the gateway's. One process serves; Envoy spreads requests over several.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from functools import partial
from typing import Any

import grpc
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as calls
from grpc_health.v1 import health_pb2_grpc

from ordinance.errors import ServeError
from ordinance.protocol.routes import HEALTH, READY
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.door.current_policy import Renewal, settle
from ordinance.serve.door.front_checks import FrontChecks, Presence, named_hosts
from ordinance.serve.door.numbers import numbers
from ordinance.serve.door.policies import Policies
from ordinance.serve.door.router import Router
from ordinance.serve.door.service import REACHED_EVERY, Service, make_service, ready_answer, ready_state
from ordinance.serve.envoy.beyond import Beyond
from ordinance.serve.envoy.certificates import credentials
from ordinance.serve.envoy.health import Health
from ordinance.serve.envoy.ports import make_server, open_port
from ordinance.serve.envoy.processor import Processor
from ordinance.serve.http.exchange import LAST_WORDS_SECONDS, Exchange
from ordinance.serve.http.glance import Glance
from ordinance.serve.http.stderr import tell, write_as
from ordinance.serve.metrics.address import Shown, listen_for_metrics
from ordinance.serve.reload_signal import renewing
from ordinance.settings.model import Settings


class ExtProc:
    """The service for one process, made of ``policies`` and ``settings``. Raises ``OrdinanceError``."""

    def __init__(self, policies: Policies, settings: Settings, renewal: Renewal | None = None, on: Any = None) -> None:
        if settings.adapters and settings.upstream is None:
            raise ServeError(
                "`adapters` need the list of the model server's models, which a request through Envoy cannot ask for.",
                help="Set `upstream.url` to the model server, or remove `adapters`.",
            )
        if settings.upstreams:
            raise ServeError(
                "`upstreams` is for `ordinance serve`: behind an Envoy, Envoy chooses the server.",
                help="Remove `upstreams`, and name the servers in Envoy's configuration.",
            )
        if settings.workers > 1:
            raise ServeError(
                "`ordinance ext-proc` serves in one process.",
                help="Remove `workers`; start one `ordinance ext-proc` per core, and name all in Envoy's cluster.",
            )
        self._settings = settings
        # Requests reach the model server through Envoy, which watches it; here it is asked for its models alone.
        self._beside = None if settings.upstream is None else Upstream(settings.upstream, watched=True)
        beyond = Beyond(settings.upstream, self._beside, settings.ext_proc.headers, self._keyed)
        self._beyond = beyond
        self.service: Service = make_service(policies, settings, beyond, on, renewal)
        limits = settings.limits
        self._presence = Presence(limits.connections, limits.connections_per_address)
        self._trouble = None if self._beside is None else Glance(self._beside.trouble, REACHED_EVERY)
        self.draining = False
        router = Router(self.service, {HEALTH: self._health, READY: self._ready})
        failed = self.service.meter.failed
        app = FrontChecks(router, lambda: named_hosts(self.service.standing.settings), self._presence, failed)
        self._processor = Processor(app, failed)

    def _keyed(self) -> bool:
        ring = self.service.keyring
        return bool(ring.clients) or ring.closed

    async def serve(self, address: str, announce: Callable[[str], None], leaving: asyncio.Event) -> None:
        """Serve at ``address`` until ``leaving`` is set; ``announce`` gets where it listens. Raises ``ServeError``."""
        ours, mode = self._settings.ext_proc, int(self._settings.socket_mode, 8)
        server, checked = make_server(), make_server()
        calls.add_ExternalProcessorServicer_to_server(self._processor, server)
        for each in (server, checked):
            health_pb2_grpc.add_HealthServicer_to_server(Health(self._is_ready), each)
        where = open_port(server, address, mode, None if ours.secured is None else credentials(ours.secured))
        if ours.health is not None:
            tell(f"health checks are answered at {open_port(checked, ours.health, mode)}", "info")
        async with AsyncExitStack() as stack:
            if self._beside is not None:
                await stack.enter_async_context(self._beside)
            stack.enter_context(renewing(self.service))
            await asyncio.gather(server.start(), checked.start())
            announce(where)
            await leaving.wait()
            await self._leave(server)
            await checked.stop(0)
        await self.service.close()

    async def _leave(self, server: grpc.aio.Server) -> None:
        """Take no more, let running answers end within the grace period, and end those that do not."""
        self.draining = True
        grace = self._settings.grace_seconds
        stopping = asyncio.ensure_future(server.stop(grace + 2 * LAST_WORDS_SECONDS))
        await self._presence.gone(grace)
        await self._beyond.end()
        await self._presence.gone(2 * LAST_WORDS_SECONDS)
        await server.stop(0)
        await stopping

    # what it says of itself

    async def _is_ready(self) -> bool:
        """Return whether Envoy should call here. Whether the model server answers is for Envoy itself to see: an
        Ordinance that left with it would take the error that says so along."""
        return bool((await ready_state(self.service, draining=self.draining))["ready"])

    async def _health(self, _: Exchange) -> tuple[Any, int]:
        return {"status": "alive"}, 200

    async def _ready(self, _: Exchange) -> tuple[Any, int]:
        trouble = None if self._trouble is None else await self._trouble()
        return await ready_answer(self.service, trouble, draining=self.draining)


def run(made: ExtProc, settings: Settings, announce: Callable[[str, Service], None]) -> bool:
    """Serve until a signal. Returns True if it was SIGINT. Raises ``ServeError``."""
    write_as(settings.log)
    with closing(Shown(listen_for_metrics(settings.metrics), partial(numbers, made.service))):
        settle()
        return asyncio.run(_until_signal(made, settings, announce))


async def _until_signal(made: ExtProc, settings: Settings, announce: Callable[[str, Service], None]) -> bool:
    leaving, interrupted = asyncio.Event(), False
    loop = asyncio.get_running_loop()

    def terminate() -> None:
        if made.draining or not settings.drain_seconds:
            leaving.set()
        made.draining = True
        loop.call_later(settings.drain_seconds, leaving.set)

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = made.draining = True
        leaving.set()

    loop.add_signal_handler(signal.SIGTERM, terminate)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    await made.serve(settings.ext_proc.listen, lambda address: announce(address, made.service), leaving)
    return interrupted
