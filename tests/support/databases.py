"""A real PostgreSQL and a real Redis on loopback, each in a folder of its own, for one run of the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from support.ports import free_port

PATIENCE = 60.0


class Database:
    """A server that can be stopped and started again; ``url`` stays the same."""

    url: str
    #: What ends it at once.
    ended_by = signal.SIGKILL

    def __init__(self, command: list[str], port: int, user: str | None = None) -> None:
        self._command = command
        self._port = port
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet, user=self._user)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, f"{self._command[0]} ended"
                assert time.monotonic() < deadline, f"{self._command[0]} takes no connections"
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(self.ended_by)
            self._process.wait(PATIENCE)
            self._process = None


class RedisServer(Database):
    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: make system"
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        words = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "yes"]
        super().__init__([program, *words], port)


class PostgresqlServer(Database):
    #: Ends its processes too, without a last word; after a kill some live on for a moment, and no other starts.
    ended_by = signal.SIGQUIT

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        assert programs, "PostgreSQL is missing: make system"
        user = "postgres" if os.geteuid() == 0 else None  # it does not run as root
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        port = free_port()
        make = [str(programs[-1] / "initdb"), "-D", str(folder), "-U", "tester", "-A", "trust", "-N", "-E", "UTF8"]
        subprocess.run(make, check=True, user=user, capture_output=True, cwd="/")
        self.url = f"postgresql://tester@127.0.0.1:{port}/postgres"
        words = ["-D", str(folder), "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F"]
        super().__init__([str(programs[-1] / "postgres"), *words], port, user)
