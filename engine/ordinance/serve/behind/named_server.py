"""One of several inference servers: its connections, its health, and how many requests it has open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from ordinance.protocol.problems import Problem
from ordinance.serve.behind.server_choice import Candidate
from ordinance.serve.behind.server_health import AT_ONCE, Health
from ordinance.serve.behind.small_answers import Model, read_models
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.http.stderr import log_defect, tell
from ordinance.settings.named_upstreams import NamedUpstreamSettings
from ordinance.settings.sections import UpstreamSettings

#: A server that a request did not reach is asked for its models at once, but not more often than this, in seconds.
_PAUSE_SECONDS = 0.2
_OF_CONNECTION = frozenset(UpstreamSettings.model_fields)


class NamedServer:
    """The server that the settings call ``name``. Raises ``SettingsError`` as ``Upstream`` does. ``listed`` are the
    models that it said it has, ``open`` counts the requests that it has of this process, ``turn`` is the number of the
    last one. ``open_up`` it in the loop, and ``retire`` it once."""

    def __init__(self, name: str, settings: NamedUpstreamSettings) -> None:
        self.name = name
        self.settings = settings
        self.upstream = Upstream(settings, f"upstreams.{name}", watched=True)
        self.health = Health()
        self.listed: tuple[Model, ...] = ()
        self.open = self.turn = 0
        self.seen = asyncio.Event()
        self._soon = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    def candidate(self) -> Candidate:
        """Return the server as it is now."""
        healthy = self.health.takes(asyncio.get_running_loop().time())
        settings = self.settings
        return Candidate(self.name, settings.names, settings.fallback, healthy, settings.drain, self.open, self.turn)

    @property
    def missing(self) -> list[str]:
        """Return the models that the server should have and does not list; none while it has not been seen."""
        has = {model.id for model in self.listed}
        return [model for model in self.settings.models if model not in has] if has else []

    def connects_as(self, other: NamedServer) -> bool:
        """Return whether ``other`` has the same connections; of certificates in a file nobody knows."""
        mine, theirs = (each.settings.model_dump(include=set(_OF_CONNECTION)) for each in (self, other))
        return mine == theirs and self.upstream.key == other.upstream.key and self.settings.ca is None

    def open_up(self) -> None:
        """Get ready to connect, and begin to ask the server how it is."""
        self.upstream.open()
        self._watching = asyncio.create_task(self._watch())

    async def retire(self) -> None:
        """Close the connections."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        self.seen.set()
        await self.upstream.end()

    def answered(self) -> None:
        """Take note that the server has begun to answer a request."""
        if self.health.state != "up" or self.health.failures:
            self._note(self.health.answered())

    def failed(self, problem: Problem) -> None:
        """Take note of a ``problem`` of the server's with which a request ended before its answer began."""
        self._note(self.health.failed(problem, asyncio.get_running_loop().time()))
        if problem.code in AT_ONCE:
            self._soon.set()

    async def _watch(self) -> None:
        while True:
            try:
                self.listed = tuple(read_models(await self.upstream.listing()))
            except Problem as problem:
                self._note(self.health.missed(problem))
            except Exception as error:  # whoever watches a server goes on, whatever it says
                log_defect(error)
            else:
                self._note(self.health.listed())
            self.seen.set()
            self._soon.clear()
            await asyncio.sleep(_PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.settings.health_seconds):
                    await self._soon.wait()

    def _note(self, health: Health) -> None:
        before, self.health = self.health, health
        if before.is_good and health.state == "down":
            tell(f"the model server '{self.name}' does not answer ({health.why}); requests go to others", "error")
        elif health.is_good and not before.is_good:
            tell(f"the model server '{self.name}' answers again", "info")


def named_servers(settings: Mapping[str, NamedUpstreamSettings]) -> dict[str, NamedServer]:
    """Make the servers of the ``settings``. Raises ``SettingsError``."""
    return {name: NamedServer(name, each) for name, each in settings.items()}
