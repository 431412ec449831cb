"""`ordinance ext-proc` as an operator runs it: it announces itself, is asked whether it is ready, takes new keys, and
leaves when it is told to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx2
from grpc_health.v1 import health_pb2 as health
from grpc_health.v1 import health_pb2_grpc as asking

from ordinance.serve.metrics.families import BY_NAME
from support.commands import command, environment, run
from support.envoys import Envoy, OpenEnvoy, OpenExtProc
from support.ports import free_port
from support.scraping import metrics_address, read, scraped
from support.serving import DONE, PATIENCE, ScriptedUpstream, Wire, chunk, event, say
from support.waiting import until

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
#: A word of the shipped pack of § 86a, made up and harmless.
WORD = "ordinance-canary-86a-5d21e8"


class Process:
    """``ordinance ext-proc`` with these words, until it ends."""

    def __init__(self, *words: str | Path, **variables: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            command("ext-proc", "--listen", f"127.0.0.1:{self.port}", *words),
            env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.said = ""
        while "listening for Envoy on " not in self.said:
            line = self.process.stdout.readline().decode()
            if not line:
                raise AssertionError(self.process.communicate()[1].decode())
            self.said += line

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for its end: its code and its errors."""
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.decode()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def running(*words: str | Path, **variables: str) -> Iterator[Process]:
    process = Process(*words, **variables)
    try:
        yield process
    finally:
        process.kill()


def ask(envoy: Envoy, **headers: str) -> httpx2.Response:
    return httpx2.post(
        f"{envoy.address}/v1/chat/completions", json=ASK, timeout=PATIENCE * 2, trust_env=False, headers=headers
    )


def is_serving(port: int, service: str = "") -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = health.HealthCheckRequest(service=service)
        try:
            reply = asking.HealthStub(channel).Check(request, timeout=PATIENCE, wait_for_ready=True)
        except grpc.RpcError:
            return False
    return bool(reply.status == health.HealthCheckResponse.SERVING)


def test_a_word_of_the_law_over_three_deltas_on_a_live_stream(
    open_envoy: OpenEnvoy, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """As in the manual: two commands, and the shipped packs."""
    record = tmp_path / "audit.jsonl"
    with running("--jurisdiction", "DE", "--locale", "en", ORDINANCE_AUDIT=str(record)) as process:
        envoy = open_envoy(process.port)
        envoy.until_processor()
        text = f"Good morning. Here is {WORD}. Have a nice day."
        middle = text.index(WORD)
        upstream.script = say(text, [middle + 5, middle + 14])
        answer = httpx2.post(
            f"{envoy.address}/v1/chat/completions", json={**ASK, "stream": True}, timeout=PATIENCE, trust_env=False
        )
        assert "canary" not in answer.text
        assert "⟦…⟧" in answer.text
        assert "German Criminal Code" in answer.text
        until(lambda: record.exists() and len(record.read_text().splitlines()) == 1)
        line = json.loads(record.read_text())
        assert (line["verdict"], line["status"], line["stream"]) == ("withhold", 200, True)
        assert "canary" not in record.read_text()
        process.tell(signal.SIGTERM)
        assert process.end()[0] == 0


def test_health_checking(open_ext_proc: OpenExtProc) -> None:
    running = open_ext_proc()
    port = int(running.listens[0].rpartition(":")[2])
    assert is_serving(port)
    assert is_serving(port, "envoy.service.ext_proc.v3.ExternalProcessor")
    assert not is_serving(port, "somebody.else")
    running.made.draining = True
    assert not is_serving(port)
    assert is_serving(port, "liveness")


def test_it_drains_and_leaves_running_answers_their_time(open_envoy: OpenEnvoy, upstream: ScriptedUpstream) -> None:
    go_on = threading.Event()

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Good morning. Here we are, and it is")))
        await asyncio.to_thread(go_on.wait, 30)
        await wire.send(event(chunk(content=" late. Good night.")), event(chunk(finish="stop")), DONE)

    upstream.script = script
    with running("--jurisdiction", "DE", ORDINANCE_DRAIN_SECONDS="1.5", ORDINANCE_AUDIT="/dev/null") as process:
        envoy = open_envoy(process.port)
        envoy.until_processor()
        text: list[str] = []
        with httpx2.stream(
            "POST", f"{envoy.address}/v1/chat/completions", json={**ASK, "stream": True}, timeout=30, trust_env=False
        ) as reply:
            lines = reply.iter_lines()
            while "morning" not in "".join(text):
                text.append(next(lines))
            process.tell(signal.SIGTERM)
            until(lambda: not is_serving(process.port))
            upstream.script = say("Hello.")
            time.sleep(2)
            assert ask(envoy).status_code in (500, 503)  # a new one goes to another Ordinance, and here is none
            go_on.set()
            text += lines
        assert "Good night." in "".join(text)
        assert "[DONE]" in "".join(text)
        assert process.end()[0] == 0


def test_an_answer_past_the_grace_period_ends_with_a_word(open_envoy: OpenEnvoy, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Good morning. Look at the")))
        await wire.until_gone()

    upstream.script = script
    with running("--jurisdiction", "DE", ORDINANCE_GRACE_SECONDS="1", ORDINANCE_AUDIT="/dev/null") as process:
        envoy = open_envoy(process.port)
        envoy.until_processor()
        text = ""
        with httpx2.stream(
            "POST", f"{envoy.address}/v1/chat/completions", json={**ASK, "stream": True}, timeout=30, trust_env=False
        ) as reply:
            for line in reply.iter_lines():
                text += line
                if "morning" in line:
                    process.tell(signal.SIGTERM)
        assert '"stopping"' in text
        assert process.end()[0] == 0


def test_a_signal_takes_new_keys_and_leaves_what_is_in_force_where_they_are_wrong(
    open_envoy: OpenEnvoy, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    settings = tmp_path / "ordinance.yaml"

    def write(token: str) -> None:
        digest = hashlib.sha256(token.encode()).hexdigest()
        lines = ["jurisdiction: DE", "audit: /dev/null", "keys:", "  - name: one", f'    sha256: "{digest}"']
        settings.write_text("\n".join(lines) + "\n", "utf-8")

    write("old")
    upstream.script = say("Hello.")
    with running("--config", settings) as process:
        envoy = open_envoy(process.port)
        envoy.until_processor()
        assert ask(envoy, authorization="Bearer old").status_code == 200
        assert ask(envoy, authorization="Bearer new").status_code == 401
        write("new")
        process.tell(signal.SIGHUP)
        until(lambda: ask(envoy, authorization="Bearer new").status_code == 200, seconds=30)
        assert ask(envoy, authorization="Bearer old").status_code == 401
        settings.write_text("keys: [", "utf-8")
        process.tell(signal.SIGHUP)

        def state() -> dict[str, Any]:
            headers = {"authorization": "Bearer new"}
            reply = httpx2.get(f"{envoy.address}/ready", headers=headers, timeout=PATIENCE, trust_env=False)
            return dict(reply.json())

        until(lambda: state()["stale"] is not None, seconds=30)
        assert state()["ready"] is True
        assert ask(envoy, authorization="Bearer new").status_code == 200, "what was in force stays"
        process.tell(signal.SIGTERM)
        code, errors = process.end()
    assert code == 0
    assert "keys: changed 'one'" in errors


def test_what_is_wrong_at_the_start_is_told_in_a_line(tmp_path: Path) -> None:
    port = free_port()
    with running("--jurisdiction", "DE", ORDINANCE_AUDIT="/dev/null") as process:
        taken = run("ext-proc", "--listen", f"127.0.0.1:{process.port}", "--jurisdiction", "DE")
    several = run("ext-proc", "--listen", f"127.0.0.1:{port}", ORDINANCE_WORKERS="2")
    adapters = run("ext-proc", ORDINANCE_ADAPTERS='{"et": {"lora": "et-instruct"}}')
    header = run("ext-proc", ORDINANCE_EXT_PROC__HEADERS='["X-Session"]')
    for done, sign in (
        (taken, "cannot be listened on"),
        (several, "serves in one process"),
        (adapters, "upstream.url"),
        (header, "lower case"),
    ):
        assert done.returncode in (1, 2)
        assert sign in done.stderr
        assert "Traceback" not in done.stderr


def test_metrics_and_the_state(open_envoy: OpenEnvoy, upstream: ScriptedUpstream) -> None:
    go_on = threading.Event()

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Good morning. Here we are. ")))
        await asyncio.to_thread(go_on.wait, 30)
        await wire.send(event(chunk(finish="stop")), DONE)

    with running(
        "--jurisdiction", "DE", "--upstream", upstream.url, ORDINANCE_METRICS__PORT="0", ORDINANCE_AUDIT="/dev/null"
    ) as process:
        address = metrics_address(process)
        envoy = open_envoy(process.port)
        envoy.until_processor()
        upstream.script = say("Hello.")
        assert ask(envoy).status_code == 200
        state = httpx2.get(f"{envoy.address}/ready", trust_env=False).json()
        assert (state["ready"], state["upstream"], state["draining"]) == (True, "reachable", False)
        upstream.script = script
        url = f"{envoy.address}/v1/chat/completions"
        with httpx2.stream("POST", url, json={**ASK, "stream": True}, timeout=30, trust_env=False) as reply:
            lines = reply.iter_lines()
            next(lines)
            assert read(scraped(address))["ordinance_streams"] == 1, "what pods scale by"
            go_on.set()
            assert "[DONE]" in "".join(lines)
        until(lambda: read(scraped(address))["ordinance_streams"] == 0)
        found = read(scraped(address))
        process.tell(signal.SIGTERM)
        assert process.end()[0] == 0
    answers = {name: value for name, value in found.items() if name.startswith("ordinance_answers_total{")}
    assert sum(answers.values()) == 2
    assert all('jurisdiction="DE"' in name and 'api="chat/completions"' in name for name in answers)
    shown = {re.sub(r"_(bucket|sum|count)$", "", name.partition("{")[0]) for name in found}
    without = {
        "ordinance_sink_lost_total", "ordinance_conversations_failing", "ordinance_spans_lost_total",
        "ordinance_asked_again_total",
    }  # fmt: skip
    # A plugin, a judge, a shadow, a server by name, a store or a collector that is not there has no numbers. Nothing is
    # asked for again behind an Envoy.
    absent = re.compile("plugin|judge|shadow|upstream_(?!seconds)")
    assert {name for name in BY_NAME if not absent.search(name)} - without <= shown


def test_a_client_that_goes_stops_the_model_and_is_recorded(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Good morning. ")))
        await wire.until_gone()

    upstream.script = script
    port, record = free_port(), tmp_path / "audit.jsonl"
    open_ext_proc(port, audit=str(record))
    envoy = open_envoy(port)
    envoy.until_processor()
    with httpx2.stream(
        "POST", f"{envoy.address}/v1/chat/completions", json={**ASK, "stream": True}, timeout=30, trust_env=False
    ) as reply:
        next(reply.iter_lines())
    assert upstream.asked[0].gone.wait(PATIENCE)
    until(lambda: record.exists() and bool(record.read_text()))
    assert json.loads(record.read_text())["status"] == 499
