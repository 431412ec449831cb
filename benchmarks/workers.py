"""What a further worker costs: memory at the start, after traffic and after reloads, and how long all are ready.

    .venv/test/bin/python benchmarks/workers.py [--requests N] [--reloads N] [--counts N ...] [--before CHECKOUT]

A made-up model server answers streamed requests with prose that nobody met before; each is on a connection of its own,
so that all workers get some. Each reload has another policy. `private` is memory that no other process has
(Private_Dirty), `share` counts what is shared by its part (Pss). The processes of a gateway are the one that was
started, the one that has loaded the policy, and two workers. ``--before`` measures the engine of another checkout too.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parent / "gateway"))

from prose import prose
from watching import running, started

HERE = Path(__file__).resolve().parent
AT_ONCE = 8
QUESTION = 600  # characters


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--reloads", type=int, default=3)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 4, 8], help="workers that are timed")
    parser.add_argument("--before", type=Path, help="another checkout")
    return parser.parse_args()


@contextmanager
def gateway(checkout: Path, pack: Path, upstream: int, workers: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A gateway that serves, and its port."""
    serve = ["serve", "--port", "0", "--jurisdiction", "DE", "--workers"]
    words = [*serve, str(workers), "--pack", str(pack), "--upstream", f"http://127.0.0.1:{upstream}"]
    environment = {"PYTHONPATH": str(checkout / "engine"), "ORDINANCE_CONVERSATION__STORE": "none"}
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "ordinance.cli.main", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = next(line for line in process.stdout or () if "listening on" in line)
        yield process, int(line.partition("listening on ")[2].partition(",")[0].rpartition(":")[2])
    finally:
        process.terminate()
        process.wait()


def memory(pid: int) -> tuple[float, float]:
    """Private memory of a process and its share, in MB."""
    values = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        values[name] = int(value) / 1000
    return values["Private_Dirty:"], values["Pss:"]


def show(process: subprocess.Popen[str], when: str) -> None:
    """Print the memory of a gateway of two workers: those that serve are the youngest two."""
    pids = sorted(pid for pid in started(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    workers, others = pids[-2:], [process.pid, *pids[:-2]]
    private, share = (statistics.mean(each) for each in zip(*map(memory, workers), strict=True))
    whole = sum(memory(pid)[1] for pid in (*workers, *others))
    print(f"{when:32}{private:12.1f}{share:12.1f}{whole:16.1f}{len(pids):8}", flush=True)


def ask(port: int, count: int, text: str) -> None:
    def one(number: int) -> None:
        at = random.Random(number).randrange(len(text) - QUESTION)  # noqa: S311 - the same questions each time
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text[at : at + QUESTION]}]}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status  # noqa: S101
        assert b"[DONE]" in answer.read()  # noqa: S101
        connection.close()

    with ThreadPoolExecutor(AT_ONCE) as clients:
        list(clients.map(one, range(count)))


def reload(process: subprocess.Popen[str], port: int, pack: Path, number: int) -> None:
    """Give the gateway another policy, and wait until nothing of the one before is left."""

    def policy() -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/ready")
        return str(json.loads(connection.getresponse().read())["policy"])

    before, file = policy(), pack / "DE.ord"
    file.write_text(f"# Change {number}.\n{file.read_text('utf-8')}", "utf-8")
    process.send_signal(signal.SIGHUP)
    while before in (policy() for _ in range(8)):
        time.sleep(0.2)
    time.sleep(3)


def measure(checkout: Path, upstream: int, text: str, given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "DE"
        shutil.copytree(checkout / "rules" / "jurisdictions" / "DE", pack)
        print(f"{checkout.name:32}{'private MB':>12}{'share MB':>12}{'all of it MB':>16}{'proc.':>8}")
        with gateway(checkout, pack, upstream, 2) as (process, port):
            show(process, "at the start")
            ask(port, given.requests, text)
            show(process, f"after {given.requests} requests")
            for number in range(given.reloads):
                reload(process, port, pack, number)
            show(process, f"after {given.reloads} reloads")
            ask(port, given.requests, text)
            show(process, f"and {given.requests} requests")
        for count in given.counts:
            begun = time.perf_counter()
            with gateway(checkout, pack, upstream, count):
                print(f"{count} workers serve after {time.perf_counter() - begun:.1f} s", flush=True)


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        text = " ".join(prose(10**9, None).split())
        file = Path(folder) / "prose.txt"
        file.write_text(text, "utf-8")
        with running([HERE / "gateway" / "source.py", "100", "400", file, "novel"]) as (_, upstream):
            for checkout in (given.before, HERE.parent):
                if checkout is not None:
                    measure(checkout.resolve(), upstream, text, given)


if __name__ == "__main__":
    main()
