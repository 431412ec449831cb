"""A real engine stops when nobody wants more of an answer: refused in the middle, or its client gone."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx2
import pytest

from support.tiny_model import RED
from support.vantage import Vantage
from support.vllm_server import KEY, VllmServer

PATIENCE = 20.0
#: More than the model can say while the test looks: an answer that is not stopped ends by its length.
MANY = 1900
HEADERS = {"authorization": f"Bearer {KEY}"}


def asked(said: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": said}]
    return {"model": "tiny", "messages": messages, "max_tokens": MANY, "ignore_eos": True, "stream": True, **more}


def ended_by(client: httpx2.Client, server: VllmServer, reason: str) -> float:
    """How many requests the engine has ended for this reason."""
    metrics = client.get(f"{server.address}/metrics").text
    found = re.findall(rf'vllm:request_success_total{{[^}}]*finished_reason="{reason}"[^}}]*}} ([0-9.e+]+)', metrics)
    return sum(map(float, found))


def running(client: httpx2.Client, server: VllmServer) -> float:
    metrics = client.get(f"{server.address}/metrics").text
    return sum(map(float, re.findall(r"vllm:num_requests_running{[^}]*} ([0-9.e+]+)", metrics)))


def until_idle(client: httpx2.Client, server: VllmServer) -> None:
    deadline = time.monotonic() + PATIENCE
    while running(client, server):
        assert time.monotonic() < deadline, "the engine goes on for nobody"
        time.sleep(0.1)


@pytest.mark.semantics(7)
def test_an_answer_that_a_red_line_ends_is_stopped_in_the_engine(
    server: VllmServer, client: httpx2.Client, governed: Vantage
) -> None:
    until_idle(client, server)
    by_length = ended_by(client, server, "length")
    answer = client.post(f"{governed.address}/v1/chat/completions", json=asked(RED), headers=HEADERS)
    assert '"finish_reason":"content_filter"' in answer.text
    until_idle(client, server)
    assert ended_by(client, server, "length") == by_length, "it was let run to its full length"


def test_an_answer_whose_client_has_gone_is_stopped_in_the_engine(
    server: VllmServer, client: httpx2.Client, governed: Vantage
) -> None:
    until_idle(client, server)
    by_length = ended_by(client, server, "length")
    with client.stream(
        "POST", f"{governed.address}/v1/chat/completions", json=asked("Hello."), headers=HEADERS
    ) as answer:
        next(answer.iter_bytes())
    until_idle(client, server)
    assert ended_by(client, server, "length") == by_length


def test_an_answer_that_nobody_ends_runs_to_its_length(
    server: VllmServer, ungoverned: Vantage, client: httpx2.Client
) -> None:
    """The check is checked."""
    until_idle(client, server)
    by_length = ended_by(client, server, "length")
    client.post(f"{ungoverned.address}/v1/chat/completions", json=asked(RED), headers=HEADERS)
    until_idle(client, server)
    assert ended_by(client, server, "length") == by_length + 1
