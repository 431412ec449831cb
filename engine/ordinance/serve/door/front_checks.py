"""What every request passes before it comes to a door."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ordinance.protocol.problems import Problem, busy, other_host, two_lengths
from ordinance.protocol.routes import HEALTH, MODELS, READY
from ordinance.serve.http.admission import home_of
from ordinance.settings.model import Settings, is_loopback

#: Asked by whoever watches over a server: answered also where no request is taken any more.
_ALWAYS = frozenset({HEALTH, READY})

_ONE_MODEL = f"{MODELS}/".encode()


class Presence:
    """Counts the requests that are inside: at most ``most``, and ``each`` from one address, where these are given."""

    def __init__(self, most: int | None = None, each: int | None = None) -> None:
        self.inside = 0
        self._most = most
        self._each = each
        self._of: Counter[str] = Counter()

    def problem(self, home: str) -> Problem | None:
        """Return why another request of ``home`` is not taken now."""
        if self._most is not None and self.inside >= self._most:
            return busy(503)
        if self._each is not None and self._of[home] >= self._each:
            return busy(429)
        return None

    @contextmanager
    def visit(self, home: str) -> Iterator[None]:
        self.inside += 1
        self._of[home] += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._of[home] -= 1
            if not self._of[home]:
                del self._of[home]

    async def gone(self, seconds: float) -> None:
        """Wait until nobody is inside, at most so long."""
        for _ in range(max(1, round(seconds / 0.02))):
            if not self.inside:
                return
            await asyncio.sleep(0.02)


class FrontChecks:
    """Turns away what asks for another host, writes its path so that two readers may take it for two paths, or is one
    request too many. ``hosts`` gives the names under which the server lets itself be asked, None for any; ``failed`` is
    told the code of each problem."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Callable[[], frozenset[str] | None],
        presence: Presence,
        failed: Callable[[str], None],
    ) -> None:
        self._app = app
        self._failed = failed
        self._hosts = hosts
        self._presence = presence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # No path of ours needs an escape, but for a model's name with a slash. With one, a proxy before us may read
        # another path than the router does: it is none, and whoever asks for it is told so as for any closed door, with
        # a key.
        raw = scope.get("raw_path", b"")
        if b"%" in raw and not raw.startswith(_ONE_MODEL):
            scope = {**scope, "path": "", "raw_path": b""}
        home = home_of((scope.get("client") or ("",))[0])
        problem = self._problem(scope, home)
        if problem is not None:
            self._failed(problem.code)
            body = msgspec.json.encode(problem.body())
            answer = Response(body, problem.status, problem.headers, media_type="application/json")
            await answer(scope, receive, send)
            return
        with self._presence.visit(home):
            await self._app(scope, receive, send)

    def _problem(self, scope: Scope, home: str) -> Problem | None:
        if {b"content-length", b"transfer-encoding"} <= {name.lower() for name, _ in scope["headers"]}:
            return two_lengths()
        hosts = self._hosts()
        if hosts is not None and not _is_among(Headers(scope=scope).get("host", ""), hosts):
            return other_host()
        return None if scope["path"] in _ALWAYS else self._presence.problem(home)


def expected_hosts(settings: Settings) -> frozenset[str] | None:
    """Return the host names that requests may use; None for any.

    A page in a browser can have its own name resolve to this machine and then send requests as if it were of the same
    origin. A key stops that; without keys, a gateway on loopback checks the requested name.
    """
    if settings.keys or not (settings.hosts or is_loopback(settings.host)):
        return None
    return frozenset(name.lower() for name in (*settings.hosts, settings.host))


def named_hosts(settings: Settings) -> frozenset[str] | None:
    """Return the host names that requests may use behind a server that has a door of its own; None for any, unless the
    operator gives some and no keys."""
    return frozenset(name.lower() for name in settings.hosts) if settings.hosts and not settings.keys else None


def _is_among(asked: str, hosts: frozenset[str]) -> bool:
    try:
        name = urlsplit(f"//{asked}").hostname or ""
    except ValueError:
        return False
    return name in hosts or is_loopback(name)
