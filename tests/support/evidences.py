"""A month of a server's life: a record of several workers, a key that was replaced, records that were pruned, a bundle
that was rolled forward; and the evidence of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from ordinance.record.deletion import Chosen, delete
from ordinance.serve.record.chained_file import chained_file
from ordinance.serve.record.chained_log import ChainedLog
from ordinance.serve.record.logfile import LogFile
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.detached import Signer
from ordinance.trust.drafts import load_contents, read_draft
from support.bundles import NOW, ROOT, Office, write_keys
from support.checkout import ROOT as CHECKOUT
from support.commands import run_here

#: The month: evidence is made of it, and there are records before and after.
FIRST = (NOW - timedelta(days=45)).replace(hour=0, minute=0, second=0)
LAST = FIRST + timedelta(days=29)
VERIFIER = CHECKOUT / "plugins" / "ordinance-verify"


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Set the clock of what signs the record."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment

    with patch("ordinance.record.series.datetime", Clock), patch("ordinance.record.deletion.datetime", Clock):
        yield


@dataclass(frozen=True)
class Month:
    """Everything in one folder: ``audit.jsonl.1``, ``audit.jsonl``, bundles, keys."""

    folder: Path
    answers: int
    digests: tuple[str, str]

    def make(
        self,
        out: Path,
        *words: str,
        record: Sequence[str] = ("audit.jsonl.1", "audit.jsonl"),
        policy: Sequence[str] = ("policy-2.bundle", "policy-1.bundle"),
    ) -> subprocess.CompletedProcess[str]:
        """Make evidence of the month, from its ``record`` and under these bundles (``policy``)."""
        return run_here(
            "evidence", "--from", FIRST.date().isoformat(), "--to", LAST.date().isoformat(),
            "--record", *record, "--signed-by", "old.pub", "--signed-by", "new.pub",
            "--policy", *policy, "--root", "root.json", "--sign-with", "office.pem",
            *words, out, cwd=self.folder,
        )  # fmt: skip


def month(folder: Path, a_day: int = 1, days: range = range(-5, 35), *, prune: bool = True) -> Month:
    """Let a server run for 40 days, with ``a_day`` answers a day of each of two workers."""
    for name in ("old", "new", "office", "marks"):
        write_keys(folder, name)
    (folder / "root.json").write_bytes(ROOT)
    office = Office(folder)
    bundles = [office.bundle(issued=FIRST - timedelta(days=9))]
    office.change("a further phrase")
    bundles.append(office.bundle(bundles[0], issued=FIRST + timedelta(days=14)))
    digests = []
    for number, data in enumerate(bundles, 1):
        path = folder / f"policy-{number}.bundle"
        path.write_bytes(data)
        digests.append(load_contents(read_draft(path), path, on=NOW.date(), examples=False).plan.digest)
    answers = _record(folder, Random(1), a_day, digests, days)
    if prune:
        _prune(folder, FIRST + timedelta(days=days[-1], hours=20))
    return Month(folder, answers, (digests[0], digests[1]))


def _record(folder: Path, chance: Random, a_day: int, digests: list[str], days: range) -> int:
    path, answers = folder / "audit.jsonl", 0
    workers = [open_log(path, "old"), open_log(path, "old")]
    for number in days:
        day = FIRST + timedelta(days=number)
        if number == 12:  # the key is replaced: every process stops, and the file is moved
            for worker in workers:
                with at(day):
                    worker.close()
            path.rename(folder / "audit.jsonl.1")
            workers = [open_log(path, "new"), open_log(path, "new")]
        if number == 20:  # a worker is killed, another takes its place
            workers[0] = open_log(path, "new")
        for n in range(a_day * 2):
            moment = day + timedelta(hours=1 + n)
            with at(moment):
                _write(workers[n % 2], chance, moment, digests[number >= 15])
            answers += 0 <= number < 30
    with at(day + timedelta(hours=20)):
        for worker in workers:
            worker.close()
    return answers


def _prune(folder: Path, moment: datetime) -> None:
    with at(moment):
        delete(folder / "audit.jsonl.1", Chosen(FIRST + timedelta(days=3), None), Signer(folder / "old.pem"))
        delete(folder / "audit.jsonl", Chosen(None, "school"), Signer(folder / "new.pem"))


#: What a record says besides what it always says.
MORE: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {"stale": "bundle-expired"}, {"failed": ["XA/words"]}, {"mark": "no_key"}, {"lost": 2},
    {"judge_faults": ["late"], "judged": [], "not_judged": ["XA/words"]}, {"problem": "upstream_failed"},
)  # fmt: skip


def open_log(path: Path, key: str) -> ChainedLog:
    private = path.parent / f"{key}.pem"
    settings = AuditSettings(path=path, key_file=private, checkpoint_records=5, checkpoint_seconds=3600)
    return chained_file(LogFile(path), path, private, settings)


def _write(worker: ChainedLog, chance: Random, moment: datetime, digest: str) -> None:
    request = f"{chance.getrandbits(128):032x}"
    entry = {
        "v": 1,
        "time": moment.isoformat(timespec="milliseconds"),
        "mono": round((moment - FIRST).total_seconds() * 1000) + 10**9,
        "request": request,
    }
    key = chance.choice(("desk", "desk", "school", "library"))
    under = {"key": key, "api": "chat/completions", "digest": digest, "jurisdiction": "XA"}
    begin = {**entry, "event": "begin", **under}
    rules = chance.choice(((), ("XA/words",), ("XA/words", "XA/often")))
    end = {
        **entry, "event": "end", **under, "status": 200, "locale": chance.choice(("en", "fr")),
        "verdict": "withhold" if rules else "pass", "rules": list(rules),
        "effects": {rule: "withhold" if rule == "XA/words" else "say" for rule in rules},
        "laws": {rule: ["§ 1 Test Act"] for rule in rules}, "failed": [], "balanced": True,
        "plugins": ["ordinance-example 0.2.0"],
    }  # fmt: skip
    more = chance.choice(MORE)
    lines = [json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in (begin, {**end, **more})]
    if chance.random() < 0.05:
        lines.pop()
    done = 0
    while done < len(lines):
        done += worker.append(lines[done:])
    worker.settle()


#: Nothing but the standard library and `cryptography` can be imported.
ALONE = """
import sys
names = sys.stdlib_module_names | {"cryptography", "_cffi_backend", "cffi", "ordinance_verify"}
class Alone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in names:
            raise ImportError(f"{name} is not here")
sys.meta_path.insert(0, Alone())
sys.path.insert(0, sys.argv.pop(1))
from ordinance_verify.command import main
sys.exit(main())
"""


def verify(folder: Path, month: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the verifier as a third party does: in a process that has nothing of Ordinance."""
    keys = [month / f"{name}.pub" for name in ("office", "old", "new")]
    given = ["--key", keys[0], "--record-key", keys[1], "--record-key", keys[2], "--root", month / "root.json"]
    command = [sys.executable, "-I", "-c", ALONE, VERIFIER, folder, *given, *words]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
