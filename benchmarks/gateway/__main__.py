"""The gateway against a proxy of the same stack that only copies bytes: events a second, first text, processor time.

    .venv/test/bin/python benchmarks/gateway [--streams N] [--pace EVENTS_PER_SECOND] [--workers N] [--text FILE]

A made-up model server speaks at a steady pace to every stream: the same answer each time, or, where a row says novel,
an answer that nobody met before. The relay once lacked TCP_NODELAY, which the gateway sets; both are measured. Where
the offered pace is more than a subject can carry, it is saturated, and events a second are its limit; below that,
processor time for an event is what to compare. Subjects take turns, several rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from policies import SENTENCE, SPAN
from prose import prose
from watching import running, spent

HERE = Path(__file__).resolve().parent


@dataclass
class Subject:
    """Something that stands between clients and the model server."""

    name: str
    words: list[str | Path]
    events: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=256)
    parser.add_argument("--pace", type=float, default=60, help="events a second on each stream")
    parser.add_argument("--events", type=int, default=200, help="of one answer")
    parser.add_argument("--seconds", type=float, default=10, help="that each measurement lasts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="processes of the gateway")
    parser.add_argument("--text", type=Path, help="prose that the model says, UTF-8 (default: the manual)")
    return parser.parse_args()


def measure(subject: Subject, given: argparse.Namespace) -> None:
    """One measurement: the load runs against a fresh process of the subject."""
    with running(subject.words, "listening" if "serve" in subject.words else "") as (pid, port):
        load = [sys.executable, HERE / "load.py", f"http://127.0.0.1:{port}", str(given.streams), str(given.seconds)]
        warm = [*load[:-1], "1"]
        subprocess.run(warm, check=True, capture_output=True)  # noqa: S603 - ourselves
        before, start = spent(pid), time.perf_counter()
        done = subprocess.run(load, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
        took, used = time.perf_counter() - start, spent(pid) - before
    found = json.loads(done.stdout)
    events = found["answers_per_second"] * given.events
    subject.events.append(events)
    subject.firsts.append(found["first_text_ms"])
    subject.microseconds.append(used / took / events * 1e6)


def subjects_of(same: str, novel: str, workers: int) -> Iterator[Subject]:
    """The limit first, then the gateway, before a server that always says the ``same``, and one that says what is
    ``novel``; last the relay as it was."""
    serve: list[str | Path] = ["-m", "ordinance.cli.main", "serve", "--port", "0", "--workers", str(workers)]
    yield Subject("relay (the limit)", [HERE / "relay.py", same])
    yield Subject("relay, novel", [HERE / "relay.py", novel])
    for scope, policy in (("span", SPAN), ("sentence", SENTENCE)):
        for text, upstream in (("", same), (", novel", novel)):
            yield Subject(f"gateway, scope {scope}{text}", [*serve, "--upstream", upstream, *policy])
    yield Subject("relay without TCP_NODELAY", [HERE / "relay.py", same, "delay"])


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "prose.txt"
        text.write_text(" ".join(prose(10**9, given.text).split()), "utf-8")
        source: list[str | Path] = [HERE / "source.py", str(given.events), str(given.pace), text]
        with running(source) as (_, same), running([*source, "novel"]) as (_, novel):
            subjects = list(subjects_of(*(f"http://127.0.0.1:{port}" for port in (same, novel)), given.workers))
            for round_ in range(given.rounds):
                for subject in subjects:
                    print(f"round {round_ + 1}: {subject.name} …", file=sys.stderr)
                    measure(subject, given)
    offered = given.streams * given.pace
    print(f"{given.streams} streams, {offered:,.0f} events a second offered, {given.workers} gateway process(es)")
    print(f"{'':32}{'events/s':>10}{'ratio':>8}{'first text ms':>16}{'µs of processor an event':>28}{'ratio':>8}")
    limit = subjects[0]
    for subject in subjects:
        events, cost = statistics.median(subject.events), statistics.median(subject.microseconds)
        print(
            f"{subject.name:32}{events:10,.0f}{events / statistics.median(limit.events):8.2f}"
            f"{statistics.median(subject.firsts):16.1f}{cost:28.1f}{cost / statistics.median(limit.microseconds):8.2f}"
        )


if __name__ == "__main__":
    main()
