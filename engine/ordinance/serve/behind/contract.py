"""What stands behind the doors: the model server, over HTTP (``Upstream``) or in the same process (``InProcess``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from ordinance.protocol.problems import Problem
from ordinance.serve.behind.field_named import field_in
from ordinance.serve.http.exchange import Exchange
from ordinance.settings.model import Settings

#: A list of models and a count of tokens are small; what is longer is refused. In bytes.
MOST_READ = 1024 * 1024


class Want(Enum):
    """What an answer that was taken so far still wants: ``MORE`` of it; nothing, for it said that it is ``COMPLETE``;
    or nothing, for Ordinance has ``ENDED`` it and the model may stop."""

    MORE = "more"
    COMPLETE = "complete"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Served:
    """Who serves a request, where there are several servers: the name of the ``server`` that was asked last. ``model``
    is the one that was asked, as clients name it; ``substitute``: it is not the requested one. ``named``: the server
    calls it otherwise. If another server failed before, ``failed`` is its name and ``problem`` the code."""

    server: str
    model: str
    substitute: bool = False
    named: bool = False
    failed: str = ""
    problem: str = ""


def _unnoted(_: Served) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Errand:
    """What one of several servers is chosen by: the requested ``model``, and whether the operator's fallback may answer
    in its place (``substitute``), if it is one of the ``models`` that the client may ask for (none: all). ``note`` is
    called before a server is asked."""

    model: str
    models: frozenset[str] = frozenset()
    substitute: bool = True
    note: Callable[[Served], None] = _unnoted


#: Where there is one server, it does not matter which model is asked for.
NO_ERRAND = Errand("")


class Answer(Protocol):
    """Takes what the server says, as it comes. Both methods raise ``Problem`` and ``ClientGone``."""

    async def begin(self) -> None:
        """Note that the server has begun to answer, with status 200."""

    async def take(self, piece: bytes) -> Want:
        """Take the next bytes of its body."""


class ModelServer(Protocol):
    """Where answers come from. Made once per process."""

    async def admit(self, exchange: Exchange) -> None:
        """Raise ``Problem`` (401) if the server itself would reject this client."""

    async def answer(
        self, exchange: Exchange, path: str, body: bytes, answer: Answer, *, streaming: bool, errand: Errand = NO_ERRAND
    ) -> None:
        """Ask at ``path`` and give what comes to ``answer``, while the client listens; ``errand`` chooses among
        several servers. Raises ``Problem`` and ``ClientGone``."""

    async def read(
        self, exchange: Exchange, method: str, path: str, body: bytes | None = None, *, errand: Errand = NO_ERRAND
    ) -> bytes:
        """Read a small answer, whole. Raises ``Problem``."""

    async def end(self) -> None:
        """End all requests: answers that still run end with a ``Problem`` (503)."""


@dataclass(frozen=True, slots=True)
class ServerCounts:
    """What is counted of several servers, by their names: whether each is ``up``, how many requests it has ``open``,
    how many it got, got after another way had failed (``further``), and ``failures`` by code."""

    up: Mapping[str, bool]
    open: Mapping[str, int]
    requests: Mapping[str, int]
    further: Mapping[str, int]
    failures: Mapping[tuple[str, str], int]


@runtime_checkable
class Several(Protocol):
    """What stands behind, if it is several servers."""

    def prepared(self, settings: Settings) -> Callable[[], None]:
        """Read the servers of the ``settings``; return what puts them in force. Raises ``SettingsError``."""

    def counts(self) -> ServerCounts:
        """Return what is counted now. Called in any thread."""


def refused(status: int, headers: Mapping[str, str], body: bytes = b"") -> Problem:
    """Return the problem for a status of the server's other than 200. Of its ``body`` nothing is told but the name of
    the field that a 400 is about: it can echo what was said."""
    after = headers.get("retry-after", "")
    kept = {"retry-after": after} if after.isdecimal() and after.isascii() else {}
    if status == 429:
        return Problem(429, "upstream_busy", "The model server has too many requests. Try again later.", None, kept)
    if status == 404:
        told = "it has no such model (`GET /v1/models` lists them), or no such API"
        return Problem(404, "upstream_refused", f"The model server did not accept the request (status 404): {told}.")
    if status == 400 and (name := field_in(body)):
        told = f"The model server did not accept the request (status 400): `{name}` has a value that it does not take."
        return Problem(400, "upstream_refused", told, name)
    if status == 400:
        told = "a value is not one that it takes, or the text is too long for the model"
        return Problem(400, "upstream_refused", f"The model server did not accept the request (status 400): {told}.")
    if 400 <= status < 500:
        return Problem(status, "upstream_refused", f"The model server did not accept the request (status {status}).")
    if status == 503:
        return Problem(503, "upstream_busy", "The model server is not ready. Try again later.", None, kept)
    return Problem(502, "upstream_failed", f"The model server failed (status {status}).")


def denied(who: str) -> Problem:
    """502: the model server does not accept the key of ``who``, which is not the client's fault."""
    return Problem(502, "upstream_denied", f"The model server does not accept the {who}'s key.")


def too_slow() -> Problem:
    """504: the model server took longer than it may."""
    return Problem(504, "upstream_timeout", "The model server did not answer in time.")
