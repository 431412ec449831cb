"""Ordinance in an ingress of a real Ray Serve: governed, what goes round it is found, and a lost replica costs no more
than the streams that it had."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from support.commands import run_here
from support.outside import until
from support.ports import free_port
from support.ray_jobs import Job, running

pytestmark = pytest.mark.server

CANARY = "ordinance-canary-86a-5d21e8"
ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
#: The streams that run while a replica is killed.
STREAMS = 8


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Job, str]]:
    config, port = tmp_path_factory.mktemp("ray") / "ordinance.yaml", free_port()
    config.write_text("jurisdiction: DE\nlocale: de-DE\naudit: /dev/null\nconversation: {store: none}\n", "utf-8")
    variables = {"ORDINANCE_CONFIG": str(config), "VLLM_NO_USAGE_STATS": "1"}
    with running("serve_apps.py", port, 2, **variables) as job:
        assert job.said() == "up"
        yield job, f"http://127.0.0.1:{port}"


def ask(address: str, **more: Any) -> httpx2.Response:
    return httpx2.post(f"{address}/v1/chat/completions", json={**ASK, **more}, timeout=60, trust_env=False)


def examine(address: str) -> dict[str, Any]:
    done = run_here("doctor", address, "--model", "m", "--format", "json")
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_answers_are_governed_and_what_goes_round_is_found(job: tuple[Job, str]) -> None:
    program, address = job
    whole, stream = ask(address), ask(address, stream=True)
    assert whole.json()["ordinance"]["verdict"] == "withhold"
    assert CANARY not in whole.text + stream.text
    assert stream.text.rstrip().endswith("[DONE]")
    assert CANARY in ask(f"{address}/raw").text, "the application beside it is not governed"
    opened = [each for each in examine(address)["findings"] if each["state"] == "open"]
    assert {each["check"] for each in opened} == {"other applications"}
    assert {each["part"] for each in opened} >= {"POST /raw/v1/chat/completions"}

    assert program.process.stdin is not None
    program.process.stdin.write("\n")
    program.process.stdin.flush()
    assert program.said() == "alone"
    report = examine(address)
    assert [each for each in report["findings"] if each["state"] == "open"] == []
    assert report["well"] > 100


def test_a_killed_replica_takes_its_streams_with_it_and_nothing_leaks(job: tuple[Job, str]) -> None:
    program, address = job
    texts: dict[int, str] = {}

    def read(number: int) -> None:
        texts[number] = ""
        try:
            with httpx2.stream(
                "POST", f"{address}/v1/chat/completions", json={**ASK, "stream": True, "max_tokens": 100},
                timeout=60, trust_env=False,
            ) as answer:  # fmt: skip
                for piece in answer.iter_text():
                    texts[number] += piece
        except httpx2.HTTPError:
            pass

    clients = [threading.Thread(target=read, args=(number,)) for number in range(STREAMS)]
    for client in clients:
        client.start()
    until(lambda: len(texts) == STREAMS and all("Wort 2" in text for text in texts.values()))
    program.kill_one("ray::ServeReplica:llm:Governed")
    for client in clients:
        client.join(120)
    whole = [text for text in texts.values() if text.rstrip().endswith("[DONE]")]
    assert 0 < len(whole) < STREAMS, "some were on the other replica"
    assert CANARY not in "".join(texts.values())
    for text in texts.values():
        assert ("withhold" in text) == (text in whole), "an answer that broke off has no verdict of a whole one"
    until(lambda: ask(address).status_code == 200)
    assert len({ask(address).status_code for _ in range(20)}) == 1
    until(lambda: len(program.processes("ray::ServeReplica:llm:Governed")) == 2)
