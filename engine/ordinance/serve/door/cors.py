"""Requests of pages in a browser: origins that the operator allows may ask, and read what is answered."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ordinance.serve.door.http_headers import EXPOSED


class Cors:
    """Answers preflight requests of the ``origins``, which need no key, and lets their pages read what ``app`` answers.
    For any other origin nothing changes: a preflight comes to a door that is closed for it."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._shared = CORSMiddleware(
            app,
            allow_origins=tuple(self._origins),
            allow_methods=("GET", "POST"),
            allow_headers=("*",),
            expose_headers=EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = Headers(scope=scope).get("origin") in self._origins
        await (self._shared if allowed else self._app)(scope, receive, send)
