"""The one outbound connection: the operator's own inference server.

No proxy variable, no redirect, no cookie and no header of the client is followed or forwarded, but for the id of the
request and the trace that it is part of, where they are well-formed. Every way in
which the server can fail becomes a ``Problem`` in our own words; its error bodies are not read.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import MappingProxyType

import aiohttp

from ordinance.errors import SettingsError
from ordinance.protocol.problems import Problem, malformed, truncated
from ordinance.protocol.routes import MODELS
from ordinance.serve.behind.contract import MOST_READ, NO_ERRAND, Answer, Errand, Want, denied, refused, too_slow
from ordinance.serve.behind.field_named import MOST_OF_ERROR
from ordinance.serve.behind.waits import Waits
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.stderr import tell
from ordinance.serve.http.threads import LARGE
from ordinance.settings.sections import UpstreamSettings

#: How long `/ready` waits for the upstream, in seconds.
_PROBE_SECONDS = 2.0
#: How long of that connecting may take, in seconds: less, so that it is told apart from an answer that is slow.
_PROBE_CONNECT_SECONDS = 1.5
#: How long an idle connection is kept. Shorter than servers keep theirs (5 s for uvicorn, so for vLLM): a request
#: sent on a connection that the other side is closing would fail.
_KEPT_SECONDS = 2.0
#: How long after such a line the next may say that the upstream cannot be reached, in seconds.
_QUIET_SECONDS = 60.0
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Reply:
    """An upstream's answer that has begun with status 200."""

    def __init__(self, upstream: Upstream, response: aiohttp.ClientResponse, deadline: float) -> None:
        self._upstream = upstream
        self._response = response
        self._deadline = deadline

    @property
    def content_type(self) -> str:
        return self._response.content_type

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raises ``Problem``."""
        while True:
            async with self._upstream.until(self._deadline, truncated):
                piece = await self._response.content.readany()
            if not piece:
                return
            yield piece

    async def whole(self, limit: int) -> bytes:
        """Return the whole body, at most ``limit`` bytes. Raises ``Problem``."""
        body = bytearray()
        async for piece in self.pieces():
            body += piece
            if len(body) > limit:
                raise malformed("it is over the limit")
        return bytes(body)


class Upstream:
    """A pool of connections to the inference server; see ``ModelServer``. Use it as an async context manager, or
    ``open`` and ``end`` it. Raises ``SettingsError`` if the key or the authorities that its settings name cannot be
    read; ``place`` is where the settings are. ``key`` is the token that the upstream gets; empty if it needs none.
    Standard error says when it cannot be reached, and when it answers again, unless it is ``watched``: then somebody
    else says so."""

    def __init__(self, settings: UpstreamSettings, place: str = "upstream", *, watched: bool = False) -> None:
        self._settings = settings
        self._place = place
        self._watched = watched
        self._is_lost = False
        self._quiet_until = 0.0
        self.key = _key(settings, place)
        self._trusts = _trusts(settings, place)
        self._distrusted = ""
        self._session: aiohttp.ClientSession | None = None
        self._waits = Waits(aiohttp.ClientError, OSError)

    async def __aenter__(self) -> Upstream:
        self.open()
        return self

    def open(self) -> None:
        """Get ready to connect, in the loop that runs."""
        self._session = aiohttp.ClientSession(
            headers={"authorization": f"Bearer {self.key}"} if self.key else {},
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT_SECONDS, ssl=self._trusts),
            auto_decompress=False,
            trust_env=False,
        )

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        """End all requests, because the server stops: whoever waits for the upstream, or would, gets a ``Problem``
        (503). Closing the connections alone would not wake a reader of a chunked body."""
        self._waits.end()
        if self._session is not None:
            await self._session.close()

    def until(self, deadline: float, broken: Callable[[], Problem]) -> AbstractAsyncContextManager[None]:
        """Wait for the upstream inside, at most until ``deadline`` (the loop's time) or ``end``. Raises ``Problem``:
        ``broken()`` is that of a connection that fails."""

        def failed(error: Exception) -> Problem:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                self._note_lost()
            if isinstance(error, TimeoutError):
                return too_slow()
            return self._untrusted(error) if isinstance(error, aiohttp.ClientSSLError) else broken()

        return self._waits.until(deadline, failed)

    @asynccontextmanager
    async def ask(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, streaming: bool
    ) -> AsyncIterator[Reply]:
        """Ask for an answer at ``path``, with ``headers`` of ours. Raises ``Problem`` unless it begins; leaving the
        context cancels what still runs."""
        async with self._open("POST", path, body, headers) as reply:
            # Not every server names the type of what it sends; one that names the other has not understood.
            if reply.content_type == ("application/json" if streaming else "text/event-stream"):
                raise malformed(f"it is {reply.content_type}, which was not asked for")
            yield reply

    async def admit(self, exchange: Exchange) -> None:
        """Accept every client: the server behind knows only the gateway."""

    async def answer(
        self, exchange: Exchange, path: str, body: bytes, answer: Answer, *, streaming: bool, errand: Errand = NO_ERRAND
    ) -> None:
        async def work() -> None:
            async with self.ask(path, body, exchange.onward, streaming=streaming) as reply:
                await answer.begin()
                async for piece in reply.pieces():
                    if await answer.take(piece) is not Want.MORE:
                        return

        await exchange.unless_gone(work())

    async def read(
        self, exchange: Exchange, method: str, path: str, body: bytes | None = None, *, errand: Errand = NO_ERRAND
    ) -> bytes:
        return await self._read(method, path, body)

    async def _read(
        self, method: str, path: str, body: bytes | None = None, connect_seconds: float | None = None
    ) -> bytes:
        async with self._open(method, path, body, connect_seconds=connect_seconds) as reply:
            return await reply.whole(MOST_READ)

    async def listing(self) -> bytes:
        """Return the list of models, to see whether the upstream answers. Raises ``Problem``, soon."""
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                connect_seconds = min(self._settings.connect_seconds, _PROBE_CONNECT_SECONDS)
                return await self._read("GET", MODELS, connect_seconds=connect_seconds)
        except TimeoutError:
            raise too_slow() from None

    async def trouble(self) -> str:
        """Return the code of the problem why the upstream does not answer now; empty if it does."""
        try:
            await self.listing()
        except Problem as problem:
            return problem.code
        return ""

    def _untrusted(self, error: aiohttp.ClientSSLError) -> Problem:
        """Return the problem of a connection that is not secure. Standard error says why, once for each reason."""
        found = getattr(error, "certificate_error", error)
        why = getattr(found, "verify_message", "") or getattr(found, "reason", "") or type(found).__name__
        if why != self._distrusted:
            self._distrusted = why
            help = f"Name the authority that signed it in '{self._place}.ca', or correct '{self._place}.url'."
            tell(f"the certificate of the model server is not accepted: {why}. {help}", "error")
        return Problem(502, "upstream_certificate", "The gateway does not accept the model server's certificate.")

    def _note_lost(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._watched and not self._is_lost and now >= self._quiet_until:
            self._is_lost, self._quiet_until = True, now + _QUIET_SECONDS
            tell("the model server cannot be reached; requests fail until it answers", "error")

    def _unreachable(self) -> Problem:
        self._note_lost()
        return Problem(502, "upstream_unreachable", "The model server cannot be reached.")

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        more: Mapping[str, str] = NO_HEADERS,
        *,
        connect_seconds: float | None = None,
    ) -> AsyncIterator[Reply]:
        if self._session is None:
            raise RuntimeError("the upstream is used outside its context")
        headers = {"accept-encoding": "identity", **more}
        if body is not None:
            headers["content-type"] = "application/json"
        deadline = asyncio.get_running_loop().time() + self._settings.total_seconds
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=connect_seconds or self._settings.connect_seconds,
            sock_read=self._settings.idle_seconds,
        )
        async with self.until(deadline, self._unreachable):
            response = await self._session.request(
                method,
                self._settings.base + path,
                data=_in_pieces(body),
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
            )
        if self._is_lost:
            self._is_lost = False
            tell("the model server answers again", "info")
        try:
            if response.status != 200:
                raise await self._refused(response, deadline)
            yield Reply(self, response, deadline)
        finally:
            response.close()

    async def _refused(self, response: aiohttp.ClientResponse, deadline: float) -> Problem:
        """Return the problem for a status other than 200. If the gateway's own key is refused, it is not the client's
        fault. Of a 400 the body is read, for the name of a field."""
        if response.status in (401, 403):
            return denied("gateway")
        body = b""
        if response.status == 400:
            with suppress(Problem):
                body = await Reply(self, response, deadline).whole(MOST_OF_ERROR)
        return refused(response.status, response.headers, body)


def _key(settings: UpstreamSettings, place: str) -> str:
    """Return the token for the server; empty if there is none. Raises ``SettingsError``."""
    if settings.key_file is None:
        return settings.key.get_secret_value() if settings.key else ""
    try:
        key = settings.key_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if not key or not key.isascii() or not key.isprintable():
        raise SettingsError(
            f"'{place}.key_file', {settings.key_file}, does not contain a key.",
            help="Name a file that this process may read, with the key on one line.",
        )
    return key


def _trusts(settings: UpstreamSettings, place: str) -> ssl.SSLContext | bool:
    """Return whose certificates count; True for the system's authorities. Raises ``SettingsError``."""
    if settings.ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=settings.ca)
    except (OSError, ssl.SSLError):
        raise SettingsError(
            f"'{place}.ca', {settings.ca}, does not contain certificates.",
            help="Name a file that this process may read, with certificates in PEM form.",
        ) from None


def _in_pieces(body: bytes | None) -> bytes | io.BytesIO | None:
    """Return a large body as a file, which is written piece by piece, so that other requests get their turn."""
    return body if body is None or len(body) < LARGE else io.BytesIO(body)
