"""Ordinance behind an Envoy beside the gateway: events a second, first text, processor time of each process.

    make ready-envoy && .venv/envoy/bin/python benchmarks/gateway/through_envoy.py [--streams N] [--pace EVENTS]

The made-up model server, the load and the prose are those of this folder. Envoy has one thread and the configuration
that ships. Subjects take turns, several rounds: the gateway; Envoy alone, which governs nothing; Envoy with `ordinance
ext-proc`. Processor time is that of Ordinance's process and of Envoy's, each for an event of the model server's.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

sys.path.append(str(Path(__file__).resolve().parents[1]))

from prose import prose
from watching import ROOT, running, spent

HERE = Path(__file__).resolve().parent
SHIPPED = ROOT / "deploy" / "envoy" / "envoy.yaml"
GOVERNS = ("--jurisdiction", "DE")


@dataclass
class Subject:
    """What stands between clients and the model server."""

    name: str
    envoy: bool
    ordinance: str  # the command; empty for none
    events: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    envoys: list[float] = field(default_factory=list)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def configuration(port: int, processor: int, upstream: int, *, governs: bool) -> dict[str, Any]:
    """What ships, with these ports, and without Ordinance where nothing ``governs``."""
    config: dict[str, Any] = yaml.safe_load(SHIPPED.read_text("utf-8"))
    listener = config["static_resources"]["listeners"][0]
    listener["address"]["socket_address"]["port_value"] = port
    for cluster in config["static_resources"]["clusters"]:
        (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        chosen = processor if cluster["name"] == "ordinance" else upstream
        endpoint["endpoint"]["address"]["socket_address"]["port_value"] = chosen
        for check in cluster.get("health_checks", ()):
            check |= {"interval": "1s", "no_traffic_interval": "1s"}
    if not governs:
        del listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"][0]
    return config


def until_it_serves(port: int, path: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise SystemExit("a subject does not serve")


def measure(subject: Subject, upstream: int, given: argparse.Namespace) -> None:
    """One measurement: the load runs against fresh processes of the subject."""
    port, processor = free_port(), free_port()
    with ExitStack() as stack:
        ours = envoys = 0
        command: list[str | Path] = ["-m", "ordinance.cli.main", subject.ordinance]
        if subject.ordinance == "serve":
            words = [*command, "--port", str(port), "--upstream", f"http://127.0.0.1:{upstream}", *GOVERNS]
            ours, _ = stack.enter_context(running(words, "listening"))
        elif subject.ordinance:
            words = [*command, "--listen", f"127.0.0.1:{processor}", *GOVERNS]
            ours, _ = stack.enter_context(running(words, "listening"))
        if subject.envoy:
            config = json.dumps(configuration(port, processor, upstream, governs=bool(ours)))
            binary = next(Path(sys.prefix).glob("lib/python*/site-packages/envoy/_bin/envoy*"))
            words = ["--config-yaml", config, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"]
            envoys, _ = stack.enter_context(running(words, None, binary))
        if ours:
            until_it_serves(port, "/health")
        else:
            time.sleep(1)
        load = [sys.executable, HERE / "load.py", f"http://127.0.0.1:{port}", str(given.streams), str(given.seconds)]
        subprocess.run([*load[:-1], "1"], check=True, capture_output=True)  # noqa: S603 - ourselves
        watched = [pid for pid in (ours, envoys) if pid]
        before, start = {pid: spent(pid) for pid in watched}, time.perf_counter()
        done = subprocess.run(load, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
        took, used = time.perf_counter() - start, {pid: spent(pid) - before[pid] for pid in watched}
    found = json.loads(done.stdout)
    events = found["answers_per_second"] * given.events
    subject.events.append(events)
    subject.firsts.append(found["first_text_ms"])
    subject.ours.append(used.get(ours, 0) / took / events * 1e6)
    subject.envoys.append(used.get(envoys, 0) / took / events * 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--pace", type=float, default=60, help="events a second on each stream")
    parser.add_argument("--events", type=int, default=200, help="of one answer")
    parser.add_argument("--seconds", type=float, default=10, help="that each measurement lasts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--novel", action="store_true", help="each answer is another text")
    given = parser.parse_args()
    subjects = [
        Subject("Envoy alone, ungoverned", True, ""),
        Subject("the gateway", False, "serve"),
        Subject("Envoy with ext-proc", True, "ext-proc"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "prose.txt"
        text.write_text(" ".join(prose(10**9, None).split()), "utf-8")
        source: list[str | Path] = [HERE / "source.py", str(given.events), str(given.pace), text]
        with running([*source, "novel"] if given.novel else source) as (_, upstream):
            for round_ in range(given.rounds):
                for subject in subjects:
                    print(f"round {round_ + 1}: {subject.name} …", file=sys.stderr)
                    measure(subject, upstream, given)
    print(f"{given.streams} streams, {given.streams * given.pace:,.0f} events a second offered, load {os.getloadavg()}")
    print(
        f"{'':26}{'events/s':>10}{'first text ms':>16}{'µs an event: Ordinance':>26}{'Envoy':>8}{'both':>8}{'ratio':>8}"
    )
    both = {each.name: [a + b for a, b in zip(each.ours, each.envoys, strict=True)] for each in subjects}
    gateway = statistics.median(both["the gateway"])
    for each in subjects:
        median = statistics.median
        print(
            f"{each.name:26}{median(each.events):10,.0f}{median(each.firsts):16.1f}{median(each.ours):26.1f}"
            f"{median(each.envoys):8.1f}{median(both[each.name]):8.1f}{median(both[each.name]) / gateway:8.2f}"
        )


if __name__ == "__main__":
    main()
