"""Serves the chat page: three files, and what the page has to know of the policy."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ordinance.serve.chat.questions import examples
from ordinance.serve.door.http_headers import policy_header
from ordinance.serve.door.service import Service

_FILES = {
    "/chat": ("chat.html", "text/html; charset=utf-8"),
    "/chat/chat.css": ("chat.css", "text/css; charset=utf-8"),
    "/chat/chat.js": ("chat.js", "text/javascript; charset=utf-8"),
}
_ABOUT = "/chat/about"

#: The page loads nothing from elsewhere, runs no script but its own, and stands in no other page.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class ChatPages:
    """An ASGI application that answers ``GET`` and ``HEAD`` of ``/``, ``/chat`` and the files below it while the
    settings in force show the page, and leaves every other request to ``app``. Whoever asks needs no key: nothing of
    it is a model's, and the page's own requests pass the same doors as any client's."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        folder = files("ordinance.serve.chat")
        self._words = {each.name[:-5]: msgspec.json.decode(each.read_bytes()) for each in (folder / "words").iterdir()}
        self._files = {path: (folder.joinpath(name).read_bytes(), kind) for path, (name, kind) in _FILES.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope) or self._app
        await answer(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD") or not self._service.standing.settings.shows_chat:
            return None
        if path == "/":
            return RedirectResponse("chat", headers=_HEADERS)
        if path == _ABOUT:
            return Response(msgspec.json.encode(self._about()), media_type="application/json", headers=_HEADERS)
        if path in self._files:
            body, kind = self._files[path]
            return Response(body, media_type=kind, headers=_HEADERS)
        return None

    def _about(self) -> dict[str, Any]:
        """Return what the page shows before the first question: the policy, its languages, what to try, whether a
        key is needed, and its own words by language."""
        service, settings = self._service, self._service.standing.settings
        plan = service.plan
        return {
            "policy": policy_header(service.open(service.keyring.anyone)),
            "locales": sorted(plan.languages),
            "examples": examples(plan.lineage(settings.jurisdiction)),
            "keys": bool(settings.keys),
            "words": self._words,
        }
