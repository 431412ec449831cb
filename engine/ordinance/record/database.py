"""A PostgreSQL database as the record uses it: one connection, used by one thread, whose faults are in our words."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

#: How long a connection, or one command, may take, in seconds.
PATIENCE_SECONDS = 5.0


class NotKeptError(Exception):
    """The database inserted other rows than it was given, and says so."""


#: What the database says of itself, and what people are told; True where waiting does not mend it.
_WORDS: dict[type[BaseException], tuple[str, bool]] = {
    asyncpg.InvalidAuthorizationSpecificationError: ("the database refuses the user or the password", True),
    asyncpg.InvalidCatalogNameError: ("there is no such database", True),
    asyncpg.UndefinedTableError: ("the database has no table ordinance_record (see `ordinance audit schema`)", True),
    asyncpg.InsufficientPrivilegeError: ("the database's role lacks a privilege on ordinance_record", True),
    asyncpg.ClientConfigurationError: ("the address of the database is wrong", True),
    NotKeptError: (
        "the database did not keep what it was given: a trigger or a rule drops rows of ordinance_record",
        True,
    ),
    asyncpg.ReadOnlySQLTransactionError: ("the database is read-only", False),
    asyncpg.DiskFullError: ("the database's disk is full", False),
    asyncpg.TooManyConnectionsError: ("the database takes no more connections", False),
    asyncpg.CannotConnectNowError: ("the database is starting or stopping", False),
    asyncpg.AdminShutdownError: ("the database is stopping", False),
    asyncpg.CrashShutdownError: ("the database is stopping", False),
    asyncpg.QueryCanceledError: ("the database does not answer in time", False),
    TimeoutError: ("the database does not answer in time", False),
    asyncpg.PostgresConnectionError: ("the connection to the database was lost", False),
    asyncpg.InterfaceError: ("the connection to the database was lost", False),
    OSError: ("the database cannot be reached", False),
    ValueError: ("the address of the database is wrong", True),
}
#: Faults of a connection that was good before: another may be.
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, OSError)


class DatabaseError(OSError):
    """A database that does not do what it is asked. ``lasting``: waiting does not mend it; ``lost``: the connection
    broke; ``state`` is the SQLSTATE, if the database gave one. Contains neither an address nor a row."""

    def __init__(self, error: BaseException) -> None:
        self.state = str(getattr(error, "sqlstate", None) or "")
        words = next((_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS), None)
        what, self.lasting = words or (f"the database reports {self.state or type(error).__name__}", False)
        self.lost = isinstance(error, _LOST) and not isinstance(error, TimeoutError)
        super().__init__(errno.EIO, what)


class Database:
    """A connection to the database at ``url``, made when it is needed. ``settings`` are those of its session;
    ``seconds`` is how long one command may take (None: as long as it takes)."""

    def __init__(
        self, url: str, settings: Mapping[str, str] = MappingProxyType({}), seconds: float | None = PATIENCE_SECONDS
    ) -> None:
        self._url = url
        self._settings = {"application_name": "ordinance", **settings}
        self._seconds = seconds
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._connection: asyncpg.Connection | None = None

    @property
    def connected(self) -> bool:
        """Return whether there is a connection, as far as anybody knows."""
        return self._connection is not None

    def run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Return what ``work`` gives for the connection. Raises ``DatabaseError``, and the connection is closed."""
        try:
            return self._runner.run(self._with(work))
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, NotKeptError) as error:
            self.drop()
            raise DatabaseError(error) from None
        except BaseException:
            self.drop()
            raise

    async def _with(self, work: Callable[[Any], Awaitable[T]]) -> T:
        if self._connection is None:
            self._connection = await asyncpg.connect(
                self._url, timeout=PATIENCE_SECONDS, command_timeout=self._seconds, server_settings=self._settings
            )
        return await work(self._connection)

    def drop(self) -> None:
        """Close the connection; the next command makes another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
            self._runner.run(asyncio.sleep(0))  # its transport is closed by the loop

    def close(self) -> None:
        """Close all of it. No command may follow."""
        self.drop()
        self._runner.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
