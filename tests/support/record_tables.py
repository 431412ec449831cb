"""A record in a real PostgreSQL: its table, and one role each for who owns, writes, reads and deletes."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr

from ordinance.record.record_table import SCHEMA, RecordTable
from ordinance.record.verified_record import Known, Verified, verify
from ordinance.serve.record.chained_log import ChainedLog
from ordinance.serve.record.scribe import Log
from ordinance.serve.record.table_log import opened_table
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.detached import either_key
from support.databases import PATIENCE, PostgresqlServer
from support.records import key_file

SECRET = "a-word-that-nobody-may-read"
#: What docs/record.md gives each of them.
ROLES = f"""
CREATE ROLE writer LOGIN PASSWORD '{SECRET}'; GRANT INSERT (line), SELECT ON ordinance_record TO writer;
CREATE ROLE blind LOGIN; GRANT INSERT (line) ON ordinance_record TO blind;
CREATE ROLE reader LOGIN; GRANT SELECT ON ordinance_record TO reader;
CREATE ROLE pruner LOGIN; GRANT SELECT, INSERT, UPDATE (line) ON ordinance_record TO pruner;
CREATE ROLE nobody LOGIN;
"""


def run(url: str, statement: str, *args: Any) -> list[Any]:
    """Return the rows that ``statement`` gives, or do it."""

    async def do() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            if statement.startswith("SELECT"):
                return list(await connection.fetch(statement, *args))
            await connection.execute(statement, *args)
            return []
        finally:
            await connection.close()

    return asyncio.run(do())


def wait_for(server: PostgresqlServer) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            run(server.url, "SELECT 1")
            return
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < deadline
            time.sleep(0.05)


class RecordDatabase:
    """A database of its own on ``server``, with an empty table."""

    def __init__(self, server: PostgresqlServer, name: str) -> None:
        self.server = server
        self._root = server.url
        self._name = name
        self.execute(f"CREATE DATABASE {name}", name="postgres")
        self.execute(SCHEMA)
        with suppress(asyncpg.DuplicateObjectError):
            self.execute("".join(each for each in ROLES.splitlines(True) if "CREATE" in each))
        self.execute("; ".join(each.partition(";")[2].strip(" ;\n") for each in ROLES.splitlines() if "GRANT" in each))

    def url(self, role: str = "writer", name: str = "") -> str:
        who = f"writer:{SECRET}" if role == "writer" else role
        return self._root.replace("tester@", f"{who}@").rpartition("/")[0] + f"/{name or self._name}"

    def table(self, role: str = "reader") -> RecordTable:
        return RecordTable(self.url(role))

    def execute(self, statement: str, *args: Any, role: str = "tester", name: str = "") -> list[Any]:
        return run(self.url(role, name), statement, *args)

    def wait(self) -> None:
        """Wait until it answers again: it takes connections a moment before."""
        wait_for(self.server)

    def lines(self) -> list[bytes]:
        return [line.data for line in self.table().lines()]


def settings(database: RecordDatabase, folder: Path, *, role: str = "writer", **more: Any) -> AuditSettings:
    found = {"key_file": key_file(folder), "checkpoint_records": 3, "checkpoint_seconds": 3600, **more}
    return AuditSettings(store=SecretStr(database.url(role)), **found)


def opened(database: RecordDatabase, folder: Path, **more: Any) -> ChainedLog:
    """Open the record as a process of a server does; the key is in ``folder``."""
    log = opened_log(database, folder, **more)
    assert isinstance(log, ChainedLog)
    return log


def opened_log(database: RecordDatabase, folder: Path, **more: Any) -> Log:
    found = settings(database, folder, **more)
    assert found.store is not None
    return opened_table(found.store.get_secret_value(), found)


def verified(database: RecordDatabase, folder: Path, **more: Any) -> Verified:
    public = either_key(folder / "record.pub")
    return verify([database.table()], Known({sha256(public).hexdigest(): public}, **more))
