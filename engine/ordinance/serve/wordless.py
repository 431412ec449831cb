"""What is logged in a server's process while it answers: where and how grave, and no word of a request.

A server writes a log of its own. vLLM 0.32 writes in it, as the client wrote them, the name of a model that it does
not have, a schema or grammar that it cannot read, and, where it logs errors in full, each field that it refuses. Which
lines those are changes from version to version, so this does not go by lines: of whatever is logged on behalf of a
request, by any logger, the words are left out where the record is made, before any handler has seen it.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from ordinance.protocol import routes

#: Set in the context of a request, and so in every task that it begins.
_ANSWERING: ContextVar[bool] = ContextVar("ordinance_answering", default=False)
_LEFT_OUT = "a line about a request (ordinance leaves its words out)"
#: How many exceptions of a chain are named.
_MOST_CAUSES = 8


def answering() -> None:
    """Mark the present task as one that answers a request."""
    _ANSWERING.set(True)


class Wordless:
    """Makes the process's log records, as they were made before, but without the words of requests."""

    def __init__(self) -> None:
        self._before = logging.getLogRecordFactory()
        self._loop = 0

    def install(self) -> None:
        """Begin. Called in the thread of the server's event loop."""
        self._before, self._loop = logging.getLogRecordFactory(), threading.get_ident()
        logging.setLogRecordFactory(self)

    def remove(self) -> None:
        """Make records again as before."""
        if logging.getLogRecordFactory() is self:
            logging.setLogRecordFactory(self._before)

    def __call__(
        self, name: str, level: int, path: str, line: int, msg: Any, args: Any, exc_info: Any, *rest: Any, **more: Any
    ) -> logging.LogRecord:
        if name == "uvicorn.access":
            args = _with_a_known_path(args)
        elif self._is_about_a_request(name, exc_info):
            error = exc_info[1] if isinstance(exc_info, tuple) else None
            msg, args, exc_info = "\n".join((_LEFT_OUT, *_places(error))), (), None
        return self._before(name, level, path, line, msg, args, exc_info, *rest, **more)

    def _is_about_a_request(self, name: str, exc_info: Any) -> bool:
        """Work that was handed to a thread has lost its context. What a task left behind is told by asyncio, and what
        reached the HTTP server by that, in any context."""
        if _ANSWERING.get() or name == "asyncio" or (name == "uvicorn.error" and exc_info):
            return True
        return name.partition(".")[0] == "vllm" and threading.get_ident() != self._loop


def _with_a_known_path(args: Any) -> Any:
    """Reduce what the HTTP server logs of a request (address, method, path, version, status) to the path without its
    query, and only if it is one of a server's routes."""
    if not isinstance(args, tuple) or len(args) != 5:
        return ("-", "-", "/…", "-", 0)
    address, method, asked, version, status = args
    path = str(asked).partition("?")[0]
    return (address, method, path if routes.is_listed(path) else "/…", version, status)


def _places(error: BaseException | None) -> Iterator[str]:
    """Yield the types of an exception and of its causes, and where each was raised."""
    for _ in range(_MOST_CAUSES):
        if error is None:
            return
        yield type(error).__name__
        yield from (f"  {at.filename}:{at.lineno} in {at.name}" for at in traceback.extract_tb(error.__traceback__))
        error = error.__cause__ or error.__context__
