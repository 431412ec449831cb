"""What a judge that answers at once costs: streams through the gateway, with it and without, in one run.

    .venv/test/bin/python benchmarks/served_judge.py [--streams N] [--tokens N] [--at-once N]

The model server, the gateway and the judge are processes of their own. The policy is the charter with one red line
judged; without a judge the same red line has its words alone. Printed are ratios: the time to the first text, events
per second, and the gateway's processor time; and how many calls an answer took.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, NamedTuple, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from prose import prose

from support.commands import Served
from support.judged_packs import values
from support.judges import installed
from support.scripted_judge import JudgeServer
from support.serving import LoopThread, ScriptedUpstream, say

#: Characters of a token, as English has them.
_TOKEN = 4


class Measured(NamedTuple):
    """First text of each stream in milliseconds, the seconds that all took, and the gateway's processor time."""

    first: list[float]
    seconds: float
    processor: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=60, help="streams of each kind (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=400, help="tokens of an answer (default: %(default)s)")
    parser.add_argument("--at-once", type=int, default=4, help="streams at the same time (default: %(default)s)")
    parser.add_argument("--serve", choices=("judge", "model"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        _serve(given.serve, given.tokens)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        _process("model", given.tokens) as (model, _),
        _process("judge", given.tokens) as (judge, asked),
    ):
        found: dict[bool, list[Measured]] = {True: [], False: []}
        for _ in range(3):
            for with_judge in (False, True):
                found[with_judge].append(
                    _run(Path(folder), model, judge, with_judge, given.streams // 3, given.at_once)
                )
        calls = asked() / given.streams
    print(_table(found, calls, given.tokens))


def _run(folder: Path, model: str, judge: str, with_judge: bool, streams: int, at_once: int) -> Measured:
    server = _Address(judge)
    plugin = folder / "ordinance-judge"
    settings = values(folder, plugin if plugin.is_dir() else installed(folder), server)  # type: ignore[arg-type]
    if not with_judge:
        settings["judges"] = []
    file = folder / "ordinance.json"
    file.write_text(json.dumps({**settings, "audit": str(folder / "log"), "conversation": {"store": "none"}}))
    gateway = Served("--upstream", model, "--config", file)
    try:
        _stream(gateway.port, "warm")
        before, begun = _processor(gateway.process.pid), time.perf_counter()
        with ThreadPoolExecutor(at_once) as threads:
            first = list(threads.map(lambda number: _stream(gateway.port, f"Question {number}?"), range(streams)))
        seconds = time.perf_counter() - begun
        processor = _processor(gateway.process.pid) - before
    finally:
        gateway.stop()
    return Measured(first, seconds, processor)


class _Address:
    """What the settings say of a judge in another process."""

    def __init__(self, url: str) -> None:
        self.url, self.model, self.seconds = url, "scripted", 5.0


def _stream(port: int, said: str) -> float:
    """Ask for a stream and read it to its end. Returns the milliseconds until text came."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": said}]})
    begun, first = time.perf_counter(), 0.0
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    reply = connection.getresponse()
    if reply.status != 200:
        raise SystemExit(f"status {reply.status}: {reply.read()!r}")
    for line in reply:
        if not first and b'"content":"' in line and b'"content":""' not in line:
            first = (time.perf_counter() - begun) * 1000
    connection.close()
    return first


def _processor(pid: int) -> float:
    """Seconds of processor of a process and of its children, the plugin's processes."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    ticks = 0
    for each in pids:
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


@contextmanager
def _process(kind: str, tokens: int) -> Iterator[tuple[str, Callable[[], int]]]:
    words = [sys.executable, __file__, "--serve", kind, "--tokens", str(tokens)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this program
        stdin, stdout = cast(IO[str], process.stdin), cast(IO[str], process.stdout)

        def asked() -> int:
            stdin.write("\n")
            stdin.flush()
            return int(stdout.readline())

        try:
            yield stdout.readline().strip(), asked
        finally:
            process.kill()


def _serve(kind: str, tokens: int) -> None:
    """Be the judge, or the model; a line on standard input asks how often it was asked."""
    if kind == "judge":
        judge = JudgeServer(seconds=5.0)
        print(judge.url, flush=True)
        for _ in sys.stdin:
            print(sum(_is_ordinary(text) for text in judge.seen), flush=True)
        return
    text = prose(tokens * _TOKEN)
    upstream = ScriptedUpstream(LoopThread())
    upstream.script = say(text, range(_TOKEN, len(text), _TOKEN))
    print(upstream.url, flush=True)
    threading.Event().wait()


def _is_ordinary(text: str) -> bool:
    return "Number " not in text and "Day " not in text


def _table(found: dict[bool, list[Measured]], calls: float, tokens: int) -> str:
    def first(judged: bool, share: float) -> float:
        each = sorted(one for run in found[judged] for one in run.first)
        return each[min(len(each) - 1, int(share * len(each)))]

    def rate(judged: bool) -> float:
        return statistics.median(len(run.first) * tokens / run.seconds for run in found[judged])

    def processor(judged: bool) -> float:
        return 1000 * statistics.median(run.processor / len(run.first) for run in found[judged])

    rows = [
        ("first text, median (ms)", first(False, 0.5), first(True, 0.5)),
        ("first text, 99 of 100 (ms)", first(False, 0.99), first(True, 0.99)),
        ("events of the model per second", rate(False), rate(True)),
        ("processor time of a stream (ms)", processor(False), processor(True)),
    ]
    head = ["| | without | with | ratio |", "|---|---|---|---|"]
    lines = [f"| {name} | {without:.0f} | {judged:.0f} | {judged / without:.2f} |" for name, without, judged in rows]
    return "\n".join([*head, *lines, "", f"{calls:.1f} calls an answer of {tokens} tokens"])


if __name__ == "__main__":
    main()
