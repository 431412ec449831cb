"""Workers of another policy take the place of those that serve: no request is lost, and each answer is governed."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import random
import resource
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.checkout import RULES
from support.commands import PATIENCE as LONG
from support.commands import Served
from support.outside import Held, ready, until
from support.processes import templates_of, workers_of
from support.serving import ScriptedUpstream, Wire, say

pytestmark = pytest.mark.server

#: How often something is killed.
KILLS = int(os.environ.get("WORKER_KILLS", "4"))

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
HEAD = {"content-type": "application/json"}


class Packs:
    """A copy of Germany's law, with another digest each time that it is ``changed``."""

    def __init__(self, folder: Path) -> None:
        self._from = RULES / "jurisdictions" / "DE"
        self.folder = folder / "DE"
        self.folder.mkdir()
        for each in self._from.rglob("*"):
            if each.is_file():
                path = self.folder / each.relative_to(self._from)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(each.read_bytes())
        self._file = self.folder / "DE.ord"
        self._text = self._file.read_text("utf-8")
        self._changes = 0

    def change(self) -> None:
        self._changes += 1
        self._file.write_text(f"# Change {self._changes}.\n{self._text}", "utf-8")

    def spoil(self) -> None:
        self._file.write_text("jurisdiction DE nonsense {", "utf-8")


class KeptOpen:
    """Clients that each ask one question after the other on one connection that they keep."""

    def __init__(self, served: Served, clients: int = 4, may_break: bool = False) -> None:
        self.answered, self.failed, self.connected = 0, list[str](), 0
        self.policies: list[str] = []
        self.requests: list[str] = []
        self._port, self._may_break, self._stop = served.port, may_break, threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for each in self._threads:
            each.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LONG)
            self.connected += 1
            try:
                while not self._stop.wait(0.005):
                    connection.request("POST", "/v1/chat/completions", BODY, HEAD)
                    answer = connection.getresponse()
                    said = answer.read()
                    if answer.status != 200 or b"Hello." not in said or b'"ordinance"' not in said:
                        self.failed.append(f"{answer.status}: {said[:200]!r}")
                        return
                    self.answered += 1
                    self.requests.append(str(answer.headers["x-request-id"]))
                    self.policies.append(str(answer.headers["x-ordinance-policy"]))
            except (OSError, http.client.HTTPException) as error:
                if not self._may_break:
                    self.failed.append(repr(error))
                    return
            finally:
                connection.close()

    def more(self, count: int) -> None:
        goal = self.answered + count
        until(lambda: self.answered >= goal or bool(self.failed))

    def stop(self) -> None:
        self._stop.set()
        for each in self._threads:
            each.join(LONG)


async def slowly(wire: Wire) -> None:
    await asyncio.sleep(0.02)
    await say("Hello.")(wire)


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return Packs(tmp_path)


def start(upstream: ScriptedUpstream, packs: Packs, **variables: str) -> Served:
    words = ("--jurisdiction", "DE", "--pack", packs.folder, "--workers", "2")
    log = packs.folder.with_name("audit.jsonl")  # what nobody reads, standard error would not take
    return Served("--upstream", upstream.url, *words, ORDINANCE_AUDIT__PATH=str(log), **variables)


def test_a_kept_connection_goes_on_under_the_next_policy(upstream: ScriptedUpstream, packs: Packs) -> None:
    upstream.script = slowly
    served = start(upstream, packs)
    clients = KeptOpen(served)
    try:
        clients.more(20)
        for _ in range(2):
            before, workers = clients.policies[-1], workers_of(served.process.pid)
            packs.change()
            served.signal(signal.SIGHUP)
            until(lambda before=before: bool(clients.failed) or before not in clients.policies[-8:])  # type: ignore[misc]
            until(lambda workers=workers: not workers & workers_of(served.process.pid))  # type: ignore[misc]
            assert len(workers_of(served.process.pid)) == 2
            until(lambda: len(templates_of(served.process.pid)) == 1)
            clients.more(20)
    finally:
        clients.stop()
        _, errors = served.stop()
    assert clients.failed == []
    assert clients.connected == 4, "no connection was closed"
    assert len(set(clients.policies)) == 3
    assert errors.count("policy replaced: ") == 2
    assert "Traceback" not in errors


def test_an_answer_ends_under_the_policy_with_which_it_began(upstream: ScriptedUpstream, packs: Packs) -> None:
    served = start(upstream, packs)
    held = Held(upstream, served)
    try:
        before, workers = ready(served)[1]["policy"], workers_of(served.process.pid)
        packs.change()
        served.signal(signal.SIGHUP)
        until(lambda: all(ready(served)[1]["policy"] != before for _ in range(8)))
        assert len(workers & workers_of(served.process.pid)) == 1, "the one that answers is still there"
        text = held.end()
        assert "Done." in text
        assert before.rpartition("+")[2] in text
        until(lambda: not workers & workers_of(served.process.pid))
    finally:
        held.end()
        _, errors = served.stop()
    assert "Traceback" not in errors


def test_a_policy_that_does_not_load_replaces_nobody(upstream: ScriptedUpstream, packs: Packs) -> None:
    upstream.script = say("Hello.")
    served = start(upstream, packs)
    try:
        before, workers = ready(served)[1]["policy"], workers_of(served.process.pid)
        packs.spoil()
        served.signal(signal.SIGHUP)
        until(lambda: all(ready(served)[1]["stale"] == "policy" for _ in range(8)))
        assert workers_of(served.process.pid) == workers
        victim = min(workers)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(workers_of(served.process.pid) - workers) == 1)
        until(
            lambda: all((ready(served)[1]["policy"], ready(served)[1]["stale"]) == (before, "policy") for _ in "four")
        )
        packs.change()
        served.signal(signal.SIGHUP)
        until(lambda: all(ready(served)[1]["stale"] is None for _ in range(8)))
    finally:
        _, errors = served.stop()
    assert errors.count("the policy was not replaced; the last good one (") == 1
    assert "Traceback" not in errors


def test_without_the_process_that_has_loaded_the_policy_workers_serve_and_it_is_loaded_again(
    upstream: ScriptedUpstream, packs: Packs
) -> None:
    upstream.script = say("Hello.")
    served = start(upstream, packs)
    try:
        (template,), workers = templates_of(served.process.pid), workers_of(served.process.pid)
        os.kill(template, signal.SIGKILL)
        until(lambda: templates_of(served.process.pid) not in ([], [template]))
        assert ready(served)[0] == 200
        for each in workers:
            os.kill(each, signal.SIGKILL)
        until(lambda: len(workers_of(served.process.pid)) == 2)
        assert ready(served)[0] == 200
    finally:
        _, errors = served.stop()
    assert "the process that has loaded the policy ended: killed by SIGKILL; the policy is loaded again" in errors
    assert "the policy has been loaded again (" in errors
    assert "Traceback" not in errors


def test_a_worker_that_starts_while_memory_is_short_ends_with_a_line_and_another_is_started(
    upstream: ScriptedUpstream, packs: Packs
) -> None:
    upstream.script = say("Hello.")
    served = start(upstream, packs)
    try:
        (template,), workers = templates_of(served.process.pid), workers_of(served.process.pid)
        unlimited = resource.prlimit(template, resource.RLIMIT_AS)
        size = int(Path(f"/proc/{template}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(template, resource.RLIMIT_AS, (size, unlimited[1]))
        os.kill(min(workers), signal.SIGKILL)
        until(lambda: bool(workers_of(served.process.pid) - workers))
        until(lambda: not workers_of(served.process.pid) - workers)
        assert ready(served)[0] == 200, "the other worker serves"
        resource.prlimit(template, resource.RLIMIT_AS, unlimited)
        until(lambda: len(workers_of(served.process.pid) - workers) == 1)
        until(lambda: all(ready(served)[0] == 200 for _ in range(8)))
    finally:
        _, errors = served.stop()
    assert "failed: there is too little memory, or no further thread is allowed" in errors
    assert "Traceback" not in errors


@pytest.mark.slow
def test_whatever_is_killed_under_load_each_answer_is_governed_and_recorded(
    upstream: ScriptedUpstream, packs: Packs, tmp_path: Path
) -> None:
    """`make kills` does it more often."""
    upstream.script = slowly
    log, chosen = tmp_path / "audit.jsonl", random.Random(7)
    served = start(upstream, packs, ORDINANCE_AUDIT__ACKNOWLEDGE="written")
    clients = KeptOpen(served, may_break=True)
    try:
        for _ in range(KILLS):
            clients.more(5)
            if chosen.random() < 0.5:
                packs.change()
                served.signal(signal.SIGHUP)
            time.sleep(chosen.random() * 3)
            running = [*templates_of(served.process.pid), *workers_of(served.process.pid)]
            if running:
                with suppress(ProcessLookupError):
                    os.kill(chosen.choice(running), signal.SIGKILL)
        clients.more(5)
        until(lambda: len(workers_of(served.process.pid)) >= 2)
    finally:
        clients.stop()
        _, errors = served.stop()
    assert clients.failed == [], "each answer that came whole was governed"
    recorded = {json.loads(line)["request"] for line in log.read_text("utf-8").splitlines() if line.endswith("}")}
    assert set(clients.requests) <= recorded, "nothing acknowledged is lost"
    assert "Traceback" not in errors
