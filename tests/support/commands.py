"""The command line as a person runs it, in a process of its own, or its commands in this one."""

from __future__ import annotations

import io
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from contextlib import chdir, suppress
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

from ordinance.cli.main import main
from support.checkout import RULES

ENGINE = Path(__file__).resolve().parents[2] / "engine"
#: Where programs that tests write find the engine and what supports the tests.
PROGRAMS = os.pathsep.join(map(str, (ENGINE, Path(__file__).resolve().parents[1])))
#: An operator in Germany with its law alone, which a server loads in a third of the time that all packs take.
GERMANY = ("--jurisdiction", "DE", "--pack", str(RULES / "jurisdictions" / "DE"))
#: How long a server may take until it listens, in seconds; the machine may be busy.
PATIENCE = 180.0


def environment(**more: str) -> dict[str, str]:
    """This process's variables without Ordinance's own, and with the engine on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDINANCE_")}
    return {**kept, "PYTHONPATH": str(ENGINE), "ORDINANCE_CONVERSATION__STORE": "none", **more}


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "ordinance.cli.main", *map(str, words)]


def run(
    *words: str | Path, cwd: Path | None = None, given: str | bytes = b"", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself; ``given`` is its standard input."""
    data = given.encode() if isinstance(given, str) else given
    done = subprocess.run(
        command(*words), cwd=cwd, env=environment(**variables), input=data, capture_output=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def run_on_terminal(*words: str | Path, columns: int) -> subprocess.CompletedProcess[str]:
    """Run a command whose standard output is a terminal of so many ``columns``."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with subprocess.Popen(
        command(*words), env=environment(COLUMNS=""), stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE
    ) as started:
        os.close(theirs)
        said = b""
        with open(ours, "rb", buffering=0) as terminal, suppress(OSError):  # which is how a terminal says it is over
            while part := terminal.read(65536):
                said += part
        assert started.stderr is not None
        errors = started.stderr.read()
    return subprocess.CompletedProcess(
        started.args, started.returncode, said.decode().replace("\r\n", "\n"), errors.decode()
    )


def run_here(*words: str | Path, cwd: Path | None = None, given: str | bytes = b"") -> subprocess.CompletedProcess[str]:
    """As ``run``, in this process: what a command does, without the second of processor time that a start takes. Each
    command has a test that starts it."""
    data = given.encode() if isinstance(given, str) else given
    said, errors = io.BytesIO(), io.BytesIO()
    stdin, stdout, stderr = io.TextIOWrapper(io.BytesIO(data)), _open(said), _open(errors)
    with patch("sys.stdin", stdin), patch("sys.stdout", stdout), patch("sys.stderr", stderr), chdir(cwd or Path.cwd()):
        try:
            code = main([str(word) for word in words])
        except SystemExit as left:  # argparse leaves so after --help and --version
            code = int(left.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
    return subprocess.CompletedProcess(words, code, said.getvalue().decode(), errors.getvalue().decode())


def _open(kept: io.BytesIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(kept, "utf-8", write_through=True)


def copy_of_engine(folder: Path) -> Path:
    """The engine with what ships, copied into ``folder`` as it may be installed somewhere; ``folder``."""
    for part in ("engine/ordinance", "grammars", "rules"):
        shutil.copytree(ENGINE.parent / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


class Served:
    """``ordinance serve`` with these words, on a free port, until ``stop``.

    ``said`` is what it printed, to the end of the line that holds ``until``; ``address`` is where it listens.
    """

    #: A command that starts it, if it is not to be started directly.
    starter: ClassVar[tuple[str, ...]] = ()
    #: What it inherits besides the standard streams.
    descriptors: tuple[int, ...] = ()

    def __init__(self, *words: str | Path, until: str = "listening on ", **variables: str) -> None:
        self.process = subprocess.Popen(
            [*self.starter, *command("serve", "--port", "0", *words)],
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=self.descriptors,
        )
        self.said = self._read(until)
        found = re.search(r"(?:listening on|running on) ((?:http://|unix:)\S+?)(?=,|\s)", self.said)
        assert found is not None, self.said
        self.address = found[1]

    def _read(self, sign: str) -> str:
        """What it prints, to the end of the line that holds ``sign``."""
        assert self.process.stdout is not None
        said, deadline = b"", time.monotonic() + PATIENCE
        while b"\n" not in said.partition(sign.encode())[2]:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                self.process.kill()
                raise AssertionError(f"it does not serve: {said.decode()}{self.process.communicate()[1].decode()}")
            said += piece
        return said.decode()

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> tuple[str, str]:
        """End it by SIGTERM; the rest of what it printed, and its errors."""
        self.signal(signal.SIGTERM)
        try:
            output, errors = self.process.communicate(timeout=PATIENCE)
            return output.decode(), errors.decode()
        finally:
            self.process.kill()
