"""Where conversations are remembered, as the settings say, and the secret that makes their keys."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ordinance.errors import ServeError
from ordinance.serve.conversations.in_memory import InMemoryStore
from ordinance.serve.conversations.recollection import Recollection
from ordinance.serve.conversations.sqlite import SqliteStore
from ordinance.serve.conversations.store import Store
from ordinance.serve.http.stderr import tell
from ordinance.settings.sections import ConversationSettings

_NAME = "conversations.sqlite"
_SECRET_BYTES = 32
#: A shorter secret could be guessed.
_LEAST_BYTES = 16


def recollection(settings: ConversationSettings, environment: Mapping[str, str] = os.environ) -> Recollection | None:
    """Open what the settings name; None if nothing is to be remembered. Nothing is connected to before the first
    question. Without a ``store`` it is a SQLite file in the folder that ``environment`` gives for a service's state
    (``STATE_DIRECTORY``, ``XDG_STATE_HOME``), else this process's memory.

    Raises ``ServeError`` if a driver is not installed, or the secret cannot be read or made.
    """
    where = settings.store.get_secret_value() if settings.store else _default(environment)
    if where == "none":
        return None
    if where is None:
        tell(
            "conversations are remembered in this process alone and forgotten when it ends: set 'conversation.store', "
            "or STATE_DIRECTORY"
        )
        return Recollection(InMemoryStore(), secrets.token_bytes(_SECRET_BYTES), settings.days)
    if where.startswith("sqlite:"):
        path = Path(where.removeprefix("sqlite:"))
        beside = path.with_name(f"{path.name}.secret")
        secret = _secret(settings.secret_file or beside, make=settings.secret_file is None)
        return Recollection(SqliteStore(path), secret, settings.days)
    if settings.secret_file is None:  # the settings do not pass without one
        raise ServeError("'conversation.secret_file' is not set.", help="Set it.")
    return Recollection(_shared(where), _secret(settings.secret_file, make=False), settings.days)


def _default(environment: Mapping[str, str]) -> str | None:
    if state := environment.get("STATE_DIRECTORY"):
        return f"sqlite:{Path(state.partition(':')[0]) / _NAME}"
    if home := environment.get("XDG_STATE_HOME"):
        return f"sqlite:{Path(home) / 'ordinance' / _NAME}"
    return None


def _shared(url: str) -> Store:
    try:
        if url.startswith("redis"):
            from ordinance.serve.conversations.redis import RedisStore

            return RedisStore(url)
        from ordinance.serve.conversations.postgresql import PostgresqlStore

        return PostgresqlStore(url)
    except ModuleNotFoundError as error:
        extra = "redis" if url.startswith("redis") else "postgresql"
        raise ServeError(
            f"'conversation.store' needs the package {error.name}, which is not installed.",
            help=f"Install ordinance[{extra}].",
        ) from None


def _secret(file: Path, *, make: bool) -> bytes:
    """Read the secret, or make one where there is none yet and ``make`` says so."""
    try:
        if make and not file.exists():
            _make(file)
        secret = file.read_bytes().strip()
    except OSError as error:
        raise ServeError(
            f"the secret for conversations {file} cannot be {'made' if make else 'read'}: {error.strerror}.",
            help="Name a file that can be read, under 'conversation.secret_file': "
            f"head -c {_SECRET_BYTES} /dev/urandom | base64 >FILE",
        ) from None
    if len(secret) < _LEAST_BYTES:
        raise ServeError(
            f"the secret for conversations {file} is shorter than {_LEAST_BYTES} bytes, so it could be guessed.",
            help=f"Make another: head -c {_SECRET_BYTES} /dev/urandom | base64 >FILE",
        )
    return secret


def _make(file: Path) -> None:
    """Make the secret so that of several processes that start at once all read the same."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as fresh:  # its owner alone may read it
        fresh.write(secrets.token_urlsafe(_SECRET_BYTES) + "\n")
        fresh.flush()
        with suppress(FileExistsError):
            os.link(fresh.name, file)
