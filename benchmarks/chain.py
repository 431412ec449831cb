"""What the chain and its checkpoints add to a governed answer, in processor time of the whole process, in one run: the
same answers, in turn, recorded without a chain and with it. Then what it takes to verify records: time and memory.

    .venv/test/bin/python benchmarks/chain.py [--answers N] [--rounds N] [--verify N ...] [--folder FOLDER]
        [--store URL]

With the address of a database that has the table, the same answers are recorded there too, with a chain.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from door import events
from pydantic import SecretStr

from ordinance.loading.load import load
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.said import Top
from ordinance.runtime.opening import open_session
from ordinance.runtime.situation import situate
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.record.chained_file import chained_file
from ordinance.serve.record.logfile import LogFile
from ordinance.settings.reporting import AuditSettings
from record import RECORD

_ASKED = b'{"model":"m","messages":[{"role":"user","content":"Tell me about the river."}],"stream":true}'
_OVER = b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def answering(length: int) -> Callable[[AuditLog], None]:
    """A governed answer of so many events, without HTTP: opened, screened, governed, recorded."""
    plan = load().plan
    _, sent = events(length)

    def answer(log: AuditLog) -> None:
        request = CHAT.read_request(_ASKED)
        session = open_session(plan, situate(plan, jurisdiction="DE", turn=1), "de", None)
        sent_on(CHAT, request, session, system_is_ours=False)
        stream = GovernedStream(CHAT, request, session, Top("x", 1, "m"))
        for event in (*sent, _OVER):
            stream.take(event)
        stream.end()
        log.write({**{key: RECORD[key] for key in ("request", "key", "api", "model", "stream", "status", "seconds")},
                   **session.record()})  # fmt: skip

    return answer


def measured(answer: Callable[[AuditLog], None], log: AuditLog, answers: int) -> float:
    """Microseconds of processor time for an answer and its record, until all are in the file."""
    began = time.process_time()
    for _ in range(answers):
        answer(log)
    while log._scribe._held:
        time.sleep(0.01)
    return (time.process_time() - began) / answers * 1e6


def compare(folder: Path, answers: int, rounds: int, length: int, store: str | None) -> None:
    answer = answering(length)
    logs = {
        "without a chain": AuditLog(AuditSettings(path=folder / "plain")),
        "with a chain": AuditLog(AuditSettings(path=folder / "chained", key_file=folder / "key.pem")),
    }
    if store is not None:
        logs["in a table"] = AuditLog(AuditSettings(store=SecretStr(store), key_file=folder / "key.pem"))
    found: dict[str, list[float]] = {name: [] for name in logs}
    for log in logs.values():  # what the first answers build does not count
        measured(answer, log, answers)
    for _ in range(rounds):
        for name, log in logs.items():
            found[name].append(measured(answer, log, answers))
    for log in logs.values():
        log.close()
    for name, times in found.items():
        print(f"{name:18}{statistics.median(times):9.1f} µs an answer of {length} events (median of {rounds})")
    first, *others = found
    for name in others:
        ratio = statistics.median(after / before for before, after in zip(found[first], found[name], strict=True))
        least = min(found[name]) / min(found[first])
        print(f"{'ratio ' + name:18}{ratio:9.3f} (median of the rounds), {least:.3f} (least of each)")


def verify(folder: Path, records: int) -> None:
    path = folder / f"log-{records}"
    file = chained_file(LogFile(path), path, folder / "key.pem", AuditSettings(path=path))
    line = msgspec.json.encode({"v": 1, "time": "2026-11-27T10:00:00.000+00:00", "event": "end", "mono": 1, **RECORD})
    began = time.process_time()
    for at in range(0, records, 500):
        file.append([line + b"\n"] * min(500, records - at))
        file.settle()
    file.close()
    written = (time.process_time() - began) / records * 1e6
    words = ["-m", "ordinance.cli.main", "audit", "verify", str(path), "--signed-by", str(folder / "key.pem")]
    with tempfile.TemporaryFile() as output:
        running = subprocess.Popen([sys.executable, *words], stdout=output)  # noqa: S603 - our own command
        _, status, usage = os.wait4(running.pid, 0)
        output.seek(0)
        said = output.read().decode().splitlines()[-1]
    spent = usage.ru_utime + usage.ru_stime
    print(
        f"{records:>9} records, {path.stat().st_size >> 20:>4} MiB, written in {written:4.1f} µs each; verified in "
        f"{spent:6.1f} s of processor time, {usage.ru_maxrss >> 10} MiB at most: {said} (exit {status})"
    )
    path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=100, help="answers in a round")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--length", type=int, default=40, help="events of an answer")
    parser.add_argument("--verify", type=int, nargs="*", default=[1000, 100_000, 1_000_000], help="records")
    parser.add_argument("--folder", type=Path, help="where the files lie (default: a temporary one)")
    parser.add_argument("--store", help="postgresql://…, a database with the table")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        key = Ed25519PrivateKey.generate()
        (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        if given.rounds:
            compare(folder, given.answers, given.rounds, given.length, given.store)
        for records in given.verify:
            verify(folder, records)


if __name__ == "__main__":
    main()
