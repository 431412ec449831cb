"""Several inference servers behind one gateway: the requested model decides which of them is asked.

If a server fails before anything of its answer has come, one further server is asked, at most. That is safe: a model
answers and does nothing else, for tools that a server would run itself are not accepted (``check_tools``), and the
connection to the first server is closed, which ends what it still does. A request that a server refused is not sent to
another one, nor is one whose answer had begun.

What is known of the servers is this process's own: their health, and how many requests they have open.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ordinance.protocol.problems import Problem, no_model
from ordinance.protocol.routes import MODELS
from ordinance.serve.behind.contract import NO_ERRAND, Answer, Errand, Served, ServerCounts, refused
from ordinance.serve.behind.named_server import NamedServer, named_servers
from ordinance.serve.behind.server_changes import succeeding
from ordinance.serve.behind.server_choice import Candidate, Way, fallback_of, first_way, further_way, is_served
from ordinance.serve.behind.server_health import is_of_server
from ordinance.serve.behind.small_answers import Model
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.threads import aside
from ordinance.settings.model import Settings
from ordinance.settings.named_upstreams import NamedUpstreamSettings

#: Asks one server with a body.
Ask = Callable[[NamedServer, bytes], Coroutine[Any, Any, None]]


class Upstreams:
    """The servers of the ``settings``; see ``ModelServer``. Use it as an async context manager. Raises
    ``SettingsError``."""

    def __init__(self, settings: Mapping[str, NamedUpstreamSettings]) -> None:
        self._servers = named_servers(settings)
        self._leaving: set[NamedServer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = 0
        self._ended = False
        # Those of servers that have left too: what was counted stays.
        self._requests: Counter[str] = Counter()
        self._further: Counter[str] = Counter()
        self._failures: Counter[tuple[str, str]] = Counter()

    async def __aenter__(self) -> Upstreams:
        for server in self._servers.values():
            server.open_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        """End all requests, as ``Upstream.end`` does."""
        self._ended = True
        for server in (*self._servers.values(), *self._leaving):
            await server.retire()

    @property
    def servers(self) -> tuple[NamedServer, ...]:
        """The servers that are in force."""
        return tuple(self._servers.values())

    # how they are

    async def trouble(self) -> str:
        """Return the code of the problem why no server answers; empty if one does."""
        await asyncio.gather(*(server.seen.wait() for server in self.servers))
        down = [server for server in self.servers if not server.health.is_reached]
        taking = [server for server in self.servers if not server.settings.drain and server not in down]
        return "" if taking else next((server.health.why for server in down), "upstream_busy")

    def report(self) -> list[dict[str, Any]]:
        """Return what ``/ready`` says of each server."""
        return [_report(server) for server in self.servers]

    def counts(self) -> ServerCounts:
        up = {server.name: server.health.is_good for server in self.servers}
        open = {server.name: server.open for server in self.servers}
        return ServerCounts(up, open, dict(self._requests), dict(self._further), dict(self._failures))

    # what is asked of them

    async def admit(self, exchange: Exchange) -> None:
        """Accept every client: the servers know only the gateway."""

    async def answer(
        self, exchange: Exchange, path: str, body: bytes, answer: Answer, *, streaming: bool, errand: Errand = NO_ERRAND
    ) -> None:
        async def ask(server: NamedServer, sent: bytes) -> None:
            begun = _Begun(answer, lambda: course.begin(server))
            await server.upstream.answer(exchange, path, sent, begun, streaming=streaming)

        with _Course() as course:
            await self._ask(errand, body, ask, course)

    async def read(
        self, exchange: Exchange, method: str, path: str, body: bytes | None = None, *, errand: Errand = NO_ERRAND
    ) -> bytes:
        if path == MODELS:
            return self._models()
        read: list[bytes] = []

        async def ask(server: NamedServer, sent: bytes) -> None:
            read.append(await server.upstream.read(exchange, method, path, sent))
            course.begin(server)

        with _Course() as course:  # another model counts otherwise
            await self._ask(replace(errand, substitute=False), body or b"", ask, course)
        return read[0]

    def _models(self) -> bytes:
        """Return the list of all models that a request may name. What a server lists besides is not served."""
        found: dict[str, Model] = {}
        for server in self.servers:
            listed = {model.id: model for model in server.listed}
            for name, own in server.settings.names.items():
                model = Model(name) if own not in listed else msgspec.structs.replace(listed[own], id=name)
                if name not in found or (own in listed and not found[name].created):
                    found[name] = model
        return msgspec.json.encode({"object": "list", "data": list(found.values())})

    async def _ask(self, errand: Errand, body: bytes, ask: Ask, course: _Course) -> None:
        servers = self._candidates()
        model, fallback = errand.model, fallback_of(servers, errand.model)
        substitute = errand.substitute and (not errand.models or fallback in errand.models)
        way = first_way(servers, model, substitute=substitute)
        if way is None:
            raise refused(503, {}) if is_served(servers, model) else no_model()
        served = self._served(way)
        try:
            await self._go(errand, served, body, ask, course)
            return
        except Problem as problem:
            if course.has_begun or not is_of_server(problem):
                raise
            further = further_way(self._candidates(), model, way.server, substitute=substitute)
            if further is None:
                raise
            served = replace(self._served(further), failed=way.server, problem=problem.code)
        await self._go(errand, served, body, ask, course)

    def _candidates(self) -> list[Candidate]:
        return [server.candidate() for server in self.servers]

    def _served(self, way: Way) -> Served:
        own = self._servers[way.server].settings.names[way.model]
        return Served(way.server, way.model, way.substitute, named=own != way.model)

    async def _go(self, errand: Errand, served: Served, body: bytes, ask: Ask, course: _Course) -> None:
        server = self._servers[served.server]
        self._turn += 1
        server.open, server.turn = server.open + 1, self._turn
        self._requests[server.name] += 1
        self._further[server.name] += bool(served.failed or served.substitute)
        errand.note(served)
        try:
            if served.substitute or served.named:
                body = await aside(len(body), False, _named, body, server.settings.names[served.model])
            await ask(server, body)
        except Problem as problem:
            if not course.has_begun and is_of_server(problem):
                self._failures[server.name, problem.code] += 1
                course.fail(server, problem)
            raise
        finally:
            server.open -= 1
            self._leave(server)

    # which they are

    def prepared(self, settings: Settings) -> Callable[[], None]:
        """Read what the ``settings`` name. Returns what puts these servers in force, to be called in the loop: requests
        that run end where they began. Raises ``SettingsError``."""
        read = named_servers(settings.upstreams)

        def put_in_force() -> None:
            if self._ended:
                return
            before, self._servers = self._servers, succeeding(self._servers, read)
            for old in {*before.values()} - {*self._servers.values()}:
                self._leaving.add(old)
                self._leave(old)
            for new in {*self._servers.values()} - {*before.values()}:
                new.open_up()

        return put_in_force

    def _leave(self, server: NamedServer) -> None:
        """Close a server that is not in force any more, once its last request has ended."""
        if server in self._leaving and not server.open:
            self._leaving.discard(server)
            task = asyncio.create_task(server.retire())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


class _Course:
    """How one request went so far: whether its answer ``has_begun``, and which server is to blame if it did not.

    5xx counts against a server once it is known that no other one fails the request in the same way: a request that
    two servers fail alike is at fault itself.
    """

    def __init__(self) -> None:
        self.has_begun = False
        self._suspect: tuple[NamedServer, Problem] | None = None

    def __enter__(self) -> _Course:
        return self

    def __exit__(self, *_: object) -> None:
        self._settle()

    def begin(self, server: NamedServer) -> None:
        """Take note that ``server`` answers."""
        self.has_begun = True
        server.answered()
        self._settle()

    def fail(self, server: NamedServer, problem: Problem) -> None:
        """Take note of a ``problem`` of the server's."""
        if problem.code != "upstream_failed":
            server.failed(problem)
        else:
            self._suspect = (server, problem) if self._suspect is None else None

    def _settle(self) -> None:
        """Count against a server what is left: another one answers, or none is asked any more."""
        if self._suspect is not None:
            server, problem = self._suspect
            self._suspect = None
            server.failed(problem)


class _Begun:
    """An ``answer`` that tells when it begins."""

    def __init__(self, answer: Answer, begins: Callable[[], None]) -> None:
        self.take = answer.take  # each piece takes the short way
        self._answer = answer
        self._begins = begins

    async def begin(self) -> None:
        self._begins()
        await self._answer.begin()


def _named(body: bytes, model: str) -> bytes:
    """Return the ``body`` with the server's own name of the model."""
    value: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.json.encode({**value, "model": model})


def _report(server: NamedServer) -> dict[str, Any]:
    health = server.health
    return {
        "name": server.name,
        "state": "drained" if server.settings.drain else health.state,
        **({"problem": health.why} if health.why else {}),
        **({"missing": server.missing} if server.missing else {}),
    }
