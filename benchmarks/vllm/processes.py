"""The processes of a measurement: their processor time from /proc, the server, the gateway, the clients."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
#: How long a server may take until it answers, in seconds: a large one compiles before.
PATIENCE = 900.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def running(command: list[str], variables: dict[str, str], ready: str, log: Path) -> Iterator[int]:
    """A process from the time it answers at ``ready`` to the end of the block; its id."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=file, stderr=subprocess.STDOUT)  # noqa: S603 - ours
    try:
        opener, deadline = build_opener(ProxyHandler({})), time.monotonic() + PATIENCE
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-30:])
                sys.exit(f"{command[0]} did not come up:\n{tail}")
            try:
                with opener.open(ready, timeout=5):
                    break
            except (URLError, OSError):
                time.sleep(0.5)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def api_processes(server: int) -> list[int]:
    """The processes of ``vllm serve`` that speak HTTP: itself, or where there are several those of that name."""
    named = [pid for pid in family(server)[1:] if "APIServer" in Path(f"/proc/{pid}/cmdline").read_text()]
    return named or [server]


def spent(pids: list[int]) -> float:
    """Processor seconds so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def load(address: str, path: str, streams: int, answers: int, tokens: int, clients: int) -> list[dict[str, Any]]:
    """What client processes measured that share ``streams`` among them and begin together."""
    shares = [streams // clients + (number < streams % clients) for number in range(clients)]
    prompt = ("Say something about the river. " * 8)[:100]
    started = [
        subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, HERE / "load.py", address, path, str(share), str(answers), str(tokens), prompt],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
        if share
    ]
    for each in started:
        if each.stdout is None or each.stdout.readline() != "ready\n":
            sys.exit("a client did not come up")
    for each in started:
        if each.stdin is not None:
            each.stdin.write("\n")
            each.stdin.flush()
    said = [each.communicate()[0] for each in started]
    if any(each.returncode for each in started):
        sys.exit("a client failed; see above")
    return [json.loads(each) for each in said]


def machine() -> str:
    """The card, or the processor, and what runs."""
    cores = f"{os.cpu_count()} cores"
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown processor")
    try:
        asked = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        card = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip().splitlines()  # noqa: S603
        return f"{len(card)} × {card[0]}; {name}, {cores}"
    except (OSError, subprocess.CalledProcessError, IndexError):
        return f"no card; {name}, {cores}"
