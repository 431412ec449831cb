"""Which of several inference servers answers one request, and where that is said: in the record, and, if another model
than the requested one answers, in the answer and its headers."""

from __future__ import annotations

from typing import Any

from ordinance.protocol.asked import Request
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.runtime.session import Session
from ordinance.serve.behind.contract import Errand, Served
from ordinance.serve.door.http_headers import FALLBACK
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.keys import Client


class AnsweringServer:
    """The server of one request; nothing is said where there is only one."""

    def __init__(self) -> None:
        self._served: Served | None = None

    def errand(self, request: Request, client: Client, *, speaks: bool) -> Errand:
        """Return what chooses the server of a ``request`` of the ``client``. What an adapter is to say no other model
        says in its place, and no vectors are of another model: unless a model ``speaks``, nobody could compare them."""
        substitute = speaks and not request.adapter
        return Errand(request.adapter or request.model, client.models, substitute=substitute, note=self._note)

    def _note(self, served: Served) -> None:
        self._served = served

    def begun(self, exchange: Exchange, session: Session, stream: GovernedStream | None = None) -> None:
        """Say which model answers, before anything of the answer leaves."""
        served = self._served
        if served is None:
            return
        if served.substitute:
            session.fallback = exchange.common[FALLBACK] = served.model
        if stream is not None and (served.substitute or served.named):
            stream.answers_as(served.model)

    def record(self) -> dict[str, Any]:
        """Return what the record says of the server that was asked last, and of the one that failed before."""
        served = self._served
        if served is None:
            return {}
        fallback = {
            **({"from": served.failed, "problem": served.problem} if served.failed else {}),
            **({"model": served.model} if served.substitute else {}),
        }
        return {"upstream": served.server, **({"fallback": fallback} if fallback else {})}
