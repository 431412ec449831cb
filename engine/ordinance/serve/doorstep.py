"""What every request passes before it comes to a door."""

from __future__ import annotations

import asyncio
import ipaddress
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ordinance.serve.protocol.problems import Problem, other_host, two_lengths
from ordinance.settings.model import Settings


class Presence:
    """Counts the requests that are inside."""

    def __init__(self) -> None:
        self.inside = 0

    async def gone(self, seconds: float) -> None:
        """Wait until nobody is inside, at most so long."""
        for _ in range(max(1, round(seconds / 0.02))):
            if not self.inside:
                return
            await asyncio.sleep(0.02)


class Doorstep:
    """Turns away what asks for another host or writes its path so that two readers may take it for two paths."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, presence: Presence) -> None:
        self._app = app
        self._hosts = hosts
        self._presence = presence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # No path of ours needs an escape. With one, a proxy before us may read another path than the router does: it is
        # none, and whoever asks for it is told so as for any closed door, with a key.
        if b"%" in scope.get("raw_path", b""):
            scope = {**scope, "path": "", "raw_path": b""}
        problem = self._problem(scope)
        if problem is not None:
            body = msgspec.json.encode(problem.body())
            answer = Response(body, problem.status, problem.headers, media_type="application/json")
            await answer(scope, receive, send)
            return
        self._presence.inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._presence.inside -= 1

    def _problem(self, scope: Scope) -> Problem | None:
        if {b"content-length", b"transfer-encoding"} <= {name.lower() for name, _ in scope["headers"]}:
            return two_lengths()
        if self._hosts is not None and not _is_among(Headers(scope=scope).get("host", ""), self._hosts):
            return other_host()
        return None


def expected_hosts(settings: Settings) -> frozenset[str] | None:
    """The names under which the gateway lets itself be asked; None for any.

    A page in a browser can have its own name resolve to this machine and then ask as if it were of the same origin. A
    key stops it; without keys, a gateway on loopback goes by the name that was asked for.
    """
    if settings.keys or not (settings.hosts or _is_loopback(settings.host)):
        return None
    return frozenset(name.lower() for name in (*settings.hosts, settings.host))


def _is_among(asked: str, hosts: frozenset[str]) -> bool:
    try:
        name = urlsplit(f"//{asked}").hostname or ""
    except ValueError:
        return False
    return name in hosts or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
