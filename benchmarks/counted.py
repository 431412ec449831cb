"""What counting costs: processor time of a gateway that shows metrics beside one that shows none and beside the engine
without them (a checkout of an earlier commit), in one run, in turns. And the counting of an answer alone.

    .venv/test/bin/python benchmarks/counted.py [--answers N] [--rounds N] [--before CHECKOUT]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
from conversation import EVENTS, upstream

from ordinance.serve.metrics.meter import Meter

ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
RECORD: dict[str, Any] = {
    "api": "chat/completions", "status": 200, "jurisdiction": "DE", "verdict": "disclose", "failed": [], "trials": [],
    "rules": ["EU/machine", "EU/synthetic_text"], "balanced": True,
}  # fmt: skip
EFFECTS = {"EU/machine": "say", "EU/synthetic_text": "mark"}


class Gateway:
    """A gateway of the engine in ``checkout``, as a process of its own, before the server at ``url``, or those that
    ``variables`` name."""

    def __init__(self, checkout: Path, url: str = "", **variables: str) -> None:
        behind = ["--upstream", url] if url else []
        words = ["-m", "ordinance.cli.main", "serve", *behind, "--jurisdiction", "DE", "--port", "0"]
        shared = {"ORDINANCE_AUDIT": "/dev/null", "ORDINANCE_CONVERSATION__STORE": "none"}
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, *words],
            env={**os.environ, "PYTHONPATH": str(checkout / "engine"), **shared, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said = next(line for line in self.process.stdout or () if "listening on" in line)
        self.address = re.findall(r"http://[^\s,]+", said)[0]

    def spent(self) -> float:
        """Processor time so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def alone(answers: int = 20_000) -> float:
    """Microseconds for counting an answer: the least of seven rounds."""
    meter, least = Meter(), float("inf")
    for _ in range(7):
        began = time.process_time()
        for _ in range(answers):
            with meter.stream():
                meter.ended(RECORD, EFFECTS)
                meter.answered(0.7, 0.003)
                meter.held(RECORD, 12)
        least = min(least, (time.process_time() - began) / answers * 1e6)
    return least


async def main(answers: int, rounds: int, before: Path | None) -> None:
    print(f"counting an answer: {alone():.1f} us")
    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    gateways = {"without": Gateway(ROOT, url), "metrics": Gateway(ROOT, url, ORDINANCE_METRICS__PORT="0")}
    if before is not None:
        gateways["before"] = Gateway(before, url)
    await compare(gateways, answers, rounds, "before" if before is not None else "without")
    server.close()


async def compare(gateways: Mapping[str, Gateway], answers: int, rounds: int, base: str) -> None:
    """Print what an answer costs each of ``gateways``, which are asked in turns, also as a ratio to ``base``."""
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    costs: dict[str, list[float]] = {name: [] for name in gateways}
    with ExitStack() as ending:
        for gateway in gateways.values():
            ending.callback(gateway.process.terminate)
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            for turn in range(rounds + 1):
                for name in sorted(gateways, reverse=turn % 2 == 1):
                    gateway = gateways[name]
                    began = gateway.spent()
                    for _ in range(answers):
                        await http.post(f"{gateway.address}/v1/chat/completions", json=body)
                    if turn:  # the first warms up
                        costs[name].append((gateway.spent() - began) / answers * 1e3)
    for name, found in costs.items():
        ratio = statistics.median(one / other for one, other in zip(found, costs[base], strict=True))
        told = f"{statistics.median(found):.2f} ms, least {min(found):.2f}, for an answer of {EVENTS} events"
        print(f"{name}: {told}; {ratio:.3f} x, least {min(found) / min(costs[base]):.3f} x")


def run(what: str | None, compared: Callable[[int, int, Path | None], Coroutine[Any, Any, None]]) -> None:
    """Let the command line say how many answers and rounds, and where an earlier checkout is; ``what`` describes it."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--before", type=Path)
    given = parser.parse_args()
    asyncio.run(compared(given.answers, given.rounds, given.before))


if __name__ == "__main__":
    run(__doc__, main)
