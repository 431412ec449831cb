"""What runs in a soak: a gateway with workers, a plugin, a record on a small disk, and the model server and the judge
beside it. Only the public command line and process ids are used."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from support.allowing import entry as allowed_entry
from support.commands import PATIENCE, PROGRAMS, command, environment
from support.hostile import source
from support.judged_packs import values
from support.judges import installed
from support.plugin_folders import write_plugin
from support.ports import free_port
from support.processes import children
from support.records import key_file
from support.scripted_judge import JudgeServer

WORKERS = 2
#: The size of the disk that has the record, in MiB; small enough to be filled at once.
DISK = 64
_HOUSE = """\
house acme 1.0.{number} under charter baseline 1
title "A house"
bylaw words {{ title "Rules of words" adopted by "The board" on 2026-01-26 }}
label secrets {{ de "Geheimes" en "secrets" et "saladused" }}
lexicon phrases from "phrases.txt"
section 1 "Words" {{
  limit 1.1 found {{
    means   "Secrets are for the staff."
    when    answer has detector acme.word
    scope   span
    reason  "It is tried."
    under   words
    telling omitted about secrets
    example fires answer "FINE 1 secret-1 own-1."
    example quiet answer "Nothing to see."
  }}
  limit 1.2 listed {{
    means   "Phrases that nobody may read."
    when    answer has lexicon phrases
    scope   sentence at most 200
    reason  "It is tried."
    under   words
    telling omitted about secrets
    example fires answer "Here is ordinance-canary-86a-5d21e8 for all."
    example quiet answer "Nothing to see."
  }}
}}
"""
_SECRET = "[[text.index('secret'), text.index('secret') + len(f'secret-{number}')]]"
_PLUGIN = source(_SECRET, "[[0, 4]]", unless="'secret-' not in text")


class Part:
    """The model server or the judge, in a process that can be killed and started again on its port."""

    def __init__(self, which: str) -> None:
        self._which = which
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("parts.py")), self._which, str(self.port)]
        quiet = subprocess.DEVNULL
        variables = {**os.environ, "PYTHONPATH": PROGRAMS}
        self._process = subprocess.Popen(program, env=variables, stdout=subprocess.PIPE, stderr=quiet)
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), f"the {self._which} does not start"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class World:
    """All of it, in ``folder``; the record is in its folder ``disk``, which is mounted before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.disk = folder, folder / "disk"
        self.short_of_memory = False
        self.model, self.judge = Part("model"), Part("judge")
        self._house, self._number = folder / "house" / "acme.ord", 0
        self.write_house()
        self.record = self.disk / "audit.jsonl"
        self.port, self.metrics = free_port(), f"http://127.0.0.1:{(metrics := free_port())}/metrics"
        self.address = f"http://127.0.0.1:{self.port}"
        settings = folder / "ordinance.json"
        settings.write_text(json.dumps(self._settings(metrics)), "utf-8")
        self.log = folder / "server.log"
        words = ("--config", settings, "--port", str(self.port), "--workers", str(WORKERS))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command("serve", *words), env=environment(), stdout=log, stderr=log, cwd=folder
            )
        self._wait()

    def _settings(self, metrics: int) -> dict[str, Any]:
        guard = {"url": self.judge.url, "seconds": 5.0}
        shape = JudgeServer()
        shape.stop()
        written = values(self.folder, installed(self.folder), shape, entry=guard)
        written["packs"].append(str(self._house))
        acme = write_plugin(self.folder / "acme", _PLUGIN)
        key = key_file(self.disk)
        key.chmod(0o600)
        written["plugins"].append(allowed_entry(acme, name="acme-plugin", version="1.0"))
        return {
            **written,
            "locale": "en",
            "upstream": {"url": self.model.url, "idle_seconds": 20},
            "audit": {
                "path": str(self.record), "acknowledge": "written", "checkpoint_seconds": 5,
                "key_file": str(key),
            },
            "conversation": {"store": f"sqlite:{self.folder / 'conversations.sqlite'}"},
            "metrics": {"port": metrics},
            "limits": {"detector_seconds": 2, "detector_processes": 2},
            "log": "json",
        }  # fmt: skip

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while "listening on " not in (said := self.log.read_text("utf-8")):
            assert self.process.poll() is None, f"it does not serve: {said}"
            assert time.monotonic() < deadline, f"it does not listen: {said}"
            time.sleep(0.1)

    def write_house(self, text: str = "") -> None:
        """Write the house's pack anew, another version each time, or ``text`` in its place."""
        self._number += 1
        self._house.parent.mkdir(exist_ok=True)
        (self._house.parent / "phrases.txt").write_text("ordinance-canary-86a-5d21e8\n", "utf-8")
        self._house.write_text(text or _HOUSE.format(number=self._number), "utf-8")

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def workers(self) -> list[int]:
        """The processes that take connections, apart from the one that was started."""
        return [pid for pid in descendants(self.process.pid) if _listens(pid, self.port)]

    def plugins(self) -> list[int]:
        """The processes in which plugins run."""
        return [pid for pid in descendants(self.process.pid) if "/plugins/inside/" in _command_line(pid)]

    def memory(self) -> float:
        """What the gateway's processes have of the machine's memory, in MiB; what they share counts once."""
        return sum(map(_proportional, [self.process.pid, *descendants(self.process.pid)])) / 1024

    def stop(self) -> int:
        """End the gateway as its manager would, then the rest; the gateway's exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.model.kill()
            self.judge.kill()


def descendants(pid: int) -> Iterator[int]:
    for child in children(pid):
        yield child
        yield from descendants(child)


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""


def _listens(pid: int, port: int) -> bool:
    """Whether a process has a listening socket on ``port``."""
    with suppress(OSError):
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        return any(os.readlink(each) in listening for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


def _proportional(pid: int) -> int:
    """The memory of a process in KiB, what it shares with others divided among them."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
