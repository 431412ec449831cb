"""What one gateway process takes for a token and for a stream: the figures that docs/scaling.md computes with.

    .venv/test/bin/python benchmarks/gateway/scale.py [--few N] [--many N] [--seconds N] [--rounds N]

A made-up model server says at a steady pace what nobody met before, four characters an event. Few streams at the pace
of a reader give the processor time of an event and its bytes on either side; few beside many slow ones, in fresh
processes, the memory of a stream. The relay, which copies bytes, is the limit. Subjects take turns; a first run in each
process, which is not measured, lets it meet its rules.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from load import BODY
from policies import SENTENCE, SPAN
from prose import prose
from watching import held, running, spent

HERE = Path(__file__).resolve().parent
#: Events a second on a stream: a fast reader's, and of the streams whose memory is measured.
READ, SLOW = 20.0, 2.0
#: Events of an answer.
EVENTS = 200


@dataclass
class Subject:
    name: str
    words: list[str | Path]
    microseconds: list[float] = field(default_factory=list)
    few: list[int] = field(default_factory=list)
    many: list[int] = field(default_factory=list)
    bytes_out: float = 0.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--few", type=int, default=40, help="streams at the pace of a reader")
    parser.add_argument("--many", type=int, default=400, help="slow streams at once")
    parser.add_argument("--seconds", type=float, default=24, help="that each measurement lasts")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def loaded(port: int, streams: int, seconds: float) -> list[str]:
    return [sys.executable, str(HERE / "load.py"), f"http://127.0.0.1:{port}", str(streams), str(seconds)]


def read_once(port: int) -> float:
    """Bytes of the body of one answer, for each of its events."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/v1/chat/completions", BODY, {"content-type": "application/json"})
    body = connection.getresponse().read()
    connection.close()
    return len(body) / EVENTS


def time_of_an_event(subject: Subject, upstream: int, streams: int, seconds: float) -> None:
    with started(subject, upstream) as (pid, port):
        subprocess.run(loaded(port, streams, seconds / 2), check=True, capture_output=True)  # noqa: S603 - ourselves
        before, began = spent(pid), time.perf_counter()
        subprocess.run(loaded(port, streams, seconds), check=True, capture_output=True)  # noqa: S603 - ourselves
        used, took = spent(pid) - before, time.perf_counter() - began
        # The server sets the pace, which no subject misses by much: this is far below what one can carry.
        subject.microseconds.append(used / (streams * READ * min(took, seconds)) * 1e6)
        subject.bytes_out = read_once(port)


def memory_of(subject: Subject, upstream: int, streams: int, seconds: float) -> int:
    """The most that the process holds while so many streams run, in KiB."""
    with started(subject, upstream) as (pid, port):
        subprocess.run(loaded(port, 10, seconds / 2), check=True, capture_output=True)  # noqa: S603 - ourselves
        with subprocess.Popen(loaded(port, streams, seconds), stdout=subprocess.DEVNULL) as load:  # noqa: S603
            most, over = 0, threading.Event()
            while load.poll() is None:
                most = max(most, held(pid))
                over.wait(0.5)
    return most


def started(subject: Subject, upstream: int):  # type: ignore[no-untyped-def]
    words = [str(word).replace("UPSTREAM", f"http://127.0.0.1:{upstream}") for word in subject.words]
    return running(list(words), "listening" if "serve" in words else "")


def main() -> None:
    given = arguments()
    serve: list[str | Path] = ["-m", "ordinance.cli.main", "serve", "--port", "0", "--upstream", "UPSTREAM"]
    subjects = [
        Subject("relay (the limit)", [HERE / "relay.py", "UPSTREAM"]),
        Subject("gateway, scope span", [*serve, *SPAN]),
        Subject("gateway, scope sentence", [*serve, *SENTENCE]),
    ]
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "prose.txt"
        text.write_text(" ".join(prose(10**9).split()), "utf-8")
        fast = [HERE / "source.py", str(EVENTS), str(READ), text, "novel"]
        slow = [HERE / "source.py", str(EVENTS), str(SLOW), text, "novel"]
        with running(fast) as (_, quick), running(slow) as (_, slowly):
            given_in = read_once(quick)
            for number in range(given.rounds):
                for subject in subjects:
                    print(f"round {number + 1}: {subject.name} …", file=sys.stderr)
                    time_of_an_event(subject, quick, given.few, given.seconds)
                    subject.few.append(memory_of(subject, slowly, 10, given.seconds))
                    subject.many.append(memory_of(subject, slowly, given.many, given.seconds))
    print(f"{given.few} streams of {READ:.0f} events a second; {given.many} beside 10 of {SLOW:.0f}; "
          f"{given_in:.0f} bytes of an event come in")  # fmt: skip
    print(f"{'':26}{'µs an event':>12}{'ratio':>7}{'KiB a stream':>14}{'MiB with 10':>13}{'bytes out an event':>20}")
    limit = statistics.median(subjects[0].microseconds)
    for subject in subjects:
        cost, few, many = (statistics.median(each) for each in (subject.microseconds, subject.few, subject.many))
        print(f"{subject.name:26}{cost:12.1f}{cost / limit:7.2f}{(many - few) / (given.many - 10):14.1f}"
              f"{few / 1024:13.0f}{subject.bytes_out:20.0f}")  # fmt: skip


if __name__ == "__main__":
    main()
